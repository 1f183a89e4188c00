/**
 * Delivers the reports that wait, newest window first: the live one before history. A report is built from stored facts
 * when it is sent, or a second before, so what goes out is the latest revision; one that comes up meanwhile waits its turn.
 */
import { acdTraits } from '../acd/registry.ts';
import { toHex } from '../crypto/bytes.ts';
import { MINUTE_MS } from '../domain/interval.ts';
import { acceptReports, keepBodies } from '../store/accepted-reports.ts';
import { readToldWindows } from '../store/agent-figures.ts';
import { saveStream } from '../store/feeds.ts';
import { readImportedWindows } from '../store/import-facts.ts';
import { guardLease } from '../store/lease.ts';
import { readFiguresOfWindows } from '../store/queue-intervals.ts';
import { readWaiting, type WaitingReport, type WindowedStream } from '../store/reports.ts';
import { setAside } from '../store/set-aside.ts';
import { readFirstLookMs } from '../store/state-log.ts';
import { wfmTraits } from '../wfm/registry.ts';
import type { Outcome } from '../wfm/wfm.ts';
import {
  type AcceptedReport,
  acceptedReport,
  keyOfRecord,
  type ReportRecord,
  recordsOf,
  type SentBody,
  type SentReport,
  withRecords,
} from './accepted-report.ts';
import { type BuiltReport, buildActivity, buildHistorical } from './build-reports.ts';
import { noteRefusedKeys, refusedKeysOf } from './refused-keys.ts';
import { streamFailed, streamSucceeded } from './report-standing.ts';
import { isLargerThan, TOO_LARGE } from './send-events.ts';
import { type Failure, sendInOrder } from './send-in-order.ts';
import { ALL_HELD_REPORTS, type BridgeDeps, type Config, feedOf, type Session, streamOf } from './session.ts';
import { isWindowComplete } from './watch-members.ts';

/** A historical report waits so long after it is due for its agents' times; then it goes without, and again with them. */
const PATIENCE_MS = 3 * MINUTE_MS;
const REPORTS_PER_ROUND_MAX = 20;
/** What was accepted is stored after so long at the latest. */
const ROUND_MS = 1_000;
/** Bodies of a round are held until they are stored. */
const ROUND_CHARS_MAX = 4_000_000;
/** While a larger body is under way no further one is built: memory. */
const AHEAD_CHARS_MAX = 1_000_000;

/**
 * Sends reports of a stream that are ready, one after the other, for about a second: what they are made of is read once for
 * all of them. What became of each is stored before the next one leaves; of a full round, which is a backlog, once for all of
 * them. Whoever is killed in between sends that one, or that round, again, identical.
 * Returns true when another one may be ready right away.
 */
export async function deliverNextReports(deps: BridgeDeps, session: Session, stream: WindowedStream): Promise<boolean> {
  const beganMs = deps.clock.nowMs();
  if (beganMs < streamOf(session, stream).retryAtMs) return false;
  const ready = await readReady(deps, session, stream, beganMs);
  if (ready.length === 0) return false;
  const isBacklog = ready.length === REPORTS_PER_ROUND_MAX;
  const build = await builderOf(deps, session, stream, ready);
  const prepare = async (one: ReadyReport): Promise<PreparedReport> => {
    const { config } = session;
    const built = await build(one);
    return { ...one, config, built, body: config.wfm.compose(built.report) };
  };
  const round: Round = { accepted: [], acceptedCount: 0, refusedKeys: refusedKeysOf(session, stream) };
  let failure: Failure | null = null;
  let chars = 0;
  let ahead: Promise<PreparedReport> | null = null;
  try {
    for (const [i, one] of ready.entries()) {
      const early = await ahead;
      ahead = null;
      const prepared = early?.config === session.config ? early : await prepare(one);
      const sending = sendReport(deps, session, stream, { ...prepared, refusedKeys: round.refusedKeys });
      const next = ready[i + 1];
      if (next && prepared.body.length <= AHEAD_CHARS_MAX) {
        ahead = whileUnderWay(deps, sending, round, () => prepare(next));
      }
      const sent = await sending;
      failure = sent.failure;
      if (failure) break;
      // Built with a mapping that is not in force any more: it may have left out who can be placed by now.
      if (session.config !== prepared.config) session.heldReportsBeforeMs = ALL_HELD_REPORTS;
      round.acceptedCount += sent.accepted;
      round.refusedKeys = sent.refusedKeys;
      const acceptedAtMs = deps.clock.nowMs();
      round.accepted.push(lazily(() => acceptedReport(stream, one.report, prepared.built, sent, acceptedAtMs)));
      chars += sent.bodies.reduce((sum, { body }) => sum + body.length, 0);
      if (!isBacklog) await storeRound(deps, session, stream, round);
      if (deps.clock.nowMs() - beganMs >= ROUND_MS || chars >= ROUND_CHARS_MAX) break;
    }
  } finally {
    await ahead?.catch(HEARD_LATER);
    // What the WFM has accepted is stored whatever happened to the next one.
    await storeRound(deps, session, stream, round);
  }
  if (failure) await streamFailed(deps, session, stream, failure);
  return failure === null;
}

/** Of a failure hears whoever waits for the result. */
const HEARD_LATER = () => undefined;

/** A body has left after so long: the platform sends it piece by piece, between whatever else there is to do. */
const LEAVES_MS = 1;

/** Compresses the last accepted report and prepares the next one while the one between them is under way to the WFM. */
function whileUnderWay(
  { clock }: BridgeDeps,
  sending: Promise<unknown>,
  { accepted }: Round,
  prepare: () => Promise<PreparedReport>,
): Promise<PreparedReport> {
  const ahead = Promise.race([sending, clock.sleep(LEAVES_MS)])
    .then(() => accepted.at(-1)?.())
    .then(prepare);
  ahead.catch(HEARD_LATER);
  return ahead;
}

/** Work that is done when somebody asks for its result, once. */
function lazily<T>(work: () => Promise<T>): () => Promise<T> {
  let begun: Promise<T> | undefined;
  return () => {
    begun ??= work();
    return begun;
  };
}

/** A report that can be sent now. */
interface ReadyReport {
  readonly report: WaitingReport;
  readonly readiness: 'watched' | 'unwatched';
}

async function readReady(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  nowMs: number,
): Promise<ReadyReport[]> {
  const { db } = deps;
  const [waiting, firstLookMs] = await Promise.all([
    readWaiting(db, session.connectionId, stream, REPORTS_PER_ROUND_MAX),
    readFirstLookMs(db, session.connectionId),
  ]);
  const ready: ReadyReport[] = [];
  for (const report of waiting) {
    const readiness = readinessOf(session, stream, report, nowMs, firstLookMs ?? Number.POSITIVE_INFINITY);
    if (readiness === 'not yet' || !(await areMembersIn(deps, session, stream, report))) continue;
    ready.push({ report, readiness });
  }
  return ready;
}

/** A report built with the settings and the mapping of `config`, and its body. */
interface PreparedReport extends ReadyReport {
  readonly config: Config;
  readonly built: BuiltReport;
  readonly body: string;
}

/** Reads what the reports of a round are made of; the mapping is the one in force when each is built. */
async function builderOf(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  ready: readonly ReadyReport[],
): Promise<(one: ReadyReport) => Promise<BuiltReport>> {
  if (stream === 'agent-activity') return ({ report }) => buildActivity(deps, session, report);
  const windows = ready.map(({ report }) => report);
  const unwatched = ready.filter(({ readiness }) => readiness === 'unwatched').map(({ report }) => report);
  const [figures, imported, told] = await Promise.all([
    readFiguresOfWindows(deps.db, session.connectionId, windows),
    readImportedWindows(deps.db, session.connectionId, unwatched),
    readToldWindows(deps.db, session.connectionId, windows),
  ]);
  return ({ report, readiness }) =>
    buildHistorical(deps, session, report, {
      rows: figures.get(report.startMs) ?? [],
      watched: readiness === 'watched' || imported.has(report.startMs),
      tellsTimes: told.times.has(report.startMs),
      tellsByQueue: told.byQueue.has(report.startMs),
    });
}

function readinessOf(
  session: Session,
  stream: WindowedStream,
  { startMs, endMs }: WaitingReport,
  nowMs: number,
  firstLookMs: number,
): 'watched' | 'unwatched' | 'not yet' {
  if (stream === 'agent-activity') return 'watched';
  const isTold = acdTraits(session.config.settings.acd).agentStates !== 'snapshots';
  // What a source tells is known for time before the bridge began, too.
  if (endMs <= firstLookMs) return isTold ? 'watched' : 'unwatched';
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? 0;
  if (endMs <= closedThroughMs || startMs < closedThroughMs) return 'watched';
  const settleDelayMs = session.config.settings.collection.settleDelayS * 1_000;
  return nowMs > endMs + settleDelayMs + PATIENCE_MS ? 'unwatched' : 'not yet';
}

/** A merged report goes out when every member has handed its window over: later ones come as they come. */
async function areMembersIn(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  report: WaitingReport,
): Promise<boolean> {
  if (!acdTraits(session.config.settings.acd).merges || stream !== 'historical') return true;
  return report.deliveredRevision > 0 || isWindowComplete(deps, session, report);
}

/** What the reports of one round leave to be stored. */
interface Round {
  /** Not stored yet. */
  accepted: (() => Promise<AcceptedReport>)[];
  /** Records accepted. */
  acceptedCount: number;
  /** Whose records were refused since something was accepted. */
  refusedKeys: ReadonlySet<string>;
}

/** Sends one report whole, or in parts where it is too large, without the records that the WFM refuses for good. */
async function sendReport(
  deps: BridgeDeps,
  session: Session,
  stream: WindowedStream,
  { report, built, body: whole, refusedKeys }: PreparedReport & Pick<Round, 'refusedKeys'>,
): Promise<SentReport> {
  const { wfm, settings } = session.config;
  const { bodyBytesMax, takesChanges } = wfmTraits(settings.wfm);
  const records = recordsOf(built);
  let bodies: SentBody[] = [];
  const send = async (part: readonly ReportRecord[]): Promise<Outcome> => {
    const body = part.length === records.length ? whole : wfm.compose(withRecords(built, part));
    if (part.length > 1 && isLargerThan(body, bodyBytesMax)) return TOO_LARGE;
    const sentAtMs = deps.clock.nowMs();
    const outcome = await wfm.send(stream, body);
    if (outcome.kind === 'accepted') bodies.push({ body, sentAtMs, status: outcome.status });
    return outcome;
  };
  const result = await sendInOrder(records, { send, refusedKeys, keyOf: keyOfRecord });
  let failure: Failure | null = result.failure;
  if ((takesChanges || report.wasTold) && records.length === 0) {
    const empty = await send([]);
    // A WFM that takes no empty report keeps what it has: there is no record to set aside, and nothing to wait for.
    failure = empty.kind === 'accepted' || empty.kind === 'refused' || empty.kind === 'too large' ? null : empty;
  }
  if (!failure && result.refused.length > 0 && !result.split && result.accepted.size > 0) {
    // The search for the refused records sent parts, and a later part replaces an earlier one: send the rest whole.
    const refused = new Set(result.refused.map(({ record }) => record));
    bodies = [];
    const rest = await send(records.filter((record) => !refused.has(record)));
    failure = rest.kind === 'accepted' ? null : rest;
  }
  return { ...result, accepted: result.accepted.size, failure, bodies };
}

async function storeRound(deps: BridgeDeps, session: Session, stream: WindowedStream, round: Round): Promise<void> {
  const { db } = deps;
  const { connectionId } = session;
  if (round.accepted.length === 0) return;
  const { acceptedCount } = round;
  const taken = round.accepted;
  // A failure to store is a surprise that ends the session: nothing is stored twice.
  round.accepted = [];
  round.acceptedCount = 0;
  const accepted = await Promise.all(taken.map((note) => note()));
  await db.batch([
    guardLease(db, session),
    ...acceptReports(
      db,
      session,
      stream,
      accepted.map(({ acceptance }) => acceptance),
    ),
    ...keepBodies(
      db,
      connectionId,
      stream,
      accepted.flatMap(({ bodies }) => bodies),
      toHex,
    ),
    ...accepted.flatMap((one) => (one.setAside.length > 0 ? [setAside(db, connectionId, one.setAside)] : [])),
  ]);
  if (acceptedCount > 0) await streamSucceeded(deps, session, stream, { always: true });
  if (!noteRefusedKeys(session, stream, round.refusedKeys)) return;
  const standing = streamOf(session, stream);
  await deps.db.batch([guardLease(deps.db, session), saveStream(deps.db, session.connectionId, stream, standing)]);
}
