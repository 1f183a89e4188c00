/**
 * The loop of one connection. A tick polls the agents on the grid and sets the lanes going: sending states, reading
 * intervals, closing windows, sending reports. Everything caught here is said in the log; the session is a cache that is
 * dropped after any surprise and built anew from D1.
 */
import { acdTraits } from '../acd/registry.ts';
import { type HandedOver, type HandOverAnswer, handedOverSchema } from '../domain/handed-over.ts';
import type { Clock } from '../runtime.ts';
import { askForRoster } from '../store/config-version.ts';
import { holdsLease, LeaseLostError } from '../store/lease.ts';
import { readWaitingWork, type WaitingWork } from '../store/waiting-work.ts';
import { type Applied, applyRecords, type GivenRecords, RecordsRefusedError } from './apply-records.ts';
import { followClock } from './clock-steps.ts';
import { readIntervals, sendReports, sendStates } from './lane-turns.ts';
import { ALL_LANES, type Lane, Lanes } from './lanes.ts';
import { lookAtAgents } from './look-at-agents.ts';
import { noteUnusable } from './note-unusable.ts';
import { earliestNextPollMs, isPollDue, keepDistance, pollPeriodMs, tickPeriodMs } from './poll-grid.ts';
import { reload, takeOverChanges } from './reload.ts';
import { sendSetAsideAgain } from './send-again.ts';
import { sendHeartbeatWhenDue } from './send-heartbeat.ts';
import { type BridgeDeps, ConnectionUnusableError, feedOf, openSession, type Session } from './session.ts';
import { flushProgress } from './stream-progress.ts';
import { takeHandedOver } from './take-over.ts';
import { beginWatch, keepWatch, type Watch } from './watch-minute-job.ts';

/** Progress that no poll takes along within this time is stored at once. */
const PROGRESS_WAITS_MAX_MS = 10_000;
/**
 * Live changes leave before other work begins, unless they take so long: deriving what thousands of agents did in a window
 * keeps the one processor from sending them.
 */
const LIVE_FIRST_MAX_MS = 250;
/** A loop that lost its lease leaves the connection to the other one for so long. */
const STAND_BACK_MS = 60_000;
/** A connection that cannot run is looked at again so often. */
const UNUSABLE_RETRY_MS = 30_000;
/** After a reload nothing is known of what waits. */
const ALL_WORK: Omit<WaitingWork, 'configVersion'> = {
  intervalsDue: 1,
  importOpen: 1,
  backfillOpen: 1,
  reportsWait: 1,
  intervalsTouched: 1,
};

export type LoopLog = (entry: {
  level: 'info' | 'warn' | 'error';
  message: string;
  connectionId: number;
  detail?: string;
}) => void;

/** How long the loop wants to wait until its next tick; null when the connection is gone or paused: then it ends. */
export type NextTick = { readonly inMs: number } | null;

const NOTHING_TO_DO = async () => undefined;

/** The turn of a lane that never leaves anything to do. */
const once = (work: Promise<unknown>): Promise<boolean> => work.then(() => false);

export class Loop {
  readonly #deps: BridgeDeps;
  readonly #connectionId: number;
  readonly #log: LoopLog;
  #session: Session | null = null;
  #opening: Promise<Session | null> | null = null;
  #watch: Watch | null = null;
  #standBackUntilMs = 0;
  /** Lanes that only wait for a point in time end by then. */
  #turnEndsMs = 0;
  readonly #lanes = new Lanes();
  /** Whatever writes the log of state changes does so in turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: BridgeDeps, connectionId: number, log: LoopLog) {
    this.#deps = { ...deps, keepers: new Map() };
    this.#connectionId = connectionId;
    this.#log = log;
  }

  /**
   * One tick. Never throws. Resolves when the poll is committed and the lanes are idle, or `laneBudgetMs` after it began:
   * lanes that are still busy go on by themselves. `beforePoll` is awaited before a poll begins, with the
   * earliest instant of the next tick: to be stored, so that it holds for whoever wakes up after a crash.
   */
  async tick(
    laneBudgetMs: number,
    beforePoll: (nextTickMs: number) => Promise<void> = NOTHING_TO_DO,
  ): Promise<NextTick> {
    try {
      return await this.#tick(laneBudgetMs, beforePoll);
    } catch (error) {
      return await this.#afterSurprise(error);
    }
  }

  async #tick(laneBudgetMs: number, beforePoll: (nextTickMs: number) => Promise<void>): Promise<NextTick> {
    const nowMs = this.#deps.clock.nowMs();
    this.#turnEndsMs = nowMs + laneBudgetMs;
    const standBackMs = this.#standBackUntilMs - nowMs;
    if (standBackMs > 0 && standBackMs <= STAND_BACK_MS) return { inMs: standBackMs };
    const session = await this.#open();
    if (!session) return null;
    await followClock(this.#deps, session);
    const periodMs = pollPeriodMs(session);
    let work: WaitingWork | null = null;
    if (isPollDue(session, nowMs, periodMs)) {
      await keepDistance(this.#deps.clock, session);
      await beforePoll(earliestNextPollMs(session, this.#deps.clock.nowMs()));
      work = await this.#inTurn(() => lookAtAgents(this.#deps, session));
    }
    work ??= await readWaitingWork(this.#deps.db, this.#connectionId, this.#deps.clock.nowMs());
    if (work?.configVersion !== session.config.version) {
      if (!(await this.#stays(reload(this.#deps, session)))) return null;
      work = { ...ALL_WORK, configVersion: session.config.version };
    }
    this.#sendStates(session);
    await this.#idle(['send-states'], LIVE_FIRST_MAX_MS);
    this.#readIntervals(session, work);
    this.#sendReports(session, work);
    this.#start('heartbeat', session, () => once(sendHeartbeatWhenDue(this.#deps, session)));
    this.#watch ??= beginWatch(nowMs);
    const watch = this.#watch;
    this.#start('watch', session, () => once(keepWatch(this.#deps, session, watch, periodMs)));
    // A clock that was set back meanwhile lengthens nothing.
    await this.#idle(ALL_LANES, Math.min(laneBudgetMs, this.#turnEndsMs - this.#deps.clock.nowMs()));
    // The next poll takes the stream's progress along, unless it is far away or may not come.
    if (periodMs > PROGRESS_WAITS_MAX_MS || feedOf(session, 'agent-states').failures > 0) {
      await flushProgress(this.#deps, session);
    }
    return { inMs: tickPeriodMs(periodMs) };
  }

  /** Waits until lanes are idle, or for so long at most. */
  async #idle(lanes: readonly Lane[], atMostMs: number): Promise<void> {
    const over = new AbortController();
    await Promise.race([this.#lanes.idle(lanes), this.#deps.clock.sleep(Math.max(0, atMostMs), over.signal)]);
    over.abort();
  }

  /** The session, opened when there is none. Whoever comes meanwhile waits for it: a second one would take the lease away. */
  async #open(): Promise<Session | null> {
    if (this.#session) return this.#session;
    this.#opening ??= openSession(this.#deps, this.#connectionId)
      .then((session) => {
        this.#session = session;
        return session;
      })
      .finally(() => {
        this.#opening = null;
      });
    return this.#opening;
  }

  /**
   * Sends a record that was set aside once more, or reads or raises what it came from. Says how it went. Takes the place
   * of the lane that sends states, so that there are never two requests of one stream in flight.
   */
  async sendAgain(setAsideId: number): Promise<{ ok: boolean; message: string }> {
    return this.#lanes.inPlaceOf('send-states', () => this.#sendAgain(setAsideId));
  }

  async #sendAgain(setAsideId: number): Promise<{ ok: boolean; message: string }> {
    const session = await this.#open();
    if (!session) return { ok: false, message: 'The connection is paused or gone. Resume it first.' };
    return sendSetAsideAgain(this.#deps, session, setAsideId);
  }

  /**
   * Stores records that somebody gives, and answers what became of each. Takes its turn with whatever else writes the same
   * facts. Throws `RecordsRefusedError` when they do not belong here; anything else means that nobody knows what was
   * stored, and that they should be given again.
   */
  async push(given: GivenRecords): Promise<Applied> {
    if (given.kind === 'state-changes') return this.#inTurn(() => this.#apply(given));
    return this.#lanes.inPlaceOf('intervals', () => this.#apply(given));
  }

  /**
   * Stores what a member hands over to this connection, which merges. `ok` false: it cannot take anything as things are set.
   * Rejects when nobody knows what was stored: it is to be handed over again.
   */
  async handOver(memberId: number, body: string): Promise<HandOverAnswer> {
    const parsed = handedOverSchema.safeParse(JSON.parse(body));
    if (!parsed.success) return { ok: false, message: 'The body is not in the form in which connections hand over.' };
    const take = () => this.#takeOver(memberId, parsed.data);
    try {
      await (parsed.data.kind === 'interval' ? this.#lanes.inPlaceOf('intervals', take) : this.#inTurn(take));
      return { ok: true };
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      return { ok: false, message: error.message };
    }
  }

  #takeOver(memberId: number, handed: HandedOver): Promise<void> {
    return this.#withSession(async (session) => {
      if (!acdTraits(session.config.settings.acd).merges) {
        throw new RecordsRefusedError(
          'The connection that this one hands over to merges no others. Choose another one.',
        );
      }
      await takeHandedOver(this.#deps, session, memberId, handed);
      if (handed.kind !== 'interval') this.#sendStates(session);
    });
  }

  #apply(given: GivenRecords): Promise<Applied> {
    return this.#withSession(async (session) => {
      const applied = await applyRecords(this.#deps, session, given);
      if (given.kind === 'state-changes') this.#sendStates(session);
      return applied;
    });
  }

  /** Runs with the session as it is now. Throws `RecordsRefusedError` when there is none. */
  async #withSession<T>(run: (session: Session) => Promise<T>): Promise<T> {
    try {
      const session = await this.#open();
      const isCurrent = session !== null && (await this.#stays(takeOverChanges(this.#deps, session)));
      if (!isCurrent) {
        throw new RecordsRefusedError('The connection that takes this is paused or gone. Resume it, and send again.');
      }
      return await run(session);
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) await this.#afterSurprise(error);
      throw error;
    }
  }

  #inTurn<T>(run: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(run, run);
    this.#turn = turn.then(NOTHING_TO_DO, NOTHING_TO_DO);
    return turn;
  }

  /** Asks for the roster with the next tick. */
  async askForRoster(): Promise<void> {
    const session = this.#session;
    const feed = session && feedOf(session, 'roster');
    if (session && feed) session.feeds.set('roster', { ...feed, successAtMs: null, retryAtMs: 0 });
    await askForRoster(this.#deps.db, this.#connectionId);
  }

  /** Drops the session of a connection that is gone or paused. */
  async #stays(isThere: Promise<boolean>): Promise<boolean> {
    if (await isThere) return true;
    this.#session = null;
    return false;
  }

  #sendStates(session: Session): void {
    this.#start('send-states', session, () => sendStates(this.#deps, session, () => this.#turnEndsMs));
  }

  #readIntervals(session: Session, work: Pick<WaitingWork, 'intervalsDue' | 'importOpen' | 'backfillOpen'>): void {
    const on = {
      // What an import changed is in use at once, and what waited for it goes out.
      rosterChanged: async () => {
        if (await this.#stays(takeOverChanges(this.#deps, session))) this.#sendStates(session);
      },
      backfilled: () => this.#sendReports(session, { reportsWait: 1, intervalsTouched: 0, backfillOpen: 1 }),
      isSending: () => this.#lanes.isRunning('reports'),
    };
    this.#start('intervals', session, () => readIntervals(this.#deps, session, work, on));
  }

  #sendReports(session: Session, work: Pick<WaitingWork, 'reportsWait' | 'intervalsTouched' | 'backfillOpen'>): void {
    const on = {
      // A backfill that had read far enough ahead goes on.
      delivered: () => {
        if (work.backfillOpen) this.#readIntervals(session, { intervalsDue: 0, importOpen: 0, backfillOpen: 1 });
      },
    };
    this.#start('reports', session, () => sendReports(this.#deps, session, work, on));
  }

  /** Sets a lane going unless it still is. `run` is one turn, which says whether it left something to do. */
  #start(lane: Lane, session: Session, run: () => Promise<boolean>): void {
    this.#lanes.start(lane, async () => {
      try {
        return (await run()) && this.#session === session;
      } catch (error) {
        if (this.#session === session) await this.#afterSurprise(error);
        return false;
      }
    });
  }

  /** Whatever happened, what is committed is known to D1 alone: drop the session, and say what happened. */
  async #afterSurprise(error: unknown): Promise<NextTick> {
    const session = this.#session;
    this.#session = null;
    const lost = error instanceof LeaseLostError || (session !== null && !(await stillHolds(this.#deps, session)));
    if (lost) this.#standBackUntilMs = this.#deps.clock.nowMs() + STAND_BACK_MS;
    const unusable = error instanceof ConnectionUnusableError;
    this.#log({
      level: lost ? 'warn' : 'error',
      message: error instanceof Error ? error.message : String(error),
      connectionId: this.#connectionId,
      ...(error instanceof Error && !unusable && !lost ? { detail: error.stack ?? '' } : {}),
    });
    if (unusable) {
      const failed = await noteUnusable(this.#deps, this.#connectionId, error.message);
      if (failed !== null) this.#log({ level: 'error', message: failed, connectionId: this.#connectionId });
    }
    return { inMs: lost ? STAND_BACK_MS : unusable ? UNUSABLE_RETRY_MS : 5_000 };
  }
}

async function stillHolds(deps: { db: D1Database; clock: Clock }, session: Session): Promise<boolean> {
  try {
    return await holdsLease(deps.db, session);
  } catch {
    // D1 does not answer: that is the surprise, not the lease.
    return true;
  }
}
