/**
 * What LiveVox takes and writes, and the only place that knows its field names (contracts/other-acds.md, "LiveVox").
 * Past these schemas every instant is a UTC epoch in milliseconds. Fields that are not named here are not read.
 */
import * as z from 'zod';
import type { RosterAgent, RosterQueue } from '../../domain/roster.ts';
import type { AgentEvent } from '../acd.ts';

const ID_CHARS_MAX = 200;
const STATE_CHARS_MAX = 256;
const NAME_CHARS_MAX = 500;
const CURSOR_CHARS_MAX = 8_192;
/** Instants outside 2000–2100 are not times. */
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);
/** A password that lives longer does not expire. */
const DAYS_MAX = 3_650;

/** Text that a database and another vendor can take: no NUL, no half of a surrogate pair. */
const isStorable = (text: string) => !text.includes('\0') && text.isWellFormed();
const storable = z.string().trim().refine(isStorable, 'holds a NUL or half a character');

const textOrNumber = z
  .union([z.string(), z.number().int()], 'is neither a string nor a whole number')
  .transform(String);
const id = textOrNumber.pipe(storable.min(1, 'is empty').max(ID_CHARS_MAX, `has more than ${ID_CHARS_MAX} characters`));
const short = storable.max(STATE_CHARS_MAX, `has more than ${STATE_CHARS_MAX} characters`);

/** A name is only shown: what cannot be stored is taken out, and a name that is none is ''. */
const name = z
  .unknown()
  .optional()
  .transform((value) => {
    return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed().trim().slice(0, NAME_CHARS_MAX) : '';
  });

/** The body of a sign-in. */
export function signInBody(
  { clientName, username }: { readonly clientName: string; readonly username: string },
  password: string,
): string {
  return JSON.stringify({ clientName, userName: username, password });
}

/** The answer to a sign-in. `daysUntilPasswordExpires` is null where it does not say. */
export const signInWire = z
  .object({
    // Text that may stand in a header.
    sessionId: z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'is not a session id'),
    daysUntilPasswordExpires: z.unknown().optional(),
  })
  .transform(({ sessionId, daysUntilPasswordExpires: days }) => ({
    sessionId,
    daysUntilPasswordExpires:
      typeof days === 'number' && Number.isFinite(days) && days <= DAYS_MAX ? Math.max(0, days) : null,
  }));

/** The body of a call for events: nothing at first, then where the last answer ended. */
export function eventFeedBody(cursor: string | null): string {
  return JSON.stringify(cursor === null ? {} : { token: cursor });
}

/** An answer of the feed. */
export const eventFeedWire = z
  .object({
    token: textOrNumber.pipe(
      storable.min(1, 'is empty').max(CURSOR_CHARS_MAX, `has more than ${CURSOR_CHARS_MAX} characters`),
    ),
    agentEvent: z.array(z.unknown()).nullish(),
  })
  .transform(({ token, agentEvent }) => ({ cursor: token, rows: agentEvent ?? [] }));

/** What decides whether an event is an agent's state at all: which line it is of, and its name. */
export const eventHeadWire = z.object({ eventType: short.min(1, 'is empty'), lineNumber: z.unknown().optional() });

/** A row as it may be kept for the account: the id of an agent's session can be as good as a password. */
export function withoutSession(row: unknown): unknown {
  if (typeof row !== 'object' || row === null || !Object.hasOwn(row, 'sessionId')) return row;
  return { ...row, sessionId: '[removed]' };
}

/** True when `line` is what a setting names. */
export function isLine(line: unknown, stateLine: string): boolean {
  return typeof line === 'string' && line.trim().toUpperCase() === stateLine.toUpperCase();
}

const timestamp = z
  .union([z.string(), z.number()], 'is neither a number nor a text')
  .transform((value) => instantMs(value))
  .refine((atMs) => atMs >= EARLIEST_MS && atMs < LATEST_MS, 'is not a time between 2000 and 2100');

/** An event as an agent entering a state. `reasonField`: see the settings. */
export function eventWire(reasonField: string) {
  return z
    .looseObject({ agentId: id, eventType: short.min(1, 'is empty'), timestamp })
    .transform((row, context): AgentEvent => {
      const reason = reasonWire.safeParse(Object.hasOwn(row, reasonField) ? row[reasonField] : undefined);
      if (!reason.success) {
        context.addIssue({ code: 'custom', path: [reasonField], message: 'is not a reason' });
        return z.NEVER;
      }
      return { agentId: row.agentId, name: row.eventType, reason: reason.data, atMs: row.timestamp };
    });
}

const reasonWire = z
  .union([z.string(), z.number()])
  .nullish()
  .transform((value) => String(value ?? ''))
  .pipe(short);

/** A date and time; one without a zone is UTC. */
const ISO_TIME = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)(Z|[+-]\d\d(?::?\d\d)?)?$/i;

/** Unix milliseconds, as a number or its digits, or ISO 8601, as Unix milliseconds; NaN for anything else. */
function instantMs(value: string | number): number {
  if (typeof value === 'number') return Math.round(value);
  const text = value.trim();
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const [, date, time, zone = 'Z'] = ISO_TIME.exec(text) ?? [];
  if (date === undefined || time === undefined) return Number.NaN;
  const [, sign = '', hours = '', minutes = '00'] = /^([+-])(\d\d):?(\d\d)?$/.exec(zone) ?? [];
  return Date.parse(`${date}T${time}${sign === '' ? 'Z' : `${sign}${hours}:${minutes}`}`);
}

/** The field of each list that holds its rows, as public clients name it. */
export const LIST_FIELDS = {
  agents: ['agent', 'agents'],
  services: ['service', 'services'],
  callCenters: ['callCenter', 'callCenters'],
} as const;

/** The rows of a list: bare, or under one of `fields`; null when the answer is neither. */
export function rowsOf(answer: unknown, fields: readonly string[]): readonly unknown[] | null {
  if (Array.isArray(answer)) return answer;
  if (typeof answer !== 'object' || answer === null) return null;
  for (const field of fields) {
    const rows: unknown = Object.hasOwn(answer, field) ? Reflect.get(answer, field) : undefined;
    if (Array.isArray(rows)) return rows;
  }
  return null;
}

/** One agent of the list. */
export const agentWire = z
  .object({ id, loginId: name, firstName: name, lastName: name, active: z.unknown().optional() })
  .transform(
    (row): RosterAgent => ({
      agentId: row.id,
      aliasId: '',
      username: row.loginId,
      name: `${row.firstName} ${row.lastName}`.trim() || row.loginId,
      enabled: row.active !== false,
    }),
  );

/** One agent asked for by itself. */
export const agentDetailsWire = z.object({ loginId: name, firstName: name, lastName: name });

/** One service, which is what the bridge calls a queue. */
export const serviceWire = z
  .object({ id: id.nullish(), serviceId: id.nullish(), name })
  .transform((row, context): RosterQueue => {
    const queueId = row.id ?? row.serviceId;
    if (queueId === undefined || queueId === null) {
      context.addIssue({ code: 'custom', message: 'has neither id nor serviceId' });
      return z.NEVER;
    }
    return { queueId, aliasId: '', name: row.name, serviceLevelMs: null };
  });

export const callCenterWire = z.object({ callCenterId: id.nullish(), id: id.nullish() }).transform((row, context) => {
  const callCenterId = row.callCenterId ?? row.id;
  if (callCenterId === undefined || callCenterId === null) {
    context.addIssue({ code: 'custom', message: 'has neither callCenterId nor id' });
    return z.NEVER;
  }
  return { callCenterId };
});

/** The parameter by which services are asked for by call centre. */
export const CALL_CENTER_PARAMETER = 'callCenter';

/** What LiveVox's documents call contacts that have no skill: queues that no list names. */
export const PSEUDO_SKILLS: readonly RosterQueue[] = [
  { queueId: '-4', aliasId: '', name: 'HCI_NO_SKILL', serviceLevelMs: null },
  { queueId: '-3', aliasId: '', name: 'OUTBOUND_NO_SKILL', serviceLevelMs: null },
];
