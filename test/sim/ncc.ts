/**
 * Nextiva NCC in process: the seeded contact centre behind the calls of contracts/nextiva-ncc.md, strict about tokens
 * and windows. It keeps what each good answer showed, for the judge.
 */
import { fraction, Random } from '../../simulators/shared/random.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { TokenOffice } from './accounts.ts';
import { AgentLife, type Figures, figuresAt, SIGNED_OUT } from './centre.ts';
import type { Exchange, Reply } from './network.ts';
import type { BridgeProcess } from './process.ts';

export const NCC_ORIGIN = 'https://ncc.example';
const PASSWORD = 'right';
const ROWS_PER_PAGE_MAX = 12;

/** How one seed's NCC uses the freedoms that the contract leaves. */
export interface NccHabits {
  readonly agents: number;
  readonly queues: number;
  readonly paceMs: number;
  /** Which of an agent's names real-time answers use. */
  readonly agentId: 'userId' | '_id' | 'username';
  readonly statusTime: 'none' | 'seconds' | 'milliseconds';
  readonly showsSignedOut: boolean;
  readonly envelope: 'bare' | 'objects' | 'data' | 'rows';
  readonly startTime: 'seconds' | 'milliseconds';
  readonly omitsStartOfOne: boolean;
  readonly tokenScheme: 'raw' | 'Bearer';
  readonly tokenLifeMs: number;
  readonly rotatesTokens: boolean;
}

/** One agent as a good answer showed it. */
export interface ShownAgent {
  readonly agent: number;
  readonly state: string;
  readonly sinceMs: number | null;
}

/** A good answer as it arrived whole. `complete`: no row was unreadable that named nobody. */
export interface ShownAnswer {
  readonly agents: readonly ShownAgent[];
  readonly complete: boolean;
  /** By the bridge's clock. */
  readonly arrivedMs: number;
}

export interface Employee {
  readonly index: number;
  readonly userId: string;
  readonly id: string;
  /** '' for who has no sign-in name: nobody can place them until they get a login id. */
  readonly username: string;
  name: string;
  hiredAtMs: number;
  leftAtMs: number;
  readonly life: AgentLife;
  /** A state that the test puts in the place of the seeded one. */
  forced: { readonly atMs: number; readonly state: string } | null;
}

/** What the weather makes NCC's own answers look like. */
export interface NccMood {
  clockOffsetMs: number;
  /** Share of agents to leave out, and how many more answers. */
  leaveOut: { readonly share: number; left: number; readonly salt: number };
  /** How many more answers carry rows that cannot be read. */
  hostileLeft: number;
  refusesPassword: boolean;
  refusesRefresh: boolean;
  failsRosterPage: boolean;
}

export class Ncc {
  readonly office: TokenOffice;
  readonly habits: NccHabits;
  readonly mood: NccMood = {
    clockOffsetMs: 0,
    leaveOut: { share: 0, left: 0, salt: 0 },
    hostileLeft: 0,
    refusesPassword: false,
    refusesRefresh: false,
    failsRosterPage: false,
  };
  readonly employees: Employee[] = [];
  readonly queues: { id: string; name: string; openedAtMs: number; closedAtMs: number }[] = [];
  /** By process: the last good answer with agent states that arrived whole. */
  readonly arrived = new WeakMap<BridgeProcess, ShownAnswer>();
  /** By process: good answers without any agent in a row. */
  readonly emptyRuns = new WeakMap<BridgeProcess, number>();
  /** By interval: what the last good answer that arrived whole said of each queue. */
  readonly served = new Map<number, ReadonlyMap<string, Figures>>();
  readonly #seed: number;
  readonly #nowMs: () => number;
  readonly #bridgeNowMs: () => number;
  readonly #random: Random;
  #cached: { untilMs: number; text: string; shown: readonly ShownAgent[] } | null = null;
  /** Instants of all real-time requests, for the judge. */
  readonly polls: { atMs: number; processId: number }[] = [];

  constructor(seed: number, habits: NccHabits, nowMs: () => number, bridgeNowMs: () => number) {
    this.#seed = seed;
    this.#bridgeNowMs = bridgeNowMs;
    this.habits = habits;
    this.#nowMs = nowMs;
    this.#random = new Random(seed ^ 0x7a11);
    this.office = new TokenOffice('ncc', new Random(seed ^ 0x10ce));
    for (let i = 0; i < habits.agents; i++) this.hire(0, i % 15 !== 7);
    for (let i = 0; i < habits.queues; i++) this.openQueue(0);
  }

  hire(atMs: number, hasUsername = true): Employee {
    const index = this.employees.length;
    const employee = {
      index,
      userId: `u-${1_000 + index}`,
      id: `5f${index.toString(16).padStart(6, '0')}`,
      username: hasUsername ? `agent.${index}@centre.test` : '',
      name: `Agent ${index}`,
      hiredAtMs: atMs,
      leftAtMs: Number.POSITIVE_INFINITY,
      life: new AgentLife(this.#seed, index, this.habits.paceMs),
      forced: null,
    };
    this.employees.push(employee);
    this.forget();
    return employee;
  }

  openQueue(openedAtMs: number): void {
    const id = `q-${this.queues.length}`;
    this.queues.push({ id, name: `Queue ${id}`, openedAtMs, closedAtMs: Number.POSITIVE_INFINITY });
  }

  /** Something changed besides the seeded lives. */
  forget(): void {
    this.#cached = null;
  }

  /** The name under which real-time answers speak of an agent. */
  shownId({ userId, id, username }: Employee): string {
    if (this.habits.agentId === '_id') return id;
    return this.habits.agentId === 'username' && username !== '' ? username : userId;
  }

  answer(exchange: Exchange): Reply {
    const { url, process, request } = exchange;
    const nowMs = this.#nowMs();
    const reply = this.#answer(url, request.headers.get('authorization') ?? '', process, nowMs);
    return { ...reply, headers: { date: new Date(nowMs + this.mood.clockOffsetMs).toUTCString(), ...reply.headers } };
  }

  #answer(url: URL, authorization: string, process: BridgeProcess, nowMs: number): Reply {
    if (url.pathname === '/provider/token-with-authorities') return this.#signIn(authorization, process, nowMs);
    if (url.pathname === '/wfm/realTime') this.polls.push({ atMs: nowMs, processId: process.id });
    const scheme = this.habits.tokenScheme;
    const token = scheme === 'raw' ? authorization : authorization.replace(/^Bearer /, '');
    if ((scheme === 'Bearer' && token === authorization) || !this.office.isLive(token, nowMs)) {
      return json(401, { code: 401, message: 'The token is not valid.' });
    }
    switch (url.pathname) {
      case '/provider/api/token-refresh':
        return this.#refresh(nowMs);
      case '/wfm/realTime':
        return this.#realTime(process, nowMs);
      case '/wfm/historical':
        return this.#historical(url, nowMs);
      case '/data/api/types/queue':
        return this.#page(
          url,
          this.queues
            .filter(({ closedAtMs }) => nowMs < closedAtMs)
            .map(({ id, name }) => ({ _id: `x${id}`, queueId: id, name, voiceSLA: 20 })),
        );
      case '/data/api/types/user':
        return this.#page(
          url,
          this.employees
            .filter(({ hiredAtMs, leftAtMs }) => hiredAtMs <= nowMs && nowMs < leftAtMs)
            .map(({ id, userId, username, name }) => ({ _id: id, userId, username, name, enabled: true })),
        );
      default:
        return json(404, { code: 404, message: 'There is no such path.' });
    }
  }

  #signIn(authorization: string, process: BridgeProcess, nowMs: number): Reply {
    const expected = `Basic ${Buffer.from(`wfm:${PASSWORD}`).toString('base64')}`;
    const refused = authorization !== expected || this.mood.refusesPassword;
    this.office.tries.push({ atMs: nowMs, processId: process.id, refused });
    if (refused) return json(401, { type: 'auth', message: 'The user name or password is wrong.', code: 401 });
    const { token } = this.office.issue(nowMs + this.mood.clockOffsetMs, this.habits.tokenLifeMs);
    return json(200, { token, location: NCC_ORIGIN, clientLocation: null, authorities: [] });
  }

  #refresh(nowMs: number): Reply {
    if (this.mood.refusesRefresh) return json(401, { code: 401, message: 'Too late.' });
    if (this.habits.rotatesTokens) this.office.forgetTokens();
    const { token } = this.office.issue(nowMs + this.mood.clockOffsetMs, this.habits.tokenLifeMs);
    return json(200, { token, location: NCC_ORIGIN, clientLocation: null });
  }

  #realTime(process: BridgeProcess, nowMs: number): Reply {
    const { mood } = this;
    if (!this.#cached || nowMs >= this.#cached.untilMs) this.#cached = this.#look(nowMs);
    let { shown, text } = this.#cached;
    let complete = true;
    if (mood.leaveOut.left > 0) {
      mood.leaveOut.left -= 1;
      const { share } = mood.leaveOut;
      shown = shown.filter(({ agent }) => share < 1 && fraction(this.#seed, agent, mood.leaveOut.salt) >= share);
      text = this.#textOf(shown);
    }
    if (mood.hostileLeft > 0) {
      mood.hostileLeft -= 1;
      ({ text, shown, complete } = this.#hostile(shown));
    }
    const onArrival = () => {
      this.arrived.set(process, { agents: shown, complete, arrivedMs: this.#bridgeNowMs() });
      const empty = shown.length === 0 && complete;
      this.emptyRuns.set(process, empty ? (this.emptyRuns.get(process) ?? 0) + 1 : 0);
    };
    return { status: 200, text, onArrival };
  }

  #look(nowMs: number): { untilMs: number; text: string; shown: readonly ShownAgent[] } {
    let untilMs = Number.POSITIVE_INFINITY;
    const shown: ShownAgent[] = [];
    for (const employee of this.employees) {
      const { life, hiredAtMs, leftAtMs, index, forced } = employee;
      if (nowMs < hiredAtMs || nowMs >= leftAtMs) {
        if (nowMs < hiredAtMs) untilMs = Math.min(untilMs, hiredAtMs);
        continue;
      }
      life.moveTo(nowMs);
      untilMs = Math.min(untilMs, life.nextMs, leftAtMs);
      const turn = forced ?? life.turn;
      if (turn.state === SIGNED_OUT && !(this.habits.showsSignedOut && nowMs - turn.atMs < 7_200_000)) continue;
      if (turn.state === SIGNED_OUT) untilMs = Math.min(untilMs, turn.atMs + 7_200_000);
      shown.push({ agent: index, state: turn.state, sinceMs: this.#since(turn.atMs) });
    }
    return { untilMs, text: this.#textOf(shown), shown };
  }

  #since(atMs: number): number | null {
    const sourceMs = atMs + this.mood.clockOffsetMs;
    if (this.habits.statusTime === 'none') return null;
    return this.habits.statusTime === 'seconds' ? Math.floor(sourceMs / 1_000) * 1_000 : sourceMs;
  }

  #rowOf({ agent, state, sinceMs }: ShownAgent): object {
    const employee = this.employees[agent];
    const row = { 'agent-id': employee ? this.shownId(employee) : '', 'agent-status': state, workgroup: 'ignored' };
    if (sinceMs === null) return row;
    return { ...row, 'agent-status-time': this.habits.statusTime === 'seconds' ? sinceMs / 1_000 : sinceMs };
  }

  #textOf(shown: readonly ShownAgent[]): string {
    return this.#enveloped(shown.map((agent) => this.#rowOf(agent)));
  }

  #enveloped(rows: readonly object[]): string {
    const { envelope } = this.habits;
    return JSON.stringify(envelope === 'bare' ? rows : { count: rows.length, [envelope]: rows });
  }

  /** Rows that make no sense among good ones: the good ones count, and nobody whom one may have named is missing. */
  #hostile(shown: readonly ShownAgent[]): { text: string; shown: readonly ShownAgent[]; complete: boolean } {
    const kept = shown.filter(() => this.#random.next() < 0.7);
    if (kept.length === 0) return { text: this.#textOf(shown), shown, complete: true };
    const rows = kept.map((agent) => this.#rowOf(agent));
    const bad = [
      '{"agent-id":"bad\\u0000id","agent-status":"Busy"}',
      '{"agent-id":9007199254740993,"agent-status":"Busy"}',
      '{"agent-id":"u","agent-status":""}',
      '{"__proto__":{"agent-id":"u"},"agent-status":"Busy"}',
      '{"agent-id":"u","agent-status":"\\ud800"}',
      '{"agent-id":1e400,"agent-status":"Busy"}',
      'null',
      '[1,2]',
    ];
    const place = Math.floor(this.#random.next() * bad.length);
    const text = `[${[...rows.map((row) => JSON.stringify(row)), bad[place]].join(',')}]`;
    // A row that names somebody, whose state cannot be read, speaks of that one alone.
    return { text, shown: kept, complete: place === 2 || place === 4 };
  }

  /** An interval's figures as they stand at `atMs`. */
  figures(startMs: number, atMs: number): Map<string, Figures> {
    const figures = new Map<string, Figures>();
    this.queues.forEach(({ id, openedAtMs, closedAtMs }, queue) => {
      const found = startMs >= openedAtMs && startMs < closedAtMs ? figuresAt(this.#seed, queue, startMs, atMs) : null;
      if (found) figures.set(id, found);
    });
    return figures;
  }

  #historical(url: URL, nowMs: number): Reply {
    const [start, end] = [Number(url.searchParams.get('start')) * 1_000, Number(url.searchParams.get('end')) * 1_000];
    if (!(start < end) || start % INTERVAL_MS !== 0 || end % INTERVAL_MS !== 0) {
      return json(400, { code: 400, message: 'The window is not on the grid of 900 seconds.' });
    }
    const rows: object[] = [];
    const said = new Map<number, Map<string, Figures>>();
    for (let startMs = start; startMs < end; startMs += INTERVAL_MS) {
      const figures = this.figures(startMs, nowMs);
      said.set(startMs, figures);
      for (const { id, name } of this.queues) {
        const found = figures.get(id);
        if (!found) continue;
        const omits = this.habits.omitsStartOfOne && end - start === INTERVAL_MS;
        rows.push({
          'queue-id': id,
          'queue-name': name,
          ...(omits ? {} : { startTime: this.habits.startTime === 'seconds' ? startMs / 1_000 : startMs }),
          sumHandleTime: found.handleTimeS,
          enteredCount: found.entered,
          abandonedCount: found.abandoned,
        });
      }
    }
    const onArrival = () => {
      for (const [startMs, figures] of said) this.served.set(startMs, figures);
    };
    return { status: 200, text: this.#enveloped(rows), onArrival };
  }

  #page(url: URL, objects: readonly object[]): Reply {
    const start = Number(url.searchParams.get('start'));
    const rows = Math.min(ROWS_PER_PAGE_MAX, Number(url.searchParams.get('rows')));
    if (start > 0 && this.mood.failsRosterPage) return json(500, { code: 500, message: 'The page cannot be made.' });
    const part = objects.slice(start, start + rows);
    return json(200, { count: part.length, total: String(objects.length), objects: part });
  }
}

export function json(status: number, value: unknown): Reply {
  return { status, text: JSON.stringify(value) };
}
