/** Uploading schedules, the same for form and API: read, held against what is stored, then stored whole. */
import { ACTIVITY_MAX_MS } from '../src/domain/adherence.ts';
import type { StateClass } from '../src/domain/agent-state.ts';
import { DAY_MS } from '../src/domain/interval.ts';
import {
  type AgentActivity,
  type PlacedSchedule,
  placeSchedule,
  type ReadSchedule,
  readSchedule,
  type WrittenActivity,
} from '../src/domain/schedule-file.ts';
import { saveAdherenceRules } from '../src/store/adherence.ts';
import { recordAudit, recordAuditIfChanged } from '../src/store/audit.ts';
import type { ConnectionRow } from '../src/store/connections.ts';
import { readNames } from '../src/store/import-facts.ts';
import {
  DELETED_AT_ONCE_MAX,
  deleteSchedule,
  forgetUpload,
  holdSchedule,
  readActivitiesOf,
  readUploadActivities,
  type ScheduleUpload,
  storeHeldSchedule,
} from '../src/store/schedules.ts';
import { storedSettings } from './connection-settings.ts';
import { ProblemError } from './respond.ts';

/** Largest upload, in bytes. */
export const SCHEDULE_BYTES_MAX = 12_000_000;

interface Who {
  readonly nowMs: number;
  readonly by: string;
}

/** The settings that schedules are read by. Throws `ProblemError` 409 when the connection's settings are not valid. */
function rulesOf(connection: ConnectionRow): { timeZone: string; retentionDays: number } {
  const settings = storedSettings(connection);
  if (!settings) {
    const detail = 'The stored settings are not valid any more. Open the connection page and save it again.';
    throw new ProblemError(409, 'Settings not valid', detail);
  }
  return { timeZone: settings.timeZone, retentionDays: settings.collection.retentionDays.stateChanges };
}

/** What written activities would do. Stores nothing. */
export async function judgeUpload(
  db: D1Database,
  connection: ConnectionRow,
  rows: readonly WrittenActivity[],
  nowMs: number,
): Promise<PlacedSchedule> {
  const { timeZone, retentionDays } = rulesOf(connection);
  const read = readSchedule(rows, {
    agents: await readNames(db, 'agent', connection.id),
    timeZone,
    nowMs,
    keptFromMs: nowMs - retentionDays * DAY_MS,
  });
  return placeRead(db, connection.id, read, timeZone);
}

async function placeRead(
  db: D1Database,
  connectionId: number,
  read: ReadSchedule,
  timeZone: string,
): Promise<PlacedSchedule> {
  return placeSchedule(read, await readAround(db, connectionId, read.activities), timeZone);
}

/** What is stored for the agents of some activities, as far around them as anything could overlap or be replaced. */
async function readAround(
  db: D1Database,
  connectionId: number,
  activities: readonly AgentActivity[],
): Promise<AgentActivity[]> {
  if (activities.length === 0) return [];
  const window = {
    startMs: activities.reduce((least, { startMs }) => Math.min(least, startMs), Number.POSITIVE_INFINITY) - 2 * DAY_MS,
    endMs: activities.reduce((most, { endMs }) => Math.max(most, endMs), 0) + DAY_MS + ACTIVITY_MAX_MS,
  };
  const agentIds = [...new Set(activities.map(({ agentId }) => agentId))];
  return readActivitiesOf(db, connectionId, agentIds, window);
}

/** Whether storing would change anything. */
export function changesSomething({ outcome }: PlacedSchedule): boolean {
  return outcome.added + outcome.changed + outcome.removed > 0;
}

/** Holds what was judged; returns its id. */
export function holdUpload(
  db: D1Database,
  upload: { connectionId: number; fileName: string; placed: PlacedSchedule } & Who,
): Promise<number> {
  return holdSchedule(db, upload);
}

/** An upload that waits, judged anew against what is stored by now. */
export async function judgeHeld(db: D1Database, connection: ConnectionRow, id: number): Promise<PlacedSchedule> {
  const activities = await readUploadActivities(db, id);
  const lined = activities.map((one) => ({ ...one, line: 0 }));
  return placeRead(db, connection.id, { activities: lined, refused: [] }, rulesOf(connection).timeZone);
}

/** Stores an upload that waits, whole, with its line in the audit. What changes nothing leaves no trace. */
export async function storeUpload(
  db: D1Database,
  connectionId: number,
  upload: { readonly id: number; readonly fileName: string; readonly placed: PlacedSchedule },
  { nowMs, by }: Who,
): Promise<void> {
  const { id, fileName, placed } = upload;
  if (!changesSomething(placed)) {
    await db.batch([forgetUpload(db, connectionId, id)]);
    return;
  }
  const { added, changed, removed } = placed.outcome;
  const detail = `${fileName}: ${added} activities added, ${changed} changed, ${removed} removed.`;
  await db.batch([
    ...storeHeldSchedule(db, connectionId, id),
    recordAudit(db, { by, atMs: nowMs, action: 'schedules uploaded', connectionId, detail }),
  ]);
}

/** Forgets an upload that waits. */
export async function discardUpload(
  db: D1Database,
  connectionId: number,
  { id }: Pick<ScheduleUpload, 'id'>,
): Promise<void> {
  await forgetUpload(db, connectionId, id).run();
}

/** Deletes the activities that begin in a window. Returns how many. */
export async function removeSchedule(
  db: D1Database,
  range: { connectionId: number; window: { startMs: number; endMs: number }; agentId: number | null },
  { nowMs, by }: Who,
): Promise<number> {
  const { connectionId, window, agentId } = range;
  const span = `${new Date(window.startMs).toISOString()} to ${new Date(window.endMs).toISOString()}`;
  const detail = `Activities that begin from ${span}, of ${agentId === null ? 'all agents' : `agent ${agentId}`}.`;
  const [first] = await db.batch([
    deleteSchedule(db, range),
    recordAuditIfChanged(db, { by, atMs: nowMs, action: 'schedules deleted', connectionId, detail }),
  ]);
  let step = first?.meta.changes ?? 0;
  let deleted = step;
  while (step >= DELETED_AT_ONCE_MAX) {
    step = (await deleteSchedule(db, range).run()).meta.changes;
    deleted += step;
  }
  return deleted;
}

/** Sets how adherence is judged, with its line in the audit. `classes` null: as the activity's name suggests. */
export async function saveRules(
  db: D1Database,
  connectionId: number,
  change: {
    readonly graceMs: number | null;
    readonly rules: readonly { readonly name: string; readonly classes: readonly StateClass[] | null }[];
  },
  { nowMs, by }: Who,
): Promise<void> {
  const grace = change.graceMs === null ? [] : [`grace ${change.graceMs / 1_000} s`];
  const rules = change.rules.map(({ name, classes }) => `${name}: ${classesText(classes)}`);
  await db.batch([
    ...saveAdherenceRules(db, connectionId, change),
    recordAudit(db, {
      by,
      atMs: nowMs,
      action: 'adherence rules changed',
      connectionId,
      detail: `${[...grace, ...rules].join('; ')}.`,
    }),
  ]);
}

function classesText(classes: readonly StateClass[] | null): string {
  if (classes === null) return 'as its name suggests';
  return classes.length === 0 ? 'not compared' : classes.join(', ');
}
