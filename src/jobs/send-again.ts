/** Sends a record that was set aside once more, because a person asked for it. */
import { INTERVAL_MS } from '../domain/interval.ts';
import { guardLease } from '../store/lease.ts';
import { askAgain } from '../store/ledger.ts';
import { raiseReports, readReport } from '../store/reports.ts';
import { readSetAside, resolveSetAside } from '../store/set-aside.ts';
import { readLatestEntries } from '../store/state-changes.ts';
import { buildableFromMs } from './coverage-orders.ts';
import { eventOf } from './send-changes.ts';
import type { BridgeDeps, Session } from './session.ts';
import { commitProgress } from './stream-progress.ts';

/** Answers with a sentence for the person who asked. */
export async function sendSetAsideAgain(
  deps: BridgeDeps,
  session: Session,
  setAsideId: number,
): Promise<{ ok: boolean; message: string }> {
  const { db, clock } = deps;
  const { connectionId } = session;
  const record = await readSetAside(db, connectionId, setAsideId);
  if (!record) return { ok: false, message: 'There is no such record.' };
  if (record.status === 'sent again') return { ok: false, message: 'The record was sent again before.' };
  const resolve = resolveSetAside(db, connectionId, setAsideId, clock.nowMs());
  if (record.stream === 'agent-states') return sendStateAgain(deps, session, record.record, resolve);
  const startMs = record.windowStartMs ?? record.atMs;
  if (record.stream === 'acd') {
    const window = { startMs, endMs: startMs + INTERVAL_MS };
    await db.batch([guardLease(db, session), askAgain(db, connectionId, window, clock.nowMs()), resolve]);
    return { ok: true, message: 'The interval is read again from the ACD.' };
  }
  const report = await readReport(db, connectionId, record.stream, startMs);
  if (!report) return { ok: false, message: 'The report of this record is past its retention.' };
  if (startMs < buildableFromMs(session.config.settings.collection.retentionDays, clock.nowMs())[record.stream]) {
    return {
      ok: false,
      message:
        'The report of this record cannot be built anew: what it was made of is past its retention. The WFM keeps what it has.',
    };
  }
  const window = { startMs, endMs: report.endMs, recordCount: report.recordCount };
  const raise = raiseReports(db, connectionId, record.stream, [window], clock.nowMs());
  await db.batch([guardLease(db, session), ...raise, resolve]);
  return { ok: true, message: 'The report is sent again, with this record.' };
}

async function sendStateAgain(
  deps: BridgeDeps,
  session: Session,
  record: unknown,
  resolve: D1PreparedStatement,
): Promise<{ ok: boolean; message: string }> {
  const { agentKey, stateId, atMs } = record as { agentKey?: number; stateId?: number; atMs?: number };
  const agent = agentKey === undefined ? undefined : session.config.agents.get(agentKey);
  const state = stateId === undefined ? undefined : session.config.states.get(stateId);
  if (!agent || !state || atMs === undefined)
    return { ok: false, message: 'The agent or state is not known any more.' };
  if (agent.loginId === '') return { ok: false, message: 'The agent has no login id. Set one on the roster first.' };
  const { wfm } = session.config;
  const { loginId } = agent;
  const events = [eventOf(loginId, state, atMs)];
  // What the WFM hears last of an agent is what it shows: the present state follows the old one.
  for (const latest of await readLatestEntries(deps.db, [agent.key])) {
    const present = session.config.states.get(latest.stateId);
    if (!present || latest.atMs <= atMs) continue;
    events.push(eventOf(loginId, present, latest.atMs));
  }
  const outcome = await wfm.send('agent-states', wfm.compose({ stream: 'agent-states', events }));
  if (outcome.kind !== 'accepted') return { ok: false, message: `The WFM did not accept it: ${outcome.reason}.` };
  const progress = {
    ...session.progress,
    deliveredCount: session.progress.deliveredCount + 1,
    setAsideCount: session.progress.setAsideCount - 1,
    acceptedAtMs: deps.clock.nowMs(),
  };
  await commitProgress(deps, session, progress, [resolve]);
  return { ok: true, message: 'The WFM accepted the record.' };
}
