/**
 * The bridge's own, vendor-neutral form of what a contact centre's ACD tells: the records that are pushed, mapped from
 * exports or handed from one connection to another. Durations are milliseconds, instants ISO 8601 with an offset outside
 * and UTC milliseconds inside. Each record has a natural key, so that the same record twice changes nothing.
 */
import * as z from 'zod';
import { INTERVAL_MS } from './interval.ts';

export const RECORD_KINDS = [
  'queue-intervals',
  'agent-intervals',
  'agent-queue-intervals',
  'state-changes',
  'agents',
  'queues',
] as const;
export type RecordKind = (typeof RECORD_KINDS)[number];

/** Largest number of records, and of bytes once unpacked, that one request may bring. */
export const RECORDS_MAX = 10_000;
export const RECORDS_BYTES_MAX = 8_000_000;

const LONGEST_MS = 10 * 24 * 3_600_000;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

const id = (what: string) =>
  z
    .string(`Give the ${what} as text.`)
    .trim()
    .min(1, `Give the ${what}.`)
    .max(200, `The ${what} has at most 200 characters.`);
const name = z.string().trim().max(200);
const count = z.int('Give a whole number.').min(0).max(1_000_000);
/** A duration, milliseconds; fractions are rounded. Sums over contacts may be longer than the interval. */
const durationMs = z
  .number('Give a number of milliseconds.')
  .min(0)
  .max(LONGEST_MS * 1_000)
  .transform(Math.round);

const instant = z.iso
  .datetime({ offset: true, error: 'Give an instant in ISO 8601 with its offset, such as 2026-01-31T13:15:00Z.' })
  .transform((text) => Date.parse(text))
  .refine((atMs) => atMs >= EARLIEST_MS && atMs < LATEST_MS, 'Give an instant between 2000 and 2100.');
const gridInstant = instant.refine(
  (atMs) => atMs % INTERVAL_MS === 0,
  'An interval starts at a quarter of an hour: minute 0, 15, 30 or 45, UTC.',
);

/** What one queue did in one interval. Key: queue and start. */
export const queueIntervalRecord = z
  .strictObject({
    queueId: id('queue id').describe("The ACD's id of the queue."),
    start: gridInstant.describe('Start of the 15-minute interval.'),
    offered: count.describe('Contacts that entered the queue.'),
    abandoned: count.default(0).describe('Contacts that left before an agent took them.'),
    handleTimeMs: durationMs.describe('Talk and hold time of the handled contacts, without after-call work.'),
    handledShort: count.optional().describe('Handled within the service level. Give it together with handledLong.'),
    handledLong: count.optional().describe('Handled after the service level.'),
    abandonedShort: count.optional().describe('Of those abandoned, within the service level.'),
    workTimeMs: durationMs.optional().describe('After-call work.'),
    queueDelayTimeMs: durationMs.optional().describe('Waiting time of the handled contacts: queue and ringing.'),
    holdTimeMs: durationMs.optional().describe('Of the handle time, on hold.'),
    isIncomplete: z.boolean().default(false).describe('The ACD itself says that the figures are not complete.'),
  })
  .refine((r) => (r.handledShort === undefined) === (r.handledLong === undefined), {
    path: ['handledShort'],
    message: 'Give handledShort and handledLong together, or neither.',
  })
  .refine((r) => (r.abandonedShort ?? 0) <= r.abandoned, {
    path: ['abandonedShort'],
    message: 'More were abandoned within the service level than in all.',
  });

/** Time of one agent in one interval. Key: agent and start. It takes the place of what follows from state changes. */
export const agentIntervalRecord = z
  .strictObject({
    agentId: id('agent id').describe("The ACD's id of the agent."),
    start: gridInstant,
    loginTimeMs: durationMs.pipe(z.number().max(INTERVAL_MS, 'An interval has 900000 ms.')),
    readyTimeMs: durationMs.pipe(z.number().max(INTERVAL_MS, 'An interval has 900000 ms.')),
    notReadyTimeMs: durationMs.pipe(z.number().max(INTERVAL_MS, 'An interval has 900000 ms.')),
  })
  .refine((r) => r.readyTimeMs + r.notReadyTimeMs <= r.loginTimeMs, {
    path: ['loginTimeMs'],
    message: 'Ready and not ready together are longer than the time signed in.',
  });

/** What one agent did for one queue in one interval. Key: agent, queue and start. */
export const agentQueueIntervalRecord = z.strictObject({
  agentId: id('agent id'),
  queueId: id('queue id'),
  start: gridInstant,
  handled: count,
  handleTimeMs: durationMs.describe('Talk and hold time, without after-call work.'),
  workTimeMs: durationMs.default(0).describe('After-call work.'),
  holdTimeMs: durationMs.default(0).describe('Of the handle time, on hold.'),
});

/** An agent entering a state. Key: agent and instant. */
export const stateChangeRecord = z.strictObject({
  agentId: id('agent id').describe("The ACD's id of the agent."),
  at: instant.describe('When the agent entered the state.'),
  state: z.string().trim().min(1, 'Give the state.').max(100).describe("The ACD's name or code of the state."),
  reason: z.string().trim().max(100).default('').describe('Its reason or reason code, where it has one.'),
});

/** An agent of the roster. Key: agentId. Fields that are left out stay as they are. */
export const agentRecord = z.strictObject({
  agentId: id('agent id'),
  name: name.optional(),
  username: name.optional().describe("The ACD's sign-in name: the login id in the WFM unless one is set."),
});

/** A queue of the roster. Key: queueId. Fields that are left out stay as they are. */
export const queueRecord = z.strictObject({
  queueId: id('queue id'),
  name: name.optional(),
  isOutbound: z.boolean().optional(),
});

export const RECORD_SCHEMAS = {
  'queue-intervals': queueIntervalRecord,
  'agent-intervals': agentIntervalRecord,
  'agent-queue-intervals': agentQueueIntervalRecord,
  'state-changes': stateChangeRecord,
  agents: agentRecord,
  queues: queueRecord,
} as const satisfies Record<RecordKind, z.ZodType>;

/** A record that was checked: instants are UTC epoch milliseconds, defaults are filled in. */
export type CheckedRecord<K extends RecordKind = RecordKind> = z.output<(typeof RECORD_SCHEMAS)[K]>;

/** A record that was not taken, by its place in what was given, from 0. */
export interface RefusedRecord {
  readonly index: number;
  readonly reason: string;
}

/** What became of records: all of them are counted in exactly one of the four. `refused` holds the first 1,000. */
export interface RecordCounts {
  readonly added: number;
  readonly changed: number;
  readonly same: number;
  readonly refusedCount: number;
  readonly refused: readonly RefusedRecord[];
}

/** Checks each record by itself: the good ones with their places, and why the others are none. */
export function checkRecords<K extends RecordKind>(
  kind: K,
  given: readonly unknown[],
): { good: { index: number; record: CheckedRecord<K> }[]; refused: RefusedRecord[] } {
  const schema: z.ZodType = RECORD_SCHEMAS[kind];
  const good: { index: number; record: CheckedRecord<K> }[] = [];
  const refused: RefusedRecord[] = [];
  given.forEach((value, index) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) good.push({ index, record: parsed.data as CheckedRecord<K> });
    else {
      const reasons = parsed.error.issues.slice(0, 3).map(({ path, message }) => {
        const place = path.map(String).join('.');
        return place ? `${place}: ${message}` : message;
      });
      refused.push({ index, reason: reasons.join(' ').slice(0, 500) });
    }
  });
  return { good, refused };
}
