/**
 * Stores confirmed imports, part by part, in the lane of the figures that are read: so nothing else writes figures of the
 * connection meanwhile. A part is one batch with its progress; after a crash it goes on with the part that is not stored.
 */
import { NOT_OBSERVED } from '../domain/activity.ts';
import { floorToGrid, MINUTE_MS } from '../domain/interval.ts';
import { addEvent } from '../store/events.ts';
import {
  compareChanges,
  type KeyedChange,
  noteImportedIntervals,
  type Outcome,
  saveImportedChanges,
} from '../store/import-facts.ts';
import {
  advanceImport,
  type ChangeRow,
  type FiguresRow,
  figuresOfRow,
  finishImport,
  type ImportPart,
  type ImportRow,
  readOpenImport,
} from '../store/imports.ts';
import { guardLease } from '../store/lease.ts';
import { countStateUse } from '../store/mapping.ts';
import { raiseReports, readReport } from '../store/reports.ts';
import { activitiesOf } from './build-reports.ts';
import { noteStates } from './note-seen.ts';
import { type BridgeDeps, feedOf, type Session, stateKey } from './session.ts';
import { stepOfFigures } from './store-figures.ts';

/** What a part changes: statements for its batch and the counts for the history. */
interface Step {
  readonly statements: readonly D1PreparedStatement[];
  readonly counts: Outcome;
}

const NOTHING: Outcome = { added: 0, changed: 0, same: 0 };

/** Stores one part of the oldest confirmed import. Returns true when there is more to store right away. */
export async function workOffImport(deps: BridgeDeps, session: Session): Promise<boolean> {
  const open = await readOpenImport(deps.db, session.connectionId);
  if (!open) return false;
  const { row, part } = open;
  const nowMs = deps.clock.nowMs();
  if (!part) {
    await deps.db.batch([
      guardLease(deps.db, session),
      finishImport(deps.db, row.id, nowMs),
      noteDone(deps, session, row),
    ]);
    return true;
  }
  const step = await stepOf(deps, session, part, row);
  const total = row.nextPart === 0 ? NOTHING : { added: row.newCount, changed: row.changedCount, same: row.sameCount };
  const after = {
    ...row,
    newCount: total.added + step.counts.added,
    changedCount: total.changed + step.counts.changed,
    sameCount: total.same + step.counts.same,
  };
  await deps.db.batch([
    guardLease(deps.db, session),
    ...step.statements,
    ...advanceImport(deps.db, row, step.counts, nowMs),
    ...(row.nextPart + 1 >= row.partCount ? [noteDone(deps, session, after)] : []),
  ]);
  return true;
}

async function stepOf(deps: BridgeDeps, session: Session, part: ImportPart, row: ImportRow): Promise<Step> {
  switch (part.kind) {
    case 'figures':
      return storeFigures(deps, session, part.rows);
    case 'changes':
      return storeChanges(deps, session, part.rows);
    case 'windows':
      // A file that changed nothing sends nothing again.
      if (row.newCount + row.changedCount === 0) return { statements: [], counts: NOTHING };
      return raiseTouchedReports(deps, session, part.rows);
  }
}

async function storeFigures(deps: BridgeDeps, session: Session, rows: readonly FiguresRow[]): Promise<Step> {
  const figures = rows.map(figuresOfRow);
  const { statements, counts } = await stepOfFigures(deps, session, figures);
  return { statements, counts };
}

async function storeChanges(deps: BridgeDeps, session: Session, rows: readonly ChangeRow[]): Promise<Step> {
  await noteStates(
    deps,
    session,
    rows.flatMap(([, , name, reason]) => (name === '' ? [] : [{ name, reason }])),
  );
  const { config, connectionId } = session;
  const keyed = rows.map(([agentKey, atMs, name, reason]): KeyedChange => {
    const state = name === '' ? NOT_OBSERVED : config.statesByName.get(stateKey({ name, reason }))?.id;
    if (state === undefined) throw new Error(`The state "${name}" of an import was not stored.`);
    return [agentKey, atMs, state];
  });
  const { differing, observed: _, ...counts } = await compareChanges(deps.db, keyed);
  const storing = differing.flatMap((place) => (keyed[place] ? [keyed[place]] : []));
  if (storing.length === 0) return { statements: [], counts };
  return {
    statements: [...saveImportedChanges(deps.db, storing), ...countStateUse(deps.db, connectionId, useOf(storing))],
    counts,
  };
}

/** How often each state was entered, for the states' counts and the code book. */
function useOf(changes: readonly KeyedChange[]): { stateId: number; count: number; lastMs: number }[] {
  const use = new Map<number, { stateId: number; count: number; lastMs: number }>();
  for (const [, atMs, stateId] of changes) {
    if (stateId === NOT_OBSERVED) continue;
    const seen = use.get(stateId) ?? { stateId, count: 0, lastMs: atMs };
    use.set(stateId, { stateId, count: seen.count + 1, lastMs: Math.max(seen.lastMs, atMs) });
  }
  return [...use.values()];
}

/** Windows that are closed and that imported changes touch: what follows from them is worked out anew and sent. */
async function raiseTouchedReports(deps: BridgeDeps, session: Session, starts: readonly number[]): Promise<Step> {
  const { db, clock } = deps;
  const { connectionId, config } = session;
  const lengthMs = config.settings.collection.reportMinutes * MINUTE_MS;
  const closedThroughMs = feedOf(session, 'agent-states').throughMs ?? floorToGrid(clock.nowMs(), lengthMs);
  const nowMs = clock.nowMs();
  const statements = [noteImportedIntervals(db, connectionId, starts)];
  for (const startMs of new Set(starts.map((start) => floorToGrid(start, lengthMs)))) {
    const window = { startMs, endMs: startMs + lengthMs };
    if (window.endMs > closedThroughMs) continue;
    const { agents, held } = await activitiesOf(deps, session, window);
    const recordCount = agents.reduce((total, agent) => total + agent.activities.length, held);
    const activity = await readReport(db, connectionId, 'agent-activity', startMs);
    if (recordCount > 0 || activity) {
      statements.push(...raiseReports(db, connectionId, 'agent-activity', [{ ...window, recordCount }], nowMs));
    }
    const historical = await readReport(db, connectionId, 'historical', startMs);
    if (historical && historical.deliveredRevision > 0) {
      // Sent before the agents' times were known: goes out again with them.
      const report = { ...window, recordCount: historical.recordCount };
      statements.push(...raiseReports(db, connectionId, 'historical', [report], nowMs));
    }
  }
  return { statements, counts: NOTHING };
}

function noteDone(deps: BridgeDeps, session: Session, row: ImportRow): D1PreparedStatement {
  const what = row.kind === 'intervals' ? 'queue figures' : 'state changes';
  return addEvent(deps.db, {
    connectionId: session.connectionId,
    atMs: deps.clock.nowMs(),
    kind: 'import done',
    severity: 'info',
    message:
      `The import of ${what} from "${row.fileName}" is done: ${row.newCount} new, ${row.changedCount} changed, ` +
      `${row.sameCount} the same as stored, ${row.refusedCount} left out.`,
  });
}

/** Longest part of a `windows` step: each costs a look at every agent's changes. */
export const WINDOWS_PER_PART = 20;
/** Rows of a step: a batch of a few statements. */
export const ROWS_PER_PART = 2_000;
