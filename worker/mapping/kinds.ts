/**
 * What of queues, agents and states a person may map, once for page, table and API: the fields as text, as a form or a CSV
 * has them, and what they mean.
 */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { QUEUE_KEY_PATTERN } from '../../src/domain/mapping-checks.ts';
import type { AgentEdit, MappedTable, QueueEdit, StateEdit } from '../../src/store/mapping-edits.ts';
import {
  type AgentMappingRow,
  type Listed,
  listAgentMappings,
  listQueueMappings,
  listStateMappings,
  type MappingFilter,
  type QueueMappingRow,
  type StateMappingRow,
} from '../../src/store/mapping-list.ts';
import { fieldErrors } from '../api/field-errors.ts';
import type { FieldError } from '../respond.ts';

/** A row's fields as text. Flags are 'yes' or 'no'; '' is the default of a field that has one. */
export type FormValues = Readonly<Record<string, string>>;

export interface MappingField {
  readonly name: string;
  /** Its column in a CSV and on the page. */
  readonly header: string;
  readonly isFlag?: boolean;
}

/** A change to many rows at once. */
export interface BulkAction {
  readonly name: string;
  readonly label: string;
  /** What it sets; `value`: what stands beside the choice. */
  readonly set: (value: string) => FormValues;
}

export interface MappingKind<Row extends { readonly id: number }, Edit extends { readonly id: number }> {
  readonly table: MappedTable;
  readonly one: string;
  readonly many: string;
  /** Columns of a CSV that say which row is meant; together they are the row's key. */
  readonly keys: readonly { readonly header: string; readonly of: (row: Row) => string }[];
  /** Further columns of a CSV, for reading only. */
  readonly facts: readonly { readonly header: string; readonly of: (row: Row) => string | number | null }[];
  readonly fields: readonly MappingField[];
  readonly label: (row: Row) => string;
  readonly formOf: (row: Row) => FormValues;
  readonly parse: (
    form: FormValues,
    id: number,
  ) => { readonly edit: Edit } | { readonly errors: readonly FieldError[] };
  readonly list: (db: D1Database, filter: MappingFilter) => Promise<Listed<Row>>;
  readonly bulk: readonly BulkAction[];
  /** What the text beside a bulk action is for; null: none of them takes one. */
  readonly bulkValue: string | null;
}

const INCLUDE: readonly BulkAction[] = [
  { name: 'include', label: 'Include', set: () => ({ included: 'yes' }) },
  { name: 'leave-out', label: 'Leave out', set: () => ({ included: 'no' }) },
];

const flag = z.stringbool({ error: 'Write yes or no.' });
const orNull = (text: string) => (text === '' ? null : text);
/** A word of a list, in whatever case a table has it. */
function oneOf<const T extends readonly [string, ...string[]]>(words: T) {
  const choice = z.enum(words, { error: `Write one of: ${words.join(', ')}.` });
  return z.string().trim().toLowerCase().pipe(choice);
}
const yesNo = (value: boolean) => (value ? 'yes' : 'no');

export const DIRECTIONS = ['inbound', 'outbound', 'mixed'] as const;

/** Key of a queue in the WFM; the same rule for page, table and API. */
export const queueKey = z.string().trim().regex(QUEUE_KEY_PATTERN, 'A key has 1 to 100 plain ASCII characters.');

const sharePct = z
  .string()
  .transform((text) => Number(text.replace(/%$/, '').replace(',', '.')))
  .pipe(z.number({ error: 'Enter a number from 0 to 100.' }).min(0).max(100));

const queueForm = z.object({
  queueValue: z.literal('').or(queueKey),
  direction: oneOf(DIRECTIONS),
  shortPct: z.literal('').or(sharePct),
  included: flag,
});

export const QUEUES: MappingKind<QueueMappingRow, QueueEdit> = {
  table: 'queues',
  one: 'queue',
  many: 'queues',
  keys: [{ header: 'ACD id', of: ({ sourceId }) => sourceId }],
  facts: [
    { header: 'Name', of: ({ name }) => name },
    { header: 'Service level (s)', of: ({ serviceLevelMs }) => serviceLevelMs && serviceLevelMs / 1_000 },
  ],
  fields: [
    { name: 'queueValue', header: 'Key in the WFM' },
    { name: 'direction', header: 'Direction' },
    { name: 'shortPct', header: 'Answered in time (%)' },
    { name: 'included', header: 'Included', isFlag: true },
  ],
  label: ({ name, sourceId }) => name || sourceId,
  formOf: ({ queueValue, isOutbound, mixed, shortPct, included }) => ({
    queueValue: queueValue ?? '',
    direction: mixed ? 'mixed' : isOutbound ? 'outbound' : 'inbound',
    shortPct: shortPct === null ? '' : String(shortPct),
    included: yesNo(included),
  }),
  parse: (form, id) =>
    parsed(queueForm, form, ({ queueValue, direction, shortPct, included }) => ({
      id,
      queueValue: orNull(queueValue),
      isOutbound: direction === 'outbound',
      mixed: direction === 'mixed',
      shortPct: shortPct === '' ? null : shortPct,
      included,
    })),
  list: listQueueMappings,
  bulk: [
    ...INCLUDE,
    ...DIRECTIONS.map((direction) => ({
      name: direction,
      label: `Direction: ${direction}`,
      set: () => ({ direction }),
    })),
    { name: 'share', label: 'Answered in time: the percentage beside', set: (shortPct) => ({ shortPct }) },
  ],
  bulkValue: 'Percentage',
};

const agentForm = z.object({
  loginId: z.string().trim().max(256),
  employeeId: z.string().trim().max(256),
  included: flag,
});

export const AGENTS: MappingKind<AgentMappingRow, AgentEdit> = {
  table: 'agents',
  one: 'agent',
  many: 'agents',
  keys: [{ header: 'ACD id', of: ({ sourceId }) => sourceId }],
  facts: [
    { header: 'User name', of: ({ username }) => username },
    { header: 'Name', of: ({ name }) => name },
  ],
  fields: [
    { name: 'loginId', header: 'ACD Login ID' },
    { name: 'employeeId', header: 'CXone employee id' },
    { name: 'included', header: 'Included', isFlag: true },
  ],
  label: ({ name, username, sourceId }) => name || username || sourceId,
  formOf: ({ loginId, employeeId, included }) => ({
    loginId: loginId ?? '',
    employeeId,
    included: yesNo(included),
  }),
  parse: (form, id) =>
    parsed(agentForm, form, ({ loginId, employeeId, included }) => ({
      id,
      loginId: orNull(loginId),
      employeeId,
      included,
    })),
  list: listAgentMappings,
  bulk: [...INCLUDE, { name: 'user-name', label: 'Login id: the user name', set: () => ({ loginId: '' }) }],
  bulkValue: null,
};

/** Written in place of a reason code that is to be empty although the state has a reason. */
export const NO_CODE = '(none)';

const stateForm = z.object({
  class: oneOf(STATE_CLASSES),
  eventCode: z.string().trim().max(256),
  reasonCode: z.string().trim().max(256),
  reviewed: flag,
});

export const STATES: MappingKind<StateMappingRow, StateEdit> = {
  table: 'states',
  one: 'state',
  many: 'states',
  keys: [
    { header: 'State', of: ({ name }) => name },
    { header: 'Reason', of: ({ reason }) => reason },
  ],
  facts: [{ header: 'Times seen', of: ({ seenCount }) => seenCount }],
  fields: [
    { name: 'class', header: 'Counts as' },
    { name: 'eventCode', header: 'Event code' },
    { name: 'reasonCode', header: 'Reason code' },
    { name: 'reviewed', header: 'Reviewed', isFlag: true },
  ],
  label: ({ name, reason }) => (reason ? `${name} / ${reason}` : name),
  formOf: (row) => ({
    class: row.class,
    eventCode: row.eventCode ?? '',
    reasonCode: row.reasonCode === '' ? NO_CODE : (row.reasonCode ?? ''),
    reviewed: yesNo(row.reviewed),
  }),
  parse: (form, id) =>
    parsed(stateForm, form, ({ eventCode, reasonCode, ...rest }) => ({
      id,
      ...rest,
      eventCode: orNull(eventCode),
      reasonCode: reasonCode === NO_CODE ? '' : orNull(reasonCode),
    })),
  list: listStateMappings,
  bulk: [
    { name: 'reviewed', label: 'Mark as reviewed', set: () => ({ reviewed: 'yes' }) },
    ...STATE_CLASSES.map((name) => ({ name, label: `Counts as: ${name}`, set: () => ({ class: name }) })),
  ],
  bulkValue: null,
};

function parsed<S extends z.ZodType, E>(
  schema: S,
  form: FormValues,
  convert: (value: z.output<S>) => E,
): { readonly edit: E } | { readonly errors: readonly FieldError[] } {
  const result = schema.safeParse(form);
  return result.success ? { edit: convert(result.data) } : { errors: fieldErrors(result.error) };
}
