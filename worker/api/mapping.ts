/** Mapping by the API: one row or many at once, by the same rules as the pages. */
import * as z from 'zod';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { listCodeBook } from '../../src/store/code-book.ts';
import type { AgentEdit, QueueEdit, StateEdit } from '../../src/store/mapping-edits.ts';
import { readAgent, readQueue } from '../../src/store/roster-read.ts';
import { readState } from '../../src/store/states-read.ts';
import type { App, Identity } from '../app.ts';
import { csvFile } from '../csv.ts';
import { judge, saveChanges } from '../mapping/edits.ts';
import { AGENTS, type FormValues, type MappingKind, NO_CODE, QUEUES, queueKey, STATES } from '../mapping/kinds.ts';
import { notFound, ProblemError } from '../respond.ts';
import { endpoint } from './endpoint.ts';
import { agent, queue, state, toAgent, toQueue, toState } from './roster.ts';
import {
  connectionParams,
  formatParameter,
  iso,
  isoOrNull,
  isoText,
  itemParams,
  requireConnection,
  wantsCsv,
} from './shapes.ts';

const TAG = 'Roster';
const ROWS_MAX = 1_000;
const ALL_ROWS = 50_000;

const queueChange = {
  queueValue: queueKey.nullable().optional().describe("Key in the WFM; null: the ACD's id."),
  isOutbound: z.boolean().optional(),
  mixed: z.boolean().optional().describe('Carries both directions: NICE drops such records.'),
  shortPct: z.number().min(0).max(100).nullable().optional(),
  included: z.boolean().optional(),
};
const agentChange = {
  loginId: z.string().trim().min(1).max(256).nullable().optional().describe('Null: the user name.'),
  employeeId: z.string().trim().max(256).optional(),
  included: z.boolean().optional(),
};
const stateChange = {
  class: z.enum(STATE_CLASSES).optional(),
  eventCode: z.string().trim().min(1).max(256).nullable().optional().describe('Null: the name.'),
  reasonCode: z.string().trim().max(256).nullable().optional().describe('Null: the reason.'),
  reviewed: z.boolean().optional(),
};

const queueBody = z.strictObject(queueChange).meta({ id: 'QueueMapping' });
const agentBody = z.strictObject(agentChange).meta({ id: 'AgentMapping' });
const stateBody = z.strictObject(stateChange).meta({ id: 'StateMapping' });

const yesNo = (value: boolean | undefined) => (value === undefined ? undefined : value ? 'yes' : 'no');

/** A change as the pages' forms have it; fields that are not given are not in it. */
function queueForm(change: z.output<typeof queueBody>, before: FormValues): FormValues {
  const isMixed = change.mixed ?? (change.isOutbound === undefined && before.direction === 'mixed');
  const isOutbound = change.isOutbound ?? before.direction === 'outbound';
  return given({
    queueValue: change.queueValue === null ? '' : change.queueValue,
    direction: isMixed ? 'mixed' : isOutbound ? 'outbound' : 'inbound',
    shortPct: change.shortPct === null ? '' : change.shortPct?.toString(),
    included: yesNo(change.included),
  });
}
function agentForm(change: z.output<typeof agentBody>): FormValues {
  const loginId = change.loginId === null ? '' : change.loginId;
  return given({ loginId, employeeId: change.employeeId, included: yesNo(change.included) });
}
function stateForm(change: z.output<typeof stateBody>): FormValues {
  const { reasonCode } = change;
  return given({
    class: change.class,
    eventCode: change.eventCode === null ? '' : change.eventCode,
    reasonCode: reasonCode === null ? '' : reasonCode === '' ? NO_CODE : reasonCode,
    reviewed: yesNo(change.reviewed),
  });
}

function given(form: Readonly<Record<string, string | undefined>>): FormValues {
  return Object.fromEntries(Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

interface Asking {
  readonly app: App;
  readonly nowMs: number;
  readonly identity: Identity;
}

/** Carries changes out, all or none. Returns how many rows changed. Throws 404 for an unknown row and 400 for a bad field. */
async function changeRows<Row extends { readonly id: number }, Edit extends QueueEdit | AgentEdit | StateEdit, Change>(
  asking: Asking,
  connectionId: number,
  kind: MappingKind<Row, Edit>,
  changes: ReadonlyMap<number, Change>,
  formOf: (change: Change, before: FormValues) => FormValues,
): Promise<number> {
  await requireConnection(asking.app, connectionId);
  const filter = { connectionId, search: '', status: 'all', limit: ALL_ROWS, offset: 0 } as const;
  const stored = new Map((await kind.list(asking.app.db, filter)).rows.map((row) => [row.id, row]));
  const wishes = [...changes].map(([id, change]) => {
    const row = stored.get(id);
    if (!row) throw notFound(`There is no ${kind.one} ${id} of connection ${connectionId}.`);
    return { row, form: formOf(change, kind.formOf(row)) };
  });
  const judged = judge(kind, wishes);
  if (judged.errors.length > 0) {
    const errors = judged.errors.map(({ id, field, message }) => ({ path: `${id}.${field}`, message }));
    throw new ProblemError(400, 'Invalid request', 'Nothing was changed: some fields are not valid.', { errors });
  }
  await saveChanges(asking, connectionId, kind, judged.changes);
  return judged.changes.length;
}

export const mapQueueEndpoint = endpoint({
  tag: TAG,
  summary: 'Map a queue',
  description: 'Fields left out stay. Reports made from now on follow the mapping.',
  params: itemParams,
  body: queueBody,
  answer: queue,
  async handle({ params: { connectionId, id }, body, ...asking }) {
    await changeRows(asking, connectionId, QUEUES, new Map([[id, body]]), queueForm);
    const row = await readQueue(asking.app.db, connectionId, id);
    if (!row) throw notFound(`There is no queue ${id} of connection ${connectionId}.`);
    return toQueue(row);
  },
});

export const mapAgentEndpoint = endpoint({
  tag: TAG,
  summary: 'Map an agent',
  description: 'Fields left out stay. State changes that waited for a login id are sent once there is one.',
  params: itemParams,
  body: agentBody,
  answer: agent,
  async handle({ params: { connectionId, id }, body, ...asking }) {
    await changeRows(asking, connectionId, AGENTS, new Map([[id, body]]), agentForm);
    const row = await readAgent(asking.app.db, connectionId, id);
    if (!row) throw notFound(`There is no agent ${id} of connection ${connectionId}.`);
    return toAgent(row);
  },
});

export const mapStateEndpoint = endpoint({
  tag: TAG,
  summary: 'Say what a state counts as',
  params: itemParams,
  body: stateBody,
  answer: state,
  async handle({ params: { connectionId, id }, body, ...asking }) {
    await changeRows(asking, connectionId, STATES, new Map([[id, body]]), stateForm);
    const row = await readState(asking.app.db, connectionId, id);
    if (!row) throw notFound(`There is no state ${id} of connection ${connectionId}.`);
    return toState(row);
  },
});

const changed = z.strictObject({ changed: z.int().describe('Rows that are different now.') }).meta({ id: 'Changed' });
const manyOf = <S extends z.ZodRawShape>(shape: S) =>
  z.strictObject({
    rows: z
      .array(z.strictObject({ id: z.int().min(1), ...shape }))
      .min(1)
      .max(ROWS_MAX),
  });
const MANY = 'All rows or none. Fields left out stay; at most 1,000 rows.';

function byId<C extends { readonly id: number }>(rows: readonly C[]): Map<number, Omit<C, 'id'>> {
  const changes = new Map(rows.map(({ id, ...change }) => [id, change]));
  if (changes.size === rows.length) return changes;
  throw new ProblemError(400, 'Invalid request', 'Nothing was changed: an id is there twice.');
}

export const mapQueuesEndpoint = endpoint({
  tag: TAG,
  summary: 'Map many queues',
  description: MANY,
  params: connectionParams,
  body: manyOf(queueChange).meta({ id: 'QueueMappings' }),
  answer: changed,
  async handle({ params: { connectionId }, body, ...asking }) {
    return { changed: await changeRows(asking, connectionId, QUEUES, byId(body.rows), queueForm) };
  },
});

export const mapAgentsEndpoint = endpoint({
  tag: TAG,
  summary: 'Map many agents',
  description: MANY,
  params: connectionParams,
  body: manyOf(agentChange).meta({ id: 'AgentMappings' }),
  answer: changed,
  async handle({ params: { connectionId }, body, ...asking }) {
    return { changed: await changeRows(asking, connectionId, AGENTS, byId(body.rows), agentForm) };
  },
});

export const mapStatesEndpoint = endpoint({
  tag: TAG,
  summary: 'Say what many states count as',
  description: MANY,
  params: connectionParams,
  body: manyOf(stateChange).meta({ id: 'StateMappings' }),
  answer: changed,
  async handle({ params: { connectionId }, body, ...asking }) {
    return { changed: await changeRows(asking, connectionId, STATES, byId(body.rows), stateForm) };
  },
});

const pair = z
  .strictObject({
    eventCode: z.string(),
    reasonCode: z.string(),
    states: z.string().describe("States that send the pair at present; '' when none does any more."),
    firstSentAt: isoText.nullable().describe('Null: never sent.'),
    lastSentAt: isoText.nullable(),
    sentCount: z.int().describe('Counted when a window closes.'),
  })
  .meta({ id: 'CodePair' });

export const codeBookEndpoint = endpoint({
  tag: TAG,
  summary: 'The code book',
  description: 'Every pair of codes ever sent or that a known state would send: each is mapped in CXone by hand.',
  params: connectionParams,
  query: z.strictObject(formatParameter),
  answer: z.strictObject({ rows: z.array(pair) }),
  hasCsv: true,
  async handle({ app, params: { connectionId }, query, request }) {
    await requireConnection(app, connectionId);
    const filter = { connectionId, search: '', status: 'all', limit: ALL_ROWS, offset: 0 } as const;
    const { rows } = await listCodeBook(app.db, filter);
    const pairs = rows.map(({ firstSentMs, lastSentMs, ...row }) => ({
      ...row,
      firstSentAt: firstSentMs === null ? null : iso(firstSentMs),
      lastSentAt: isoOrNull(lastSentMs),
    }));
    if (!wantsCsv(request, query)) return { rows: pairs };
    const columns = ['eventCode', 'reasonCode', 'states', 'firstSentAt', 'lastSentAt', 'sentCount'] as const;
    return csvFile(
      'code-book',
      columns,
      pairs.map((row) => columns.map((column) => row[column])),
    );
  },
});
