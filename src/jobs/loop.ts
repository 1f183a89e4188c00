/**
 * The loop of one connection. A tick polls the agents on the grid and sets the other lanes going: sending states,
 * reading intervals, closing windows, sending reports. Lanes run side by side, each one step at a time and never twice at
 * once, so a slow or silent neighbour holds up nothing else. Everything caught here is said in the log; the session is
 * a cache that is dropped after any surprise and built anew from D1.
 */
import { acdTraits } from '../acd/registry.ts';
import { type HandedOver, type HandOverAnswer, handedOverSchema } from '../domain/handed-over.ts';
import type { Clock } from '../runtime.ts';
import { askForRoster, readConfigVersion } from '../store/config-version.ts';
import { addEvent } from '../store/events.ts';
import { readFeeds, saveFeed } from '../store/feeds.ts';
import { holdsLease, LeaseLostError } from '../store/lease.ts';
import { readWaitingWork, type WaitingWork } from '../store/waiting-work.ts';
import { type Applied, applyRecords, type GivenRecords, RecordsRefusedError } from './apply-records.ts';
import { closeNextWindow, workOffTouched } from './close-windows.ts';
import { collectIntervals, extendLedger } from './collect-intervals.ts';
import { deliverAgentStates } from './deliver-agent-states.ts';
import { deliverNextReports, raiseReportsOfPlacedAgents } from './deliver-reports.ts';
import { importRosterWhenDue } from './import-roster.ts';
import { lookAtAgents } from './look-at-agents.ts';
import { sendSetAsideAgain } from './send-again.ts';
import { sendHeartbeatWhenDue } from './send-heartbeat.ts';
import {
  ALL_HELD_REPORTS,
  type BridgeDeps,
  ConnectionUnusableError,
  feedOf,
  loadConfig,
  openSession,
  replaceConfig,
  type Session,
} from './session.ts';
import { flushProgress } from './stream-progress.ts';
import { takeHandedOver } from './take-over.ts';
import { beginWatch, keepWatch, type Watch } from './watch-minute-job.ts';
import { workOffBackfill } from './work-off-backfill.ts';
import { workOffImport } from './work-off-import.ts';

/** Contract and faults S1: never two polls less than 3.000 s apart. */
const POLL_DISTANCE_MS = 3_000;
/** The shortest period, a little over 3 s, so that timers that are a millisecond early or late keep the distance. */
const PERIOD_MIN_MS = 3_005;
/** The platform puts an object that idles for 10 s to sleep, with its memory: tick more often than that. */
export const TICK_MAX_MS = 8_000;
/** Progress that no poll takes along within this time is stored at once. */
const PROGRESS_WAITS_MAX_MS = 10_000;
/** So much later than its tick a poll may begin without the next tick being moved: opening a session takes longer. */
const POLL_SLACK_MS = 20;
/** So much later a new session's poll may leave than it begins: it reads its token first. */
const FIRST_POLL_SLACK_MS = 100;
/** How much earlier than its point on the grid a poll may begin. */
const EARLY_MS = 50;
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
/** A lane gives others a turn after so many steps. */
const STEPS_PER_TURN_MAX = 50;

export type LoopLog = (entry: {
  level: 'info' | 'warn' | 'error';
  message: string;
  connectionId: number;
  detail?: string;
}) => void;

/** How long the loop wants to wait until its next tick; null when the connection is gone or paused: then it ends. */
export type NextTick = { readonly inMs: number } | null;

const NOTHING_TO_DO = async () => undefined;

type Lane = 'send-states' | 'intervals' | 'reports' | 'heartbeat' | 'watch';

/** How often agents are polled, milliseconds. */
function pollPeriodMs(session: Session): number {
  return Math.max(PERIOD_MIN_MS, acdTraits(session.config.settings.acd).pollIntervalS * 1_000);
}

/** How often the loop ticks for a poll period: the period itself, or an even part of it. */
export function tickPeriodMs(periodMs: number): number {
  return periodMs / Math.ceil(periodMs / TICK_MAX_MS);
}

/**
 * The first point of the grid of `periodMs` at least half a period after `nowMs`: where the next tick belongs. Ticks
 * keep to the grid however late one was, and one that is early by a breath is not run twice. After a late one the next
 * comes no sooner than a poll may: whoever is killed in a tick has forgotten when its poll began, and the next tick polls.
 */
export function nextOnGridMs(nowMs: number, periodMs: number): number {
  const distanceMs = Math.min(POLL_DISTANCE_MS, Math.max(periodMs, 100));
  return Math.max(Math.ceil((nowMs + periodMs / 2) / periodMs) * periodMs, nowMs + distanceMs);
}

/** True when a point of the poll grid has passed since the last poll began, and no back-off stands against it. */
function isPollDue(session: Session, nowMs: number, periodMs: number): boolean {
  if (nowMs < feedOf(session, 'agent-states').retryAtMs) return false;
  const lastMs = session.pollStartedMs ?? session.head?.untilMs;
  if (lastMs === undefined || lastMs > nowMs + periodMs) return true;
  return Math.floor((nowMs + EARLY_MS) / periodMs) > Math.floor((lastMs + EARLY_MS) / periodMs);
}

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
  readonly #running = new Map<Lane, Promise<void>>();
  /** Whatever writes the log of state changes does so in turn. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(deps: BridgeDeps, connectionId: number, log: LoopLog) {
    this.#deps = { ...deps, keepers: new Map() };
    this.#connectionId = connectionId;
    this.#log = log;
  }

  /**
   * One tick. Never throws. Resolves when the poll is committed and the lanes are idle, or `laneBudgetMs` after the poll
   * at the latest: lanes that are still busy go on by themselves. `beforePoll` is awaited before a poll begins, with the
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
    if (nowMs < this.#standBackUntilMs) return { inMs: this.#standBackUntilMs - nowMs };
    const session = await this.#open();
    if (!session) return null;
    const periodMs = pollPeriodMs(session);
    let work: WaitingWork | null = null;
    if (isPollDue(session, nowMs, periodMs)) {
      await this.#keepDistance(session);
      const slackMs = session.pollStartedMs === null ? FIRST_POLL_SLACK_MS : -POLL_SLACK_MS;
      await beforePoll(this.#deps.clock.nowMs() + POLL_DISTANCE_MS + slackMs);
      work = await this.#inTurn(() => lookAtAgents(this.#deps, session));
    }
    work ??= await readWaitingWork(this.#deps.db, this.#connectionId, this.#deps.clock.nowMs());
    if (work?.configVersion !== session.config.version) {
      if (!(await this.#reload(session))) return null;
      work = { ...ALL_WORK, configVersion: session.config.version };
    }
    const { intervalsDue, importOpen, backfillOpen, reportsWait, intervalsTouched } = work;
    this.#start('send-states', session, () => this.#sendStates(session));
    this.#start('intervals', session, () => this.#readIntervals(session, { intervalsDue, importOpen, backfillOpen }));
    this.#start('reports', session, () => this.#sendReports(session, reportsWait === 1, intervalsTouched === 1));
    this.#start('heartbeat', session, () => sendHeartbeatWhenDue(this.#deps, session));
    this.#watch ??= beginWatch(nowMs);
    const watch = this.#watch;
    this.#start('watch', session, () => keepWatch(this.#deps, session, watch, periodMs));
    const idle = new AbortController();
    await Promise.race([Promise.all(this.#running.values()), this.#deps.clock.sleep(laneBudgetMs, idle.signal)]);
    idle.abort();
    // The next poll takes the stream's progress along, unless it is far away or may not come.
    if (periodMs > PROGRESS_WAITS_MAX_MS || feedOf(session, 'agent-states').failures > 0) {
      await flushProgress(this.#deps, session);
    }
    return { inMs: tickPeriodMs(periodMs) };
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

  async #keepDistance(session: Session): Promise<void> {
    const lastMs = session.pollStartedMs ?? session.head?.untilMs ?? 0;
    const waitMs = lastMs + POLL_DISTANCE_MS - this.#deps.clock.nowMs();
    if (waitMs > 0 && waitMs <= POLL_DISTANCE_MS) await this.#deps.clock.sleep(waitMs);
  }

  /**
   * Sends a record that was set aside once more, or reads or raises what it came from. Says how it went. Takes the place
   * of the lane that sends states, so that there are never two requests of one stream in flight.
   */
  async sendAgain(setAsideId: number): Promise<{ ok: boolean; message: string }> {
    return this.#inPlaceOf('send-states', () => this.#sendAgain(setAsideId));
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
    return this.#inPlaceOf('intervals', () => this.#apply(given));
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
      await (parsed.data.kind === 'interval' ? this.#inPlaceOf('intervals', take) : this.#inTurn(take));
      return { ok: true };
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      return { ok: false, message: error.message };
    }
  }

  #takeOver(memberId: number, handed: HandedOver): Promise<void> {
    return this.#withSession(async (session) => {
      if (session.config.settings.acd.kind !== 'merged') {
        throw new RecordsRefusedError(
          'The connection that this one hands over to merges no others. Choose another one.',
        );
      }
      await takeHandedOver(this.#deps, session, memberId, handed);
      if (handed.kind !== 'interval') this.#start('send-states', session, () => this.#sendStates(session));
    });
  }

  #apply(given: GivenRecords): Promise<Applied> {
    return this.#withSession(async (session) => {
      const applied = await applyRecords(this.#deps, session, given);
      if (given.kind === 'state-changes') this.#start('send-states', session, () => this.#sendStates(session));
      return applied;
    });
  }

  /** Runs with the session as it is now. Throws `RecordsRefusedError` when there is none. */
  async #withSession<T>(run: (session: Session) => Promise<T>): Promise<T> {
    try {
      const session = await this.#open();
      const isCurrent = session !== null && (await this.#takeOverChanges(session));
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

  /** Waits until a lane is idle and runs in its place, so that the two never work side by side. */
  async #inPlaceOf<T>(lane: Lane, run: () => Promise<T>): Promise<T> {
    for (let busy = this.#running.get(lane); busy; busy = this.#running.get(lane)) await busy;
    const work = run();
    const isOver = work.then(NOTHING_TO_DO, NOTHING_TO_DO).finally(() => this.#running.delete(lane));
    this.#running.set(lane, isOver);
    return work;
  }

  /** Asks for the roster with the next tick. */
  async askForRoster(): Promise<void> {
    const session = this.#session;
    const feed = session && feedOf(session, 'roster');
    if (session && feed) session.feeds.set('roster', { ...feed, successAtMs: null, retryAtMs: 0 });
    await askForRoster(this.#deps.db, this.#connectionId);
  }

  /** Takes over changed settings and mapping. False when the connection is gone or paused. */
  async #reload(session: Session): Promise<boolean> {
    const before = session.config;
    const config = await loadConfig(this.#deps, this.#connectionId, before);
    if (!config) {
      // Paused or gone: nothing more is read or sent.
      await flushProgress(this.#deps, session);
      this.#session = null;
      return false;
    }
    const feeds = await readFeeds(this.#deps.db, this.#connectionId);
    replaceConfig(session, config);
    const clientsChanged = config.acd !== before.acd;
    if (clientsChanged) {
      // Another source object has no last answer to compare with, and what failed may go well with the new settings.
      session.lastAgents = null;
      session.unsettled = true;
      session.readsIntervalsOneByOne = false;
    }
    // How feeds and streams stand is this session's to say; only the roster can be asked for from outside.
    const isRosterAsked = clientsChanged || feeds.get('roster')?.successAtMs === null;
    for (const [name, feed] of session.feeds) {
      const isAsked = name === 'roster' && isRosterAsked;
      // Somebody may have saved the connection to have it tried; whether it may be is for the keeper of its token to say.
      const isUnanswered = feed.errorKind === 'unanswered sign-in';
      const again = clientsChanged || isAsked || isUnanswered ? { retryAtMs: 0 } : {};
      session.feeds.set(name, { ...feed, ...again, ...(isAsked ? { successAtMs: null } : {}) });
    }
    if (clientsChanged) {
      for (const [name, stream] of session.streams) session.streams.set(name, { ...stream, retryAtMs: 0 });
    }
    session.heldReportsBeforeMs = ALL_HELD_REPORTS;
    return true;
  }

  async #sendStates(session: Session): Promise<void> {
    for (let step = 0; step < STEPS_PER_TURN_MAX; step++) {
      const { more, pauseMs } = await deliverAgentStates(this.#deps, session);
      if (!more) return;
      if (pauseMs === undefined) continue;
      // Not asleep when the next poll brings something live: that tick begins a new turn, with the live changes.
      if (this.#deps.clock.nowMs() + pauseMs >= this.#turnEndsMs) return;
      await this.#deps.clock.sleep(pauseMs);
    }
  }

  async #readIntervals(
    session: Session,
    work: Pick<WaitingWork, 'intervalsDue' | 'importOpen' | 'backfillOpen'>,
  ): Promise<void> {
    if (await importRosterWhenDue(this.#deps, session)) await this.#takeOverRoster(session);
    const isExtended = await extendLedger(this.#deps, session);
    if (isExtended || work.intervalsDue) await inSteps(() => collectIntervals(this.#deps, session));
    if (work.importOpen) await inSteps(() => workOffImport(this.#deps, session));
    if (work.backfillOpen) await inSteps(() => this.#loadAndSend(session));
  }

  /** What a step of a backfill brought goes out while the next one is read. */
  async #loadAndSend(session: Session): Promise<boolean> {
    const isMore = await workOffBackfill(this.#deps, session);
    this.#start('reports', session, () => this.#sendReports(session, true, false));
    return isMore;
  }

  /** Takes settings and mapping over as they are now. False when the connection is gone or paused. */
  async #takeOverChanges(session: Session): Promise<boolean> {
    const version = await readConfigVersion(this.#deps.db, this.#connectionId);
    return version === session.config.version || (await this.#reload(session));
  }

  /** What an import changed is in use at once, and what waited for it goes out. */
  async #takeOverRoster(session: Session): Promise<void> {
    if (!(await this.#takeOverChanges(session))) return;
    this.#start('send-states', session, () => this.#sendStates(session));
  }

  async #sendReports(session: Session, reportsWait: boolean, intervalsTouched: boolean): Promise<void> {
    const closedCount = await inSteps(() => closeNextWindow(this.#deps, session));
    if (intervalsTouched) await inSteps(() => workOffTouched(this.#deps, session));
    const isRaised = await raiseReportsOfPlacedAgents(this.#deps, session);
    if (!reportsWait && !intervalsTouched && closedCount === 0 && !isRaised) return;
    await inSteps(() => deliverNextReports(this.#deps, session, 'historical'));
    await inSteps(() => deliverNextReports(this.#deps, session, 'agent-activity'));
  }

  /** Sets a lane going unless it still is. */
  #start(lane: Lane, session: Session, run: () => Promise<void>): void {
    if (this.#running.has(lane)) return;
    const work = run()
      .catch(async (error: unknown) => {
        if (this.#session === session) await this.#afterSurprise(error);
      })
      .finally(() => this.#running.delete(lane));
    this.#running.set(lane, work);
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
    if (unusable) await this.#noteUnusable(error);
    return { inMs: lost ? STAND_BACK_MS : unusable ? UNUSABLE_RETRY_MS : 5_000 };
  }

  async #noteUnusable(error: ConnectionUnusableError): Promise<void> {
    await noteUnusable(this.#deps, this.#connectionId, error.message).catch((cause: unknown) => {
      this.#log({
        level: 'error',
        message: `The diary cannot be written: ${String(cause)}`,
        connectionId: this.#connectionId,
      });
    });
  }
}

/** Repeats a step while it says that there is more, so often that others get their turn. Returns how often it said so. */
async function inSteps(run: () => Promise<boolean>): Promise<number> {
  for (let step = 0; step < STEPS_PER_TURN_MAX; step++) if (!(await run())) return step;
  return STEPS_PER_TURN_MAX;
}

async function stillHolds(deps: { db: D1Database; clock: Clock }, session: Session): Promise<boolean> {
  try {
    return await holdsLease(deps.db, session);
  } catch {
    // D1 does not answer: that is the surprise, not the lease.
    return true;
  }
}

/** Shows on the pages why a connection does not run. */
async function noteUnusable(deps: BridgeDeps, connectionId: number, message: string): Promise<void> {
  const feeds = await readFeeds(deps.db, connectionId);
  const feed = feeds.get('agent-states');
  if (!feed || feed.error === message) return;
  const nowMs = deps.clock.nowMs();
  const standing = {
    ...feed,
    failures: feed.failures + 1,
    failingSinceMs: feed.failingSinceMs ?? nowMs,
    error: message,
    errorKind: 'unusable',
  };
  await deps.db.batch([
    saveFeed(deps.db, connectionId, 'agent-states', standing),
    addEvent(deps.db, { connectionId, atMs: nowMs, kind: 'cannot run', severity: 'error', message }),
  ]);
}
