/**
 * Schedules as people upload them: CSV or a list of activities. A row is read or refused with a sentence. Pure: names of
 * agents are looked up in the caller's map, and what is stored around the uploaded days is the caller's to hand over.
 */
import { ACTIVITY_MAX_MS, activityKey } from './adherence.ts';
import { readCsv } from './csv.ts';
import { nameKey, type RefusedLine } from './import-file.ts';
import { DAY_MS, overlapMs, type Window } from './interval.ts';
import { dayOf, dayWindow, instantOf, isDay, localTime } from './local-day.ts';

export const SCHEDULE_ROWS_MAX = 100_000;
const ACTIVITY_CHARS_MAX = 100;
/** So far ahead a schedule may reach. */
const AHEAD_MAX_MS = 400 * DAY_MS;

/** One activity as it was written. `line`: of the file from 1, or the place in a list from 1. */
export interface WrittenActivity {
  readonly line: number;
  readonly agent: string;
  readonly activity: string;
  readonly start: string;
  readonly end: string;
}

/** One activity of an agent, understood. */
export interface AgentActivity extends Window {
  readonly agentId: number;
  readonly activity: string;
}

/** A day of an agent that an upload replaces. */
export interface AgentDay extends Window {
  readonly agentId: number;
}

/** What could be understood, before it is held against what is stored. */
export interface ReadSchedule {
  readonly activities: readonly (AgentActivity & { readonly line: number })[];
  readonly refused: readonly RefusedLine[];
}

/** What an upload would do. */
export interface PlacedSchedule {
  readonly activities: readonly AgentActivity[];
  /** The days that it replaces. */
  readonly days: readonly AgentDay[];
  readonly refused: readonly RefusedLine[];
  readonly outcome: ScheduleOutcome;
}

/** Activities that are new, that change, that go because their day is replaced without them, and that stay as they are. */
export interface ScheduleOutcome {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly same: number;
}

/** What a schedule is read against. */
export interface ScheduleContext {
  /** Agents by every name that a file may use; null: two have the name. */
  readonly agents: ReadonlyMap<string, number | null>;
  readonly timeZone: string;
  readonly nowMs: number;
  /** Activities that end before it would be purged at once. */
  readonly keptFromMs: number;
}

type ColumnName = 'agent' | 'activity' | 'start' | 'end';

/** Heads that mean each column, in small letters and digits only. */
const COLUMNS: readonly { readonly name: ColumnName; readonly heads: readonly string[] }[] = [
  {
    name: 'agent',
    heads: [
      'agent',
      'agentid',
      'loginid',
      'acdloginid',
      'username',
      'user',
      'employee',
      'employeeid',
      'agentname',
      'name',
    ],
  },
  { name: 'activity', heads: ['activity', 'activitycode', 'activityname', 'code', 'type', 'scheduleactivity'] },
  { name: 'start', heads: ['start', 'starttime', 'from', 'begin', 'startutc', 'activitystart'] },
  { name: 'end', heads: ['end', 'endtime', 'to', 'stop', 'endutc', 'activityend', 'finish'] },
];

export const SCHEDULE_COLUMNS: readonly ColumnName[] = COLUMNS.map(({ name }) => name);

/** The rows of a CSV file. A file whose head makes no sense is refused whole. */
export function readScheduleCsv(
  text: string,
):
  | { readonly ok: true; readonly rows: readonly WrittenActivity[]; readonly refused: readonly RefusedLine[] }
  | { readonly ok: false; readonly message: string } {
  const { head, rows, fault } = readCsv(text);
  const plain = head.map((cell) => cell.toLowerCase().replaceAll(/[^a-z0-9]/g, ''));
  const wanted = SCHEDULE_COLUMNS.join(', ');
  if (plain.every((cell) => cell === '')) {
    return { ok: false, message: `The file is empty. Its first line names the columns: ${wanted}.` };
  }
  const places = new Map<ColumnName, number>();
  for (const { name, heads } of COLUMNS) {
    const place = plain.findIndex((cell) => heads.includes(cell));
    if (place >= 0) places.set(name, place);
  }
  const missing = SCHEDULE_COLUMNS.filter((name) => !places.has(name));
  if (missing.length > 0) {
    const columns = `column${missing.length === 1 ? '' : 's'} ${missing.join(', ')}`;
    return { ok: false, message: `The first line does not name the ${columns}. It must name ${wanted}.` };
  }
  if (rows.length > SCHEDULE_ROWS_MAX) {
    const message = `The file has ${rows.length} rows; one upload takes at most ${SCHEDULE_ROWS_MAX}. Split it.`;
    return { ok: false, message };
  }
  const written = rows.map(({ line, cells }): WrittenActivity => {
    const cell = (name: ColumnName) => plainCell(cells[places.get(name) ?? -1] ?? '');
    return { line, agent: cell('agent'), activity: cell('activity'), start: cell('start'), end: cell('end') };
  });
  const refused = fault
    ? [{ line: fault.line, reason: `${fault.message} The rest of the file could not be read.` }]
    : [];
  return { ok: true, rows: written, refused };
}

/** Exports put an apostrophe before what a spreadsheet would take for a formula: it comes off again. */
function plainCell(cell: string): string {
  return cell.trim().replace(/^'(?=[=+\-@])/, '');
}

/** What written activities mean, sorted by agent and time, and which are refused and why. */
export function readSchedule(rows: readonly WrittenActivity[], context: ScheduleContext): ReadSchedule {
  const refused: RefusedLine[] = [];
  const understood: (AgentActivity & { line: number })[] = [];
  for (const row of rows) {
    const result = understand(row, context);
    if (typeof result === 'string') refused.push({ line: row.line, reason: result });
    else understood.push({ ...result, line: row.line });
  }
  const activities = withoutOverlaps(understood, refused);
  return { activities, refused };
}

/**
 * Holds what was read against `stored`: the activities of the same agents from a day before the first of them to a day after
 * the last. A day on which something of the upload begins is replaced; what would overlap a day that stays is refused.
 */
export function placeSchedule(read: ReadSchedule, stored: readonly AgentActivity[], timeZone: string): PlacedSchedule {
  const refused = [...read.refused];
  let activities = read.activities;
  for (;;) {
    const days = daysOf(activities, timeZone);
    const isReplaced = (one: AgentActivity) => days.has(dayKey(one, timeZone));
    const staying = byAgent(stored.filter((one) => !isReplaced(one)));
    const fits = activities.filter((one) => {
      const other = staying.get(one.agentId)?.find((own) => overlapMs(own, one) > 0);
      if (other) refused.push({ line: one.line, reason: overlapReason(other, timeZone) });
      return other === undefined;
    });
    if (fits.length === activities.length) {
      return {
        activities: activities.map(({ agentId, startMs, endMs, activity }) => ({ agentId, startMs, endMs, activity })),
        days: [...days.values()],
        refused: refused.sort((a, b) => a.line - b.line),
        outcome: compare(activities, stored.filter(isReplaced)),
      };
    }
    // A day of which nothing is left is not replaced any more: look once more.
    activities = fits;
  }
}

function overlapReason({ activity, startMs }: AgentActivity, timeZone: string): string {
  const { day, clock } = localTime(startMs, timeZone);
  return `It overlaps the stored activity "${short(activity)}" of ${day}, ${clock}, a day that is not uploaded anew.`;
}

function byAgent(rows: readonly AgentActivity[]): Map<number, AgentActivity[]> {
  const agents = new Map<number, AgentActivity[]>();
  for (const row of rows) {
    const own = agents.get(row.agentId);
    if (own) own.push(row);
    else agents.set(row.agentId, [row]);
  }
  return agents;
}

function compare(wanted: readonly AgentActivity[], stored: readonly AgentActivity[]): ScheduleOutcome {
  const key = ({ agentId, startMs }: AgentActivity) => `${agentId} ${startMs}`;
  const before = new Map(stored.map((one) => [key(one), one]));
  const known = wanted.flatMap((one) => {
    const was = before.get(key(one));
    return was ? [{ one, was }] : [];
  });
  const same = known.filter(({ one, was }) => one.endMs === was.endMs && one.activity === was.activity).length;
  return {
    added: wanted.length - known.length,
    changed: known.length - same,
    removed: stored.length - known.length,
    same,
  };
}

function understand(row: WrittenActivity, context: ScheduleContext): AgentActivity | string {
  const agentId = context.agents.get(nameKey(row.agent));
  if (row.agent === '') return 'The agent is missing.';
  if (agentId === undefined) {
    return `There is no agent "${short(row.agent)}" on the roster: give the id, login id, employee id or name.`;
  }
  if (agentId === null) return `Two agents are called "${short(row.agent)}": give the agent's id.`;
  if (row.activity === '') return 'The activity is missing.';
  if ([...row.activity].length > ACTIVITY_CHARS_MAX)
    return `An activity's name has at most ${ACTIVITY_CHARS_MAX} characters.`;
  const startMs = writtenInstant(row.start, context.timeZone);
  const endMs = writtenInstant(row.end, context.timeZone);
  if (startMs === null) return badInstant('start', row.start);
  if (endMs === null) return badInstant('end', row.end);
  if (endMs <= startMs)
    return 'The end is not after the start. An activity that ends the next day needs that day in its end.';
  if (endMs - startMs > ACTIVITY_MAX_MS) return 'The activity is longer than 24 hours.';
  if (endMs <= context.keptFromMs) {
    return `The activity is further back than schedules are kept here: ${dayOf(context.keptFromMs, context.timeZone)}.`;
  }
  if (startMs > context.nowMs + AHEAD_MAX_MS) return 'The activity is more than 400 days ahead.';
  return { agentId, startMs, endMs, activity: row.activity };
}

/** Keeps what does not overlap; of two that do, the later line is refused. The same activity twice is one. */
function withoutOverlaps<T extends AgentActivity & { readonly line: number }>(
  rows: readonly T[],
  refused: RefusedLine[],
): T[] {
  const good: T[] = [];
  const isSame = (a: T, b: T) =>
    a.startMs === b.startMs && a.endMs === b.endMs && activityKey(a.activity) === activityKey(b.activity);
  // Sorted by time, an activity can only overlap the one that reaches furthest so far.
  let last: T | null = null;
  for (const row of rows.toSorted((a, b) => a.agentId - b.agentId || a.startMs - b.startMs || a.line - b.line)) {
    const overlaps: boolean = last !== null && last.agentId === row.agentId && row.startMs < last.endMs;
    if (last !== null && overlaps) {
      if (!isSame(last, row))
        refused.push({ line: row.line, reason: `It overlaps the activity of line ${last.line}.` });
      continue;
    }
    good.push(row);
    last = row;
  }
  return good;
}

const dayKey = ({ agentId, startMs }: AgentActivity, timeZone: string) => `${agentId} ${dayOf(startMs, timeZone)}`;

function daysOf(rows: readonly AgentActivity[], timeZone: string): Map<string, AgentDay> {
  const windows = new Map<string, Window>();
  const days = new Map<string, AgentDay>();
  for (const { agentId, startMs } of rows) {
    const day = dayOf(startMs, timeZone);
    const window = windows.get(day) ?? dayWindow(day, timeZone);
    windows.set(day, window);
    days.set(`${agentId} ${day}`, { agentId, ...window });
  }
  return days;
}

/** ISO 8601 with its offset, or a clock time of the zone: `2026-01-31 13:15`. */
function writtenInstant(text: string, timeZone: string): number | null {
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{1,2}:\d{2})(:\d{2})?(?:\.\d{1,3})?\s*(Z|UTC|[+-]\d{2}:?\d{2})?$/i.exec(
    text,
  );
  const [, day = '', minutes = '', seconds = ':00', offset] = match ?? [];
  if (!isDay(day)) return null;
  const local = `${day}T${minutes.padStart(5, '0')}${seconds}`;
  if (offset === undefined) return instantOf(local, timeZone);
  const zone = /^(?:z|utc)$/i.test(offset) ? 'Z' : offset.replace(/^([+-]\d{2}):?(\d{2})$/, '$1:$2');
  const atMs = Date.parse(`${local}${zone}`);
  return Number.isNaN(atMs) ? null : atMs;
}

const badInstant = (what: string, text: string) =>
  text === ''
    ? `The ${what} is missing.`
    : `"${short(text)}" is not a time such as 2026-01-31 13:15 or 2026-01-31T13:15:00Z.`;

const short = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text);
