/**
 * The oracle of a run: it hears every commit, every exchange and every body that Mpower accepts, looks at the database
 * once a simulated day and at the end, and notes what breaks a promise.
 */

import { acdTraits } from '../../src/acd/registry.ts';
import type { ConnectionSettings } from '../../src/connection.ts';
import { assessHealth, type HealthStatus } from '../../src/domain/health.ts';
import { addsUp } from '../../src/domain/health-facts.ts';
import { readOverview } from '../../src/store/overview.ts';
import type { Committed, SimDatabase } from './d1.ts';
import { ReportsJudge } from './judge-reports.ts';
import { StatesJudge } from './judge-states.ts';
import { wrongSums } from './judge-sums.ts';
import type { MpowerEvents } from './mpower.ts';
import { NCC_ORIGIN, type Ncc } from './ncc.ts';
import type { Exchange } from './network.ts';
import type { BridgeProcess } from './process.ts';
import { Saboteur } from './sabotage.ts';
import type { Verdicts } from './verdicts.ts';
import type { World } from './world.ts';

const POLL_DISTANCE_MS = 3_000;
const HOUR_MS = 3_600_000;
/** A change that waits longer must not stand beside a healthy connection, but while a backlog is worked off. */
const UNDELIVERED_MS = 10 * 60_000;

export class Judge {
  readonly states: StatesJudge;
  readonly reports: ReportsJudge;
  readonly saboteur: Saboteur;
  readonly #db: SimDatabase;
  readonly #settings: ConnectionSettings;
  readonly #verdicts: Verdicts;
  readonly #world: World;
  readonly #inFlight = new Map<string, number>();
  #lastPoll: { atMs: number; processId: number; refused: boolean; isBeside: boolean } | null = null;
  /** No account has been settled before this: a fault of the database made restarts forget. */
  forgivenUntilMs = 0;
  polls = 0;
  accepted = 0;

  constructor(db: SimDatabase, ncc: Ncc, settings: ConnectionSettings, verdicts: Verdicts, world: World) {
    const { pollIntervalS } = acdTraits(settings.acd);
    const rules = {
      missingAnswersToSignOut: settings.collection.missingAnswersToSignOut,
      unobservedAfterMs: Math.max(60_000, 4_000 * pollIntervalS),
    };
    this.#db = db;
    this.#settings = settings;
    this.#verdicts = verdicts;
    this.#world = world;
    this.states = new StatesJudge(db, ncc, rules, verdicts);
    this.reports = new ReportsJudge(db, ncc, this.states, verdicts);
    this.saboteur = new Saboteur(world.options.sabotage ?? null, () => world.scheduler.nowMs);
    for (const { index, username } of ncc.employees) if (username === '') this.reports.placedLate.add(index);
  }

  committed(changes: readonly Committed[], process: BridgeProcess | null): void {
    this.states.committed(changes, process, this.#world.scheduler.nowMs);
    for (const change of changes) {
      if (change.kind !== 'set aside' || change.stream === 'acd' || change.status !== 'set aside') continue;
      this.states.setAside(change.stream, change.key, change.atMs);
    }
  }

  mpowerEvents(): MpowerEvents {
    return this.saboteur.between({
      states: (events) => {
        this.accepted += events.length;
        this.states.accepted(events);
      },
      historical: (report) => this.reports.acceptedHistorical(report),
      activity: (report) => this.reports.acceptedActivity(report),
      refusedAlone: (stream, key, atMs) => this.states.refused(stream, key, atMs),
      tooLarge: (stream, atMs) => this.reports.tooLarge(stream, atMs),
      malformed: (path, issues) =>
        this.#verdicts.violation('contract', `A body for ${path} breaks the contract: ${issues}`),
    });
  }

  readonly exchanges = {
    onStart: (exchange: Exchange) => {
      const { url, process } = exchange;
      const key = this.#laneOf(exchange);
      const count = (this.#inFlight.get(key) ?? 0) + 1;
      this.#inFlight.set(key, count);
      if (count > 1 && !url.pathname.startsWith('/data/')) {
        this.#verdicts.violation('in flight', `Process ${process.id} has ${count} calls of ${url.pathname} in flight.`);
      }
      if (url.pathname === '/wfm/realTime') this.#polled(process);
    },
    onEnd: (exchange: Exchange) => {
      const key = this.#laneOf(exchange);
      this.#inFlight.set(key, (this.#inFlight.get(key) ?? 1) - 1);
    },
    onReply: ({ url }: Exchange, status: number) => {
      if (url.pathname === '/wfm/realTime' && status === 401 && this.#lastPoll) this.#lastPoll.refused = true;
      if (!url.pathname.endsWith('token-with-authorities') && !url.pathname.endsWith('access-key')) return;
      const isNcc = url.origin === NCC_ORIGIN;
      this.saboteur.signedIn((isNcc ? this.#world.ncc : this.#world.mpower).office.tries);
      if (status === 401) this.#refusedSignIn(isNcc);
    },
  };

  #laneOf({ url, process }: Exchange): string {
    return `${process.id} ${url.origin} ${url.pathname}`;
  }

  #polled({ id }: BridgeProcess): void {
    const atMs = this.#world.scheduler.nowMs;
    this.polls += 1;
    const last = this.#lastPoll;
    const isBeside = this.#world.second !== null;
    this.#lastPoll = { atMs, processId: id, refused: false, isBeside };
    if (!last || last.refused || atMs - last.atMs >= POLL_DISTANCE_MS) return;
    // Of two loops neither knows of the other's poll before it is committed, also when one of them has just died.
    if ((isBeside || last.isBeside) && last.processId !== id) return;
    this.#verdicts.violation(
      'poll distance',
      `Two polls ${atMs - last.atMs} ms apart (processes ${last.processId} and ${id}).`,
    );
  }

  /** What is counted by the clock begins anew: the bridge has no other. */
  clockStepped(): void {
    this.forgivenUntilMs = this.#world.scheduler.nowMs;
    this.#lastPoll = null;
  }

  #refusedSignIn(isNcc: boolean): void {
    const { ncc, mpower, scheduler } = this.#world;
    const { nowMs } = scheduler;
    const { tries } = (isNcc ? ncc : mpower).office;
    const lately = tries.filter(
      ({ refused, atMs }) => refused && atMs > nowMs - HOUR_MS && atMs > this.forgivenUntilMs,
    );
    if (lately.length > 3) this.#verdicts.violation('sign-in', `${lately.length} refused sign-ins within an hour.`);
  }

  /** Something was logged: only what was injected may be a surprise to the loop. */
  logged(message: string, detail: string | undefined): void {
    if (message.includes('injected') || detail?.includes('injected')) return;
    if (detail === undefined) return;
    const lostLease = message.includes('lease.epoch');
    if (lostLease) return;
    this.#verdicts.violation('surprise', `${message} ${detail.split('\n').slice(1, 4).join(' ')}`);
  }

  /** What has to hold at any moment. */
  async checkDay(): Promise<void> {
    this.states.checkNothingLost();
    this.reports.checkLedger(this.#world.bridgeNowMs(), false);
    for (const message of wrongSums(this.#db)) this.#verdicts.violation('account', message);
    const [facts] = await readOverview(this.#world.adminDb(), this.#world.bridgeNowMs());
    for (const { name, account } of facts?.streams ?? []) {
      if (addsUp(account)) continue;
      this.#verdicts.violation('account', `${name}: ${JSON.stringify(account)} does not add up.`);
    }
  }

  /** Without any fault an account signs in once, and again only after a token's life in which nothing was sent. */
  checkSignIns(): void {
    const { ncc, mpower, habits } = this.#world;
    const offices = [
      { name: 'NCC', lifeMs: habits.ncc.tokenLifeMs, tries: ncc.office.tries },
      { name: 'Mpower', lifeMs: habits.mpowerTokenLifeMs, tries: mpower.office.tries },
    ];
    for (const { name, lifeMs, tries } of offices) {
      const hasHurried = tries.some(({ atMs }, i) => i > 0 && atMs - (tries[i - 1]?.atMs ?? 0) < lifeMs);
      if (hasHurried)
        this.#verdicts.violation('sign-in', `Two sign-ins to ${name} within one token's life, and nothing was wrong.`);
    }
  }

  async health(): Promise<HealthStatus> {
    const nowMs = this.#world.bridgeNowMs();
    const [facts] = await readOverview(this.#world.adminDb(), nowMs);
    if (!facts) return 'not configured';
    const { acd, collection } = this.#settings;
    const credentialsOf = { 'agent-states': '', intervals: '', roster: '' };
    return assessHealth(
      facts,
      {
        missing: [],
        collectionIntervalMs: acdTraits(acd).pollIntervalS * 1_000,
        settleDelayMs: collection.settleDelayS * 1_000,
        acdName: 'NCC',
        wfmName: 'Mpower',
        areFiguresAsked: true,
        credentialsOf,
      },
      nowMs,
    ).status;
  }

  /** A stall shows: when no look was committed for too long, health says so. */
  async checkHealth(): Promise<void> {
    const { scheduler, collector, machine } = this.#world;
    const { nowMs } = scheduler;
    if (!collector.process.alive || nowMs < machine.pausedUntilMs || this.states.firstLookMs === null) return;
    if (this.#world.has('C4') || machine.clockOffsetMs !== 0) return;
    const allowedMs = 2_000 * acdTraits(this.#settings.acd).pollIntervalS + 60_000 + 75_000;
    // A host that was off or suspended has to look around first.
    const sinceMs = Math.max(collector.process.startedMs, machine.pausedUntilMs);
    const silentMs = nowMs - Math.max(this.states.lookedTrueMs, sinceMs);
    const isSilent = silentMs > allowedMs && (this.states.untilMs ?? 0) <= nowMs;
    const undeliveredMs = nowMs - Math.max(this.states.waitingSinceMs() ?? nowMs, sinceMs);
    if (!isSilent && undeliveredMs <= UNDELIVERED_MS) return;
    const status = await this.health();
    if (isSilent && status !== 'stalled' && status !== 'paused') {
      this.#verdicts.violation(
        'health',
        `Nothing was read for ${Math.round(silentMs / 1_000)} s, and health says ${status}.`,
      );
    }
    if (undeliveredMs > UNDELIVERED_MS && status === 'healthy' && !this.#isCatchingUp()) {
      this.#verdicts.violation(
        'health',
        `A change waits for ${Math.round(undeliveredMs / 1_000)} s, and health says healthy.`,
      );
    }
  }

  #isCatchingUp(): boolean {
    const sql = `SELECT catch_up_log_id AS id FROM stream WHERE name = 'agent-states'`;
    return (this.#world.database.query<{ id: number | null }>(sql)[0]?.id ?? null) !== null;
  }

  /** After the faults, with time to settle: everything has arrived. */
  async checkEnd(): Promise<void> {
    this.saboteur.atEnd(this.#db);
    await this.checkDay();
    this.states.checkDelivered();
    const nowMs = this.#world.bridgeNowMs();
    this.reports.checkLedger(nowMs, true);
    this.reports.checkLateFigures(this.#world.scheduler.nowMs);
    const { reportMinutes, settleDelayS } = this.#settings.collection;
    this.reports.checkWindows(reportMinutes * 60_000, nowMs - settleDelayS * 1_000 - 900_000);
    const status = await this.health();
    if (status === 'stalled') this.#verdicts.violation('health', 'Health says stalled although nothing is.');
  }
}
