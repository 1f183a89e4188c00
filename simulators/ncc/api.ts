/**
 * NCC's API as the contract has it: roster pages, historical figures, real-time states. Refuses whatever is off the
 * grid, too wide, in the future or not signed in.
 */
import { type Answer, json } from '../shared/answer.ts';
import type { SimRequest } from '../shared/server.ts';
import type { Board } from './board.ts';
import { type FigureModel, type Figures, MAX_RANGE_MS, WINDOW_MS, windowsIn } from './figures.ts';
import type { NccOptions } from './options.ts';
import type { Queue, User } from './roster.ts';
import { type ServedFigures, type ServedStates, type Snapshot, WindowTable } from './served.ts';
import { LOGGED_OUT } from './states.ts';
import { type NccTokens, unauthorized } from './tokens.ts';

const MAX_PAGE_ROWS = 1000;

export interface NccParts {
  readonly options: NccOptions;
  readonly queues: Queue[];
  readonly users: User[];
  readonly board: Board;
  readonly figures: FigureModel;
  readonly tokens: NccTokens;
  readonly servedStates: ServedStates;
  readonly servedFigures: ServedFigures;
  /** The source's clock, which control calls can put wrong. */
  readonly nowMs: () => number;
  /** The machine's clock, in which the truth is kept. */
  readonly trueNowMs: () => number;
}

export class NccApi {
  /** How long the last and the slowest real-time answer took to make, in ms of work. */
  readonly realTimeWork = { lastMs: 0, slowestMs: 0 };
  readonly #parts: NccParts;
  readonly #agentPrefix: string[];
  readonly #stateJson = new Map<string, string>();

  constructor(parts: NccParts) {
    this.#parts = parts;
    this.#agentPrefix = parts.users.map(({ userId }) => `{"agent-id":${JSON.stringify(userId)},"agent-status":`);
  }

  handle(request: SimRequest): Answer {
    const route = this.#route(request.path);
    if (route === undefined) return json(404, { code: 404, message: `There is no ${request.path}.` });
    if (request.method !== 'GET')
      return json(405, { code: 405, message: `${request.path} takes GET only.` }, { allow: 'GET' });
    return route(request);
  }

  #route(path: string): ((request: SimRequest) => Answer) | undefined {
    const { tokens, options, queues, users } = this.#parts;
    switch (path) {
      case '/provider/token-with-authorities':
        return (request) => tokens.signIn(request);
      case '/provider/api/token-refresh':
        return (request) => tokens.refresh(request);
      case '/data/api/types/queue':
        return this.#signedIn((request) => page(request, queues, (total) => total));
      case '/data/api/types/user':
        return this.#signedIn((request) => page(request, users, String));
      case `${options.basePath}/historical`:
        return this.#signedIn((request) => this.#historical(request));
      case `${options.basePath}/realTime`:
        return this.#signedIn(() => this.#timed(() => this.#realTime()));
      default:
        return undefined;
    }
  }

  #signedIn(route: (request: SimRequest) => Answer): (request: SimRequest) => Answer {
    return (request) => (this.#parts.tokens.account(request) === undefined ? unauthorized() : route(request));
  }

  #historical({ query }: SimRequest): Answer {
    const { options, nowMs, trueNowMs, figures, queues, servedFigures } = this.#parts;
    const range = readRange(query, nowMs());
    if ('message' in range) return json(400, { code: 400, message: range.message });
    const { startMs, endMs } = range;
    const askedMs = nowMs();
    const served = new Map<number, WindowTable>();
    const unnamedWindow = endMs - startMs === WINDOW_MS;
    const rowsOf = (windowMs: number) => {
      const table = new WindowTable(queues.length);
      served.set(windowMs, table);
      const rows: string[] = [];
      for (let queue = 0; queue < queues.length; queue += 1) {
        const found = figures.asOf(queue, windowMs, askedMs);
        if (found.entered === 0 && found.handleTimeS === 0) continue;
        table.set(queue, found);
        rows.push(this.#figureRow(queue, found, unnamedWindow ? null : windowMs));
      }
      return rows.join(',');
    };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: enveloped(options.envelope, joined(windowsIn(startMs, endMs), rowsOf)),
      onServed: () => {
        for (const [windowMs, table] of served) servedFigures.commit(windowMs, table, trueNowMs());
      },
    };
  }

  #figureRow(queueIndex: number, { entered, abandoned, handleTimeS }: Figures, windowMs: number | null): string {
    const { options, queues } = this.#parts;
    const queue = queues[queueIndex];
    return JSON.stringify({
      [options.idField]: options.idField === '_id' ? queue?._id : queue?.queueId,
      'queue-name': queue?.name,
      ...(windowMs === null ? {} : { startTime: options.startTimeUnit === 's' ? windowMs / 1000 : windowMs }),
      sumHandleTime: options.handleTimeUnit === 's' ? handleTimeS : handleTimeS * 1000,
      enteredCount: entered,
      abandonedCount: abandoned,
    });
  }

  #timed(make: () => Answer): Answer {
    const beganMs = performance.now();
    const answer = make();
    const lastMs = Math.round((performance.now() - beganMs) * 10) / 10;
    this.realTimeWork.lastMs = lastMs;
    this.realTimeWork.slowestMs = Math.max(this.realTimeWork.slowestMs, lastMs);
    return answer;
  }

  #realTime(): Answer {
    const { options, board, nowMs, trueNowMs, servedStates } = this.#parts;
    board.refresh(nowMs());
    const { statusTime } = options;
    const sinceMs = statusTime === 'absent' ? null : Float64Array.from(board.sinceMs);
    const states: (string | null)[] = new Array(board.states.length);
    const rows: string[] = [];
    for (let agent = 0; agent < states.length; agent += 1) {
      const state = board.states[agent] ?? LOGGED_OUT;
      const left = (options.loggedOut === 'absent' && state === LOGGED_OUT) || board.isHidden(agent);
      states[agent] = left ? null : state;
      if (left) continue;
      let time = '';
      if (sinceMs !== null) {
        const at = sinceMs[agent] ?? 0;
        const whole = statusTime === 's' ? Math.floor(at / 1000) : Math.floor(at);
        sinceMs[agent] = statusTime === 's' ? whole * 1000 : whole;
        time = `,"agent-status-time":${whole}`;
      }
      rows.push(`${this.#agentPrefix[agent]}${this.#quoted(state)}${time}}`);
    }
    board.countAnswer();
    const snapshot: Snapshot = { states, sinceMs };
    return {
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: [...enveloped(options.envelope, [rows.join(',')])].join(''),
      onServed: () => servedStates.commit(snapshot, trueNowMs()),
    };
  }

  #quoted(state: string): string {
    const known = this.#stateJson.get(state);
    if (known !== undefined) return known;
    const quoted = JSON.stringify(state);
    if (this.#stateJson.size < 1000) this.#stateJson.set(state, quoted);
    return quoted;
  }
}

/** The rows of each window, parted by commas, made only when they are sent. */
function* joined(windows: Iterable<number>, rowsOf: (windowMs: number) => string): Generator<string> {
  let first = true;
  for (const windowMs of windows) {
    const rows = rowsOf(windowMs);
    if (rows === '') continue;
    yield first ? rows : `,${rows}`;
    first = false;
  }
}

function* enveloped(envelope: NccOptions['envelope'], rows: Iterable<string>): Generator<string> {
  yield envelope === 'bare' ? '[' : `{"${envelope}":[`;
  yield* rows;
  yield envelope === 'bare' ? ']' : ']}';
}

/** `start` and `end` in Unix seconds, or what is wrong with them. */
function readRange(query: URLSearchParams, nowMs: number): { startMs: number; endMs: number } | { message: string } {
  const [startMs, endMs] = ['start', 'end'].map((name) => {
    const text = query.get(name);
    return text !== null && /^\d{1,12}$/.test(text) ? Number(text) * 1000 : Number.NaN;
  });
  if (startMs === undefined || endMs === undefined || Number.isNaN(startMs) || Number.isNaN(endMs)) {
    return { message: 'start and end are needed, in whole Unix seconds.' };
  }
  if (startMs % WINDOW_MS !== 0 || endMs % WINDOW_MS !== 0)
    return { message: 'start and end have to be multiples of 900.' };
  if (endMs <= startMs) return { message: 'end has to be after start.' };
  if (endMs > nowMs) return { message: 'end lies in the future.' };
  if (endMs - startMs > MAX_RANGE_MS) return { message: 'At most 7 days can be asked at once.' };
  return { startMs, endMs };
}

function page<T>({ query }: SimRequest, all: T[], total: (count: number) => number | string): Answer {
  const start = Number(query.get('start') ?? '0');
  const rows = Number(query.get('rows') ?? '100');
  if (!Number.isInteger(start) || start < 0) return json(400, { code: 400, message: 'start has to be 0 or more.' });
  if (!Number.isInteger(rows) || rows < 1 || rows > MAX_PAGE_ROWS) {
    return json(400, { code: 400, message: `rows has to be 1 to ${MAX_PAGE_ROWS}.` });
  }
  const objects = all.slice(start, start + rows);
  return json(200, { count: objects.length, total: total(all.length), objects });
}
