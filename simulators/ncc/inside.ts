/**
 * What the NCC stand-in tells and takes besides the vendor's API: the truth, control calls and a page for people.
 */
import * as z from 'zod';
import { type Answer, json, ndjson } from '../shared/answer.ts';
import { homePage } from '../shared/page.ts';
import { parseJson, parseTimeMs } from '../shared/parse.ts';
import type { SimRequest, StandInServer } from '../shared/server.ts';
import { DAY_MS } from '../shared/zone.ts';
import type { NccApi, NccParts } from './api.ts';
import { WINDOW_MS, windowsIn } from './figures.ts';

const DEFAULT_RANGE_MS = 2 * 3_600_000;
const MAX_TRUTH_RANGE_MS = 45 * DAY_MS;

const NO_CONTACTS = { entered: 0, abandoned: 0, handleTimeS: 0 };

const clockSchema = z.strictObject({ offsetMs: z.int() });
const tokensSchema = z.strictObject({ revoke: z.literal(true) });
const agentsSchema = z.union([
  z.strictObject({
    agentId: z.string(),
    state: z.string().min(1).max(256),
    seconds: z.number().positive().optional(),
  }),
  z.strictObject({ agentId: z.string(), release: z.literal(true) }),
  z.strictObject({ agentId: z.string(), leaveOutAnswers: z.int().min(1) }),
  z.strictObject({ all: z.literal(true), leaveOutAnswers: z.int().min(1) }),
]);
const figuresSchema = z.strictObject({
  queueId: z.string(),
  start: z.union([z.string(), z.number()]),
  entered: z.int().min(0),
  abandoned: z.int().min(0),
  handleTimeS: z.int().min(0),
});

export type AgentControl = z.infer<typeof agentsSchema>;
export type FigureControl = z.infer<typeof figuresSchema>;

export class NccInside {
  readonly #parts: NccParts;
  readonly #api: NccApi;
  readonly #server: StandInServer;
  readonly #setOffset: (offsetMs: number) => void;
  readonly #startedMs: number;

  constructor(parts: NccParts, api: NccApi, server: StandInServer, setOffset: (offsetMs: number) => void) {
    this.#parts = parts;
    this.#api = api;
    this.#server = server;
    this.#setOffset = setOffset;
    this.#startedMs = parts.trueNowMs();
  }

  handle(request: SimRequest): Answer | undefined {
    const { method, path, query } = request;
    if (path.startsWith('/_control/')) return method === 'POST' ? this.#control(path, request.body) : undefined;
    if (method !== 'GET') return undefined;
    if (path === '/') return homePage('Nextiva NCC stand-in', this.summary());
    if (path === '/_truth/summary') return json(200, { standIn: 'NCC', ...this.summary() });
    if (path === '/_truth/roster') return ndjson(this.roster());
    if (path !== '/_truth/states' && path !== '/_truth/intervals') return undefined;
    const what = query.get('what') ?? (path === '/_truth/states' ? 'served' : 'all');
    const range = this.#range(query, what === 'served');
    if (typeof range === 'string') return json(400, { message: range });
    const [fromMs, toMs] = range;
    if (path === '/_truth/states') {
      return ndjson(what === 'model' ? this.modelStates(fromMs, toMs) : this.servedStates(fromMs, toMs));
    }
    return ndjson(what === 'served' ? this.servedIntervals(fromMs, toMs) : this.intervals(fromMs, toMs));
  }

  summary() {
    const { options, users, queues, tokens, servedStates, servedFigures, nowMs, trueNowMs } = this.#parts;
    return {
      startedMs: this.#startedMs,
      sourceClockOffsetMs: nowMs() - trueNowMs(),
      seed: options.seed,
      agents: users.length,
      queues: queues.length,
      requests: this.#server.requestCount,
      requestsForgotten: this.#server.requests.dropped,
      signIns: tokens.signIns,
      refusedSignIns: tokens.refusedSignIns,
      refreshes: tokens.refreshes,
      realTimeAnswers: servedStates.answers,
      realTimeLastWorkMs: this.#api.realTimeWork.lastMs,
      realTimeSlowestWorkMs: this.#api.realTimeWork.slowestMs,
      stateChangesServed: servedStates.changes.size + servedStates.changes.dropped,
      stateChangesForgotten: servedStates.changes.dropped,
      windowsServed: servedFigures.size,
      faults: this.#server.faults.list().length,
    };
  }

  *roster(): Generator<object> {
    const { users, queues } = this.#parts;
    for (const { userId, _id, username, name } of users) yield { kind: 'agent', agentId: userId, _id, username, name };
    for (const { queueId, _id, name } of queues) yield { kind: 'queue', queueId, _id, name };
  }

  /** The changes that complete answers showed, in the order of serving; the range is of the answers' times. */
  *servedStates(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<object> {
    const { users, servedStates } = this.#parts;
    for (const { agent, ...change } of servedStates.changes.values()) {
      if (change.answeredMs < fromMs || change.answeredMs >= toMs) continue;
      const user = users[agent];
      yield { kind: 'served', agentId: user?.userId, username: user?.username, ...change };
    }
  }

  /** Every span of the model that overlaps the range, agent by agent, whether served or not. */
  *modelStates(fromMs: number, toMs: number): Generator<object> {
    const { users, board } = this.#parts;
    for (const [agent, { userId, username }] of users.entries()) {
      for (const span of board.truth(agent, fromMs, toMs)) yield { kind: 'model', agentId: userId, username, ...span };
    }
  }

  /** Final, first and last served figures for each queue and window of the range that has ended. */
  *intervals(fromMs: number, toMs: number): Generator<object> {
    const { nowMs } = this.#parts;
    for (const startMs of windowsIn(fromMs, Math.min(toMs, nowMs() - WINDOW_MS + 1))) yield* this.#window(startMs);
  }

  /** The same for the windows that have been served. */
  *servedIntervals(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<object> {
    for (const startMs of this.#parts.servedFigures.starts()) {
      if (startMs >= fromMs && startMs < toMs) yield* this.#window(startMs);
    }
  }

  *#window(startMs: number): Generator<object> {
    const { queues, figures, servedFigures } = this.#parts;
    const window = servedFigures.get(startMs);
    for (const [index, { queueId, _id }] of queues.entries()) {
      const { final, first, revisedAtMs } = figures.window(index, startMs);
      const given = window?.table.get(index);
      const served = window === undefined ? null : { ...(given ?? NO_CONTACTS), leftOut: given === undefined };
      const servedAtMs = window?.servedAtMs ?? null;
      const times = window?.times ?? 0;
      yield { kind: 'interval', queueId, _id, startMs, final, first, revisedAtMs, served, servedAtMs, times };
    }
  }

  controlAgent(control: AgentControl): string | undefined {
    const { board, nowMs } = this.#parts;
    if ('all' in control) {
      board.hide('all', control.leaveOutAnswers);
      return undefined;
    }
    const agent = this.#parts.users.findIndex(({ userId }) => userId === control.agentId);
    if (agent < 0) return 'There is no agent with this id; /_truth/roster lists them.';
    if ('state' in control) {
      const toMs = control.seconds === undefined ? Number.POSITIVE_INFINITY : nowMs() + control.seconds * 1000;
      board.force(agent, control.state, nowMs(), toMs);
    } else if ('release' in control) board.release(agent, nowMs());
    else board.hide(agent, control.leaveOutAnswers);
    return undefined;
  }

  controlFigures({ queueId, start, ...figures }: FigureControl): string | undefined {
    const startMs = parseTimeMs(String(start));
    if (Number.isNaN(startMs) || startMs % WINDOW_MS !== 0) return 'start has to be the start of a 15-minute window.';
    const queue = this.#parts.queues.findIndex((candidate) => candidate.queueId === queueId);
    if (queue < 0) return 'There is no queue with this id; /_truth/roster lists them.';
    this.#parts.figures.correct(queue, startMs, figures);
    return undefined;
  }

  #control(path: string, body: string): Answer | undefined {
    switch (path) {
      case '/_control/clock':
        return act(body, clockSchema, ({ offsetMs }) => {
          this.#setOffset(offsetMs);
          return undefined;
        });
      case '/_control/tokens':
        return act(body, tokensSchema, () => {
          this.#parts.tokens.revoke();
          return undefined;
        });
      case '/_control/agents':
        return act(body, agentsSchema, (control) => this.controlAgent(control));
      case '/_control/figures':
        return act(body, figuresSchema, (control) => this.controlFigures(control));
      default:
        return undefined;
    }
  }

  /** The range asked for; what was served is bounded by itself, the model has to be asked in pieces. */
  #range(query: URLSearchParams, isBounded: boolean): [number, number] | string {
    const to = query.get('to');
    const from = query.get('from');
    const toMs = to === null ? this.#parts.trueNowMs() + 1000 : parseTimeMs(to);
    const defaultFromMs = isBounded ? 0 : toMs - DEFAULT_RANGE_MS;
    const fromMs = from === null ? defaultFromMs : parseTimeMs(from);
    if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return 'from and to have to be ISO times or Unix times.';
    if (!isBounded && toMs - fromMs > MAX_TRUTH_RANGE_MS) return 'At most 45 days of truth can be asked at once.';
    return [fromMs, toMs];
  }
}

function act<T>(body: string, schema: z.ZodType<T>, run: (value: T) => string | undefined): Answer {
  const parsed = parseJson(body, schema);
  if (!parsed.ok) return json(400, { message: parsed.message });
  const refusal = run(parsed.value);
  return refusal === undefined ? json(200, { done: true }) : json(400, { message: refusal });
}
