/**
 * Judges agent states: every committed look brings exactly what the contract's rules make of its answer; every committed
 * change reaches Mpower, none is invented or altered, and an agent's changes come in order.
 */
import type { Committed, SimDatabase } from './d1.ts';
import type { SimStream, StateEvent } from './mpower.ts';
import type { Employee, Ncc } from './ncc.ts';
import type { BridgeProcess } from './process.ts';
import { type Entry, type Held, inferEntries, isImplausible, type ReferenceRules, SessionMemory } from './reference.ts';
import type { Verdicts } from './verdicts.ts';

export interface Change {
  /** True time of the commit. */
  readonly committedMs: number;
  readonly agent: number;
  readonly atMs: number;
  readonly state: string;
  accepted: boolean;
}

interface AgentRecord {
  /** Entries in order, '' for "not observed". */
  entries: { readonly atMs: number; readonly state: string }[];
  readonly changes: Map<number, Change>;
  maxAcceptedMs: number;
  lastAcceptedMs: number;
}

export interface StatesBackup {
  readonly held: ReadonlyMap<number, Held>;
  readonly untilMs: number | null;
  readonly entryCounts: ReadonlyMap<number, number>;
}

export class StatesJudge {
  readonly records = new Map<number, AgentRecord>();
  readonly unaccepted = new Set<Change>();
  readonly refusedAlone = new Set<string>();
  readonly #db: SimDatabase;
  readonly #ncc: Ncc;
  readonly #rules: ReferenceRules;
  readonly #verdicts: Verdicts;
  #held = new Map<number, Held>();
  untilMs: number | null = null;
  firstLookMs: number | null = null;
  /** True time of the last committed look. */
  lookedTrueMs = 0;
  #memory = new SessionMemory();
  #agentsById = new Map<number, Employee>();
  #statesById = new Map<number, string>();
  readonly #byName = new Map<string, Employee>();
  /** The process that somebody has send a record again by hand at the moment. */
  byHand: BridgeProcess | null = null;
  /** Agents that the user has left out. */
  readonly leftOut = new Set<number>();

  constructor(db: SimDatabase, ncc: Ncc, rules: ReferenceRules, verdicts: Verdicts) {
    this.#db = db;
    this.#ncc = ncc;
    this.#rules = rules;
    this.#verdicts = verdicts;
  }

  employeeOf(name: string): Employee | undefined {
    const known = this.#byName.get(name);
    if (known || this.#byName.size >= this.#ncc.employees.length * 4) return known;
    for (const employee of this.#ncc.employees) {
      for (const key of [employee.userId, employee.id, employee.username, `login.${employee.index}`]) {
        if (key !== '') this.#byName.set(key, employee);
      }
    }
    return this.#byName.get(name);
  }

  committed(changes: readonly Committed[], process: BridgeProcess | null, trueMs: number): void {
    if (changes.some(({ kind }) => kind === 'lease')) {
      this.#memory = new SessionMemory();
      if (process) this.#ncc.emptyRuns.delete(process);
    }
    const look = changes.find((change) => change.kind === 'look');
    const brought = changes.filter((change) => change.kind === 'change');
    if (!look) {
      if (brought.length > 0) this.#verdicts.violation('states', 'Changes were stored without a look.');
      return;
    }
    this.lookedTrueMs = trueMs;
    const answer = process && this.#ncc.arrived.get(process);
    if (!answer) {
      this.#verdicts.violation('states', 'A look was committed without an answer.');
      return;
    }
    const arrivedMs = Math.max(answer.arrivedMs, this.untilMs ?? 0);
    if (arrivedMs !== look.untilMs) {
      this.#verdicts.violation('states', `A look of ${look.untilMs} was committed, the answer arrived ${arrivedMs}.`);
    }
    if (isImplausible(this.#held, answer, (this.#ncc.emptyRuns.get(process) ?? 1) - 1)) {
      this.#verdicts.violation('states', 'An implausibly empty answer was applied.');
    }
    const expected = inferEntries(this.#held, this.#memory, answer, arrivedMs, this.untilMs, this.#rules);
    this.#compare(expected, brought, look.untilMs);
    this.untilMs = arrivedMs;
    this.firstLookMs ??= arrivedMs;
    let logged = 0;
    for (const entry of expected) {
      const record = this.#recordOf(entry.agent);
      record.entries.push({ atMs: entry.atMs, state: entry.state });
      if (entry.state === '') continue;
      const change = { ...entry, accepted: false, committedMs: trueMs };
      record.changes.set(entry.atMs, change);
      if (this.leftOut.has(entry.agent)) continue;
      this.unaccepted.add(change);
      logged += 1;
    }
    const inLog = look.logged === null ? 0 : (JSON.parse(look.logged) as unknown[]).length;
    if (inLog !== logged) this.#verdicts.violation('states', `The log took ${inLog} of ${logged} changes.`);
  }

  #compare(expected: readonly Entry[], brought: readonly (Committed & { kind: 'change' })[], untilMs: number): void {
    const want = expected.map(({ agent, atMs, state }) => `${agent} ${atMs} ${state}`).sort();
    const got = brought
      .map(({ agentId, atMs, stateId }) => `${this.#agentOf(agentId)} ${atMs} ${this.#stateOf(stateId)}`)
      .sort();
    if (want.length === got.length && want.every((line, i) => line === got[i])) return;
    const missing = want.filter((line) => !got.includes(line));
    const extra = got.filter((line) => !want.includes(line));
    this.#verdicts.violation(
      'states',
      `The look of ${untilMs} lacks [${missing.join('; ')}] and adds [${extra.join('; ')}].`,
    );
  }

  #agentOf(id: number): number {
    let employee = this.#agentsById.get(id);
    if (!employee) {
      const [row] = this.#db.query<{ source_id: string }>('SELECT source_id FROM agent WHERE id = ?1', id);
      employee = row && this.employeeOf(row.source_id);
      if (employee) this.#agentsById.set(id, employee);
    }
    return employee?.index ?? -1;
  }

  #stateOf(id: number): string {
    if (id === 0) return '';
    let name = this.#statesById.get(id);
    if (name === undefined) {
      name = this.#db.query<{ name: string }>('SELECT name FROM acd_state WHERE id = ?1', id)[0]?.name ?? '?';
      this.#statesById.set(id, name);
    }
    return name;
  }

  #recordOf(agent: number): AgentRecord {
    let record = this.records.get(agent);
    if (!record) {
      record = { entries: [], changes: new Map(), maxAcceptedMs: 0, lastAcceptedMs: 0 };
      this.records.set(agent, record);
    }
    return record;
  }

  /** Mpower accepted events. */
  accepted(events: readonly StateEvent[]): void {
    for (const { loginId, eventCode, eventUtcTime } of events) {
      const employee = this.employeeOf(loginId);
      const record = employee && this.records.get(employee.index);
      const atMs = Date.parse(eventUtcTime);
      const change = record?.changes.get(atMs);
      if (!record || !change) {
        this.#verdicts.violation('delivery', `${loginId} ${eventCode} ${eventUtcTime} was sent and never committed.`);
        continue;
      }
      if (change.state !== eventCode) {
        this.#verdicts.violation(
          'delivery',
          `${loginId} ${eventUtcTime} was sent as ${eventCode} and committed as ${change.state}.`,
        );
      }
      if (employee && this.leftOut.has(employee.index)) {
        this.#verdicts.violation('delivery', `${loginId} is left out and was sent.`);
      }
      if (!change.accepted && atMs < record.maxAcceptedMs && !this.byHand?.alive && !this.#isCatchingUp()) {
        const later = new Date(record.maxAcceptedMs).toISOString();
        this.#verdicts.violation('order', `${loginId} ${eventCode} ${eventUtcTime} came after the change of ${later}.`);
      }
      change.accepted = true;
      this.unaccepted.delete(change);
      record.maxAcceptedMs = Math.max(record.maxAcceptedMs, atMs);
      record.lastAcceptedMs = atMs;
    }
  }

  refused(stream: SimStream, key: string, atMs: number): void {
    this.refusedAlone.add(`${stream} ${key} ${atMs}`);
  }

  /** A record was set aside: Mpower has to have refused exactly this one. */
  setAside(stream: string, key: string, atMs: number): void {
    if (!this.refusedAlone.has(`${stream} ${key} ${atMs}`)) {
      this.#verdicts.violation('set aside', `${stream} ${key} ${atMs} was set aside and never refused by itself.`);
    }
  }

  #isCatchingUp(): boolean {
    const sql = `SELECT catch_up_log_id AS id FROM stream WHERE name = 'agent-states'`;
    return (this.#db.query<{ id: number | null }>(sql)[0]?.id ?? null) !== null;
  }

  isSetAside({ agent, atMs }: Change): boolean {
    const employee = this.#ncc.employees[agent];
    const logins = employee ? [employee.username, `login.${agent}`] : [];
    return logins.some((login) => this.refusedAlone.has(`agent-states ${login} ${atMs}`));
  }

  /** Every committed change is accepted, set aside, held, or still in the log beyond the cursor. */
  checkNothingLost(): void {
    if (this.unaccepted.size === 0) return;
    const waiting = this.#waitingInLog();
    const held = new Set(
      this.#db
        .query<{ source_id: string; at_ms: number }>(
          'SELECT a.source_id, h.at_ms FROM held_change h JOIN agent a ON a.id = h.agent_id WHERE h.times > 0',
        )
        .map((row) => `${this.employeeOf(row.source_id)?.index ?? -1} ${row.at_ms}`),
    );
    for (const change of this.unaccepted) {
      const { agent, atMs, state } = change;
      if (waiting.has(`${agent} ${atMs}`) || this.isSetAside(change)) continue;
      if (held.has(`${agent} ${atMs}`)) continue;
      this.#verdicts.violation(
        'lost',
        `Agent ${agent} ${state} ${new Date(atMs).toISOString()} is neither delivered nor waiting.`,
      );
    }
  }

  /** True time since when the oldest change waits that somebody could have taken; null when none does. */
  waitingSinceMs(): number | null {
    for (const change of this.unaccepted) if (!this.isSetAside(change)) return change.committedMs;
    return null;
  }

  #waitingInLog(): Set<string> {
    const [head] = this.#db.query<{ log: number; offset: number }>(
      'SELECT cursor_log_id AS log, cursor_offset AS offset FROM state_log ORDER BY log_id DESC LIMIT 1',
    );
    const [stream] = this.#db.query<{ until: number | null; live: number; offset: number; further: string }>(
      `SELECT catch_up_log_id AS until, live_log_id AS live, live_offset AS offset, catch_up_further AS further
       FROM stream WHERE name = 'agent-states'`,
    );
    const further = JSON.parse(stream?.further ?? '[]') as { logId: number; offset: number; untilLogId: number }[];
    const waiting = new Set<string>();
    if (!head) return waiting;
    const rows = this.#db.query<{ log: number; changes: string }>(
      'SELECT log_id AS log, changes FROM state_log WHERE log_id >= ?1',
      head.log,
    );
    for (const { log, changes } of rows) {
      for (const [offset, [agentId, atMs]] of (JSON.parse(changes) as [number, number][]).entries()) {
        const until = stream?.until ?? null;
        const isLive = until !== null && stream && log > until;
        // History of a further outage has a beginning of its own.
        const later = isLive ? further.find(({ untilLogId }) => log <= untilLogId) : undefined;
        const [fromLog, fromOffset] = later
          ? [later.logId, later.offset]
          : isLive
            ? [stream.live, stream.offset]
            : [head.log, head.offset];
        if (log > fromLog || (log === fromLog && offset >= fromOffset))
          waiting.add(`${this.#agentOf(agentId)} ${atMs}`);
      }
    }
    return waiting;
  }

  /** After everything had its time: nothing waits, and what Mpower heard last of each agent is the latest. */
  checkDelivered(): void {
    for (const change of this.unaccepted) {
      if (this.isSetAside(change)) continue;
      const at = new Date(change.atMs).toISOString();
      this.#verdicts.violation('undelivered', `Agent ${change.agent} ${change.state} ${at} was not delivered in time.`);
    }
    for (const [agent, record] of this.records) {
      if (this.leftOut.has(agent)) continue;
      const latest = [...record.changes.values()].filter((change) => change.accepted).at(-1);
      const latestMs = Math.max(
        ...[...record.changes.values()].filter(({ accepted }) => accepted).map(({ atMs }) => atMs),
      );
      if (latest && record.lastAcceptedMs !== latestMs) {
        const [heard, is] = [record.lastAcceptedMs, latestMs].map((ms) => new Date(ms).toISOString());
        this.#verdicts.violation(
          'order',
          `What Mpower heard last of agent ${agent} is of ${heard}, the latest is of ${is}.`,
        );
      }
    }
  }

  backup(): StatesBackup {
    return {
      held: new Map(this.#held),
      untilMs: this.untilMs,
      entryCounts: new Map([...this.records].map(([agent, { entries }]) => [agent, entries.length])),
    };
  }

  /**
   * The database was put back: what came after the backup is not expected any more, but was no lie. What the bridge dated
   * later than `nowMs` then, because its clock was ahead, it cannot know any more, and no order can be kept with it.
   */
  restore(backup: StatesBackup, nowMs: number): void {
    this.#held = new Map(backup.held);
    this.untilMs = backup.untilMs;
    this.#agentsById = new Map();
    this.#statesById = new Map();
    for (const [agent, record] of this.records) {
      const dropped = record.entries.splice(backup.entryCounts.get(agent) ?? 0);
      for (const { atMs } of dropped) {
        const change = record.changes.get(atMs);
        if (!change) continue;
        this.unaccepted.delete(change);
        if (atMs > nowMs) record.changes.delete(atMs);
      }
      const accepted = [...record.changes.values()].filter((change) => change.accepted);
      record.maxAcceptedMs = Math.max(0, ...accepted.map(({ atMs }) => atMs));
    }
  }
}
