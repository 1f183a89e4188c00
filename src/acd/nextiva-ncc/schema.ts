/**
 * What Nextiva NCC writes, and the only place that knows its field names and units (contracts/nextiva-ncc.md). Past
 * these schemas every duration is milliseconds and every instant a UTC epoch in milliseconds. Fields that are not named
 * here are not read.
 */
import * as z from 'zod';
import type { AgentObservation } from '../../domain/agent-state.ts';
import type { RosterAgent, RosterQueue } from '../../domain/roster.ts';

const ID_CHARS_MAX = 200;
const STATE_CHARS_MAX = 256;
const NAME_CHARS_MAX = 500;
/** Instants outside 2000–2100 are not times. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
/** A Unix time over this is in milliseconds, one below in seconds (contract). */
const SECONDS_MAX = 1e11;

/** Text that a database and another vendor can take: no NUL, no half of a surrogate pair. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();
const storable = z.string().trim().refine(isStorable, 'holds a NUL or half a character');

/** An id: a string, or a whole number small enough to be exact. */
const id = z
  .union([z.string(), z.number().int()], 'is neither a string nor a whole number')
  .transform(String)
  .pipe(storable.min(1, 'is empty').max(ID_CHARS_MAX, `has more than ${ID_CHARS_MAX} characters`));

/** A name is only shown: what cannot be stored is taken out, and a name that is none is ''. */
const name = z
  .unknown()
  .optional()
  .transform((value) => {
    return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed().trim().slice(0, NAME_CHARS_MAX) : '';
  });

/** A Unix time in seconds or milliseconds as milliseconds; null for what is not a time. */
function unixTimeMs(value: unknown): number | null {
  if (typeof value !== 'number' || !Number.isFinite(value)) return null;
  const atMs = Math.round(value > SECONDS_MAX ? value : value * 1_000);
  return atMs >= EARLIEST_MS && atMs < LATEST_MS ? atMs : null;
}

/** Text that may stand in a header. */
const headerText = z.string().regex(/^[\x21-\x7e]{1,16384}$/, 'is not a token');

/** The answer to a sign-in. `location`: where later calls go, a URL or a bare host. */
export const signInWire = z.object({ token: headerText, location: z.string().min(1).max(2_000) });
/** The answer to a refresh: the same, and what it leaves out stays. */
export const refreshWire = z.object({ token: headerText, location: z.string().max(2_000).nullish() });

/** Rows come bare or in an envelope, under `field` where one is given; null when the answer is neither. */
export function rowsOf(answer: unknown, field: string): readonly unknown[] | null {
  if (Array.isArray(answer)) return answer;
  if (typeof answer !== 'object' || answer === null) return null;
  for (const name of field === '' ? ['objects', 'data', 'rows'] : [field]) {
    const rows: unknown = Object.hasOwn(answer, name) ? Reflect.get(answer, name) : undefined;
    if (Array.isArray(rows)) return rows;
  }
  return null;
}

/** A field's usual name, and the name that the settings have for it. */
export type FieldNames = readonly (readonly [usual: string, configured: string])[];

/**
 * Rows with what stands under a configured name under the usual one, so that nothing past here knows of the setting; where
 * a row has nothing there, its usual field stays. The same rows where every name is the usual one.
 */
export function withUsualNames(rows: readonly unknown[], names: FieldNames): readonly unknown[] {
  const others = names.filter(([usual, configured]) => usual !== configured);
  if (others.length === 0) return rows;
  return rows.map((row) => {
    if (typeof row !== 'object' || row === null || Array.isArray(row)) return row;
    const renamed = new Map<string, unknown>();
    for (const [usual, configured] of others) {
      const value: unknown = Object.hasOwn(row, configured) ? Reflect.get(row, configured) : undefined;
      if (value !== undefined && value !== null) renamed.set(usual, value);
    }
    return renamed.size === 0 ? row : { ...row, ...Object.fromEntries(renamed) };
  });
}

/** One agent's state now. States are compared trimmed and keep the customer's spelling. */
export const realTimeRowWire = z
  .object({
    'agent-id': id,
    'agent-status': storable
      .min(1, 'is empty')
      .refine((state) => state.length <= STATE_CHARS_MAX || [...state].length <= STATE_CHARS_MAX, {
        error: `has more than ${STATE_CHARS_MAX} characters`,
      }),
    'agent-status-time': z.unknown().optional(),
  })
  .transform(
    (row): AgentObservation => ({
      agentId: row['agent-id'],
      name: row['agent-status'],
      reason: '',
      sinceMs: unixTimeMs(row['agent-status-time']),
    }),
  );

interface RawRealTimeRow {
  readonly 'agent-id'?: unknown;
  readonly 'agent-status'?: unknown;
  readonly 'agent-status-time'?: unknown;
}

function isRow(row: unknown): row is RawRealTimeRow {
  return typeof row === 'object' && row !== null;
}

/** True when two rows say the same in every field that is read: then neither needs to be checked again. */
export function isSameRealTimeRow(a: unknown, b: unknown): boolean {
  return (
    isRow(a) &&
    isRow(b) &&
    a['agent-id'] === b['agent-id'] &&
    a['agent-status'] === b['agent-status'] &&
    a['agent-status-time'] === b['agent-status-time']
  );
}

/** The id of a row that has not been checked, to look the row before it up by. */
export function rawAgentId(row: unknown): unknown {
  return isRow(row) ? row['agent-id'] : undefined;
}

/** The agent of a row that could not be read as a whole; null where not even the id can be. */
export function readableAgentId(row: unknown): string | null {
  const parsed = id.safeParse(rawAgentId(row));
  return parsed.success ? parsed.data : null;
}

/** More contacts than this no queue has in an interval: a number that went wrong on its way, not a figure. */
const COUNT_MAX = 10_000_000;
/** 31 years of work do not end in one interval either. */
const HANDLE_TIME_MAX_MS = 1e12;

/** A number, also where it is written as text of decimal digits: what a gateway between makes of numbers. */
const digits = z
  .string()
  .regex(/^\d{1,20}(\.\d{1,20})?$/, 'is neither a number nor digits')
  .transform(Number);
const number = z.union([z.number(), digits], 'is neither a number nor digits');

const count = number.pipe(
  z
    .number()
    .int('is not a whole number')
    .nonnegative('is negative')
    .max(COUNT_MAX, 'is too large')
    // JSON knows a zero below zero.
    .transform((value) => value + 0),
);

/** One queue's figures; `startMs` null where the row has no start. The unit of the handle time is a setting. */
export function historicalRowWire(handleTimeUnit: 'seconds' | 'milliseconds') {
  const msPerUnit = handleTimeUnit === 'seconds' ? 1_000 : 1;
  const handleTimeMs = number.pipe(
    z
      .number()
      .nonnegative('is negative')
      .transform((total) => Math.round(total * msPerUnit))
      .refine((totalMs) => totalMs <= HANDLE_TIME_MAX_MS, 'is too large'),
  );
  return z
    .object({
      'queue-id': id.nullish(),
      queueId: id.nullish(),
      _id: id.nullish(),
      'queue-name': name,
      startTime: number
        .nullish()
        .transform((value) => (value === null || value === undefined ? null : (unixTimeMs(value) ?? Number.NaN)))
        .refine((startMs) => !Number.isNaN(startMs), 'is not a Unix time'),
      sumHandleTime: handleTimeMs.nullable(),
      enteredCount: count,
      abandonedCount: count,
    })
    .transform((row, context) => {
      const queueId = row['queue-id'] ?? row.queueId ?? row._id;
      if (queueId === undefined || queueId === null) {
        context.addIssue({ code: 'custom', message: 'has no queue-id' });
        return z.NEVER;
      }
      // The sum of no contacts is null in many a database; the sum of some is not.
      if (row.sumHandleTime === null && row.enteredCount > row.abandonedCount) {
        context.addIssue({
          code: 'custom',
          path: ['sumHandleTime'],
          message: 'is null although contacts were handled',
        });
        return z.NEVER;
      }
      return {
        queueId,
        queueName: row['queue-name'],
        startMs: row.startTime,
        offered: row.enteredCount,
        abandoned: row.abandonedCount,
        handleTimeMs: row.sumHandleTime ?? 0,
      };
    });
}

/** A figure as the wire takes it: within bounds, and not the zero below zero. */
const isPlainCount = (value: unknown): value is number =>
  Number.isInteger(value) && !Object.is(value, -0) && Number(value) >= 0 && Number(value) <= COUNT_MAX;

const isPlainText = (value: unknown, charsMax: number): value is string =>
  typeof value === 'string' && value.length <= charsMax && value.trim() === value && isStorable(value);

/**
 * The figures of a row that is written as nearly all are: what `historicalRowWire` would give, at a tenth of its price.
 * Null for any other row, which the wire then judges.
 */
export function plainHistoricalRow(row: unknown, handleTimeUnit: 'seconds' | 'milliseconds') {
  if (typeof row !== 'object' || row === null) return null;
  const raw: Readonly<Record<string, unknown>> = { ...row };
  const { 'queue-id': queueId, 'queue-name': queueName, startTime, sumHandleTime } = raw;
  const { enteredCount: offered, abandonedCount: abandoned } = raw;
  if (raw.queueId !== undefined || raw._id !== undefined) return null;
  if (!isPlainText(queueId, ID_CHARS_MAX) || queueId === '' || !isPlainText(queueName, NAME_CHARS_MAX)) return null;
  if (!isPlainCount(offered) || !isPlainCount(abandoned) || typeof sumHandleTime !== 'number') return null;
  const startMs = unixTimeMs(startTime);
  const handleTimeMs = Math.round(sumHandleTime * (handleTimeUnit === 'seconds' ? 1_000 : 1));
  const isHandleTime = sumHandleTime >= 0 && !Object.is(sumHandleTime, -0) && handleTimeMs <= HANDLE_TIME_MAX_MS;
  return startMs !== null && isHandleTime ? { queueId, queueName, startMs, offered, abandoned, handleTimeMs } : null;
}

/** One page of configuration data; `total` may come as a string. */
export const pageWire = z.object({
  total: z
    .union(
      [
        z.number().int(),
        z
          .string()
          .regex(/^\d{1,9}$/)
          .transform(Number),
      ],
      'is not a whole number',
    )
    .pipe(z.number().nonnegative()),
  objects: z.array(z.unknown()),
});

/** Seconds as milliseconds; null for what is not a span of time. */
const serviceLevel = z
  .unknown()
  .optional()
  .transform((value) => {
    return typeof value === 'number' && value > 0 && value <= 86_400 ? Math.round(value * 1_000) : null;
  });

export const queueWire = z
  .object({ _id: id.nullish(), queueId: id.nullish(), name, voiceSLA: serviceLevel })
  .transform((row, context): RosterQueue => {
    const queueId = row.queueId ?? row._id;
    if (queueId === undefined || queueId === null) {
      context.addIssue({ code: 'custom', message: 'has neither queueId nor _id' });
      return z.NEVER;
    }
    const aliasId = row._id && row._id !== queueId ? row._id : '';
    return { queueId, aliasId, name: row.name, serviceLevelMs: row.voiceSLA };
  });

export const userWire = z
  .object({
    _id: id.nullish(),
    userId: id.nullish(),
    username: name,
    firstName: name,
    lastName: name,
    name,
    enabled: z.unknown().optional(),
  })
  .transform((row, context): RosterAgent => {
    const agentId = row.userId ?? row._id;
    if (agentId === undefined || agentId === null) {
      context.addIssue({ code: 'custom', message: 'has neither userId nor _id' });
      return z.NEVER;
    }
    return {
      agentId,
      aliasId: row._id && row._id !== agentId ? row._id : '',
      username: row.username,
      name: row.name || `${row.firstName} ${row.lastName}`.trim() || row.username,
      enabled: row.enabled !== false,
    };
  });
