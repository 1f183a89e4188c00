/** Alerts: what was found, where it is told, what gives cause, and when nobody is to be woken. */
import * as z from 'zod';
import { ALERT_KINDS } from '../../src/domain/alert.ts';
import { CHANNEL_KINDS } from '../../src/domain/alert-message.ts';
import { listChannels, listMaintenance, listRules, remove, setEnabled } from '../../src/store/alert-settings.ts';
import { listAlerts } from '../../src/store/alerts.ts';
import {
  type Made,
  makeChannel,
  makeMaintenance,
  makeRule,
  NOTE_CHARS_MAX,
  newChannelSchema,
  newRuleSchema,
  tryChannel,
} from '../alerts.ts';
import { notFound, ProblemError } from '../respond.ts';
import { endpoint } from './endpoint.ts';
import { beforeId, listing } from './listing.ts';
import { id, instant, iso, isoOrNull, isoText, pageParameters } from './shapes.ts';

const TAG = 'Alerts';
const params = z.strictObject({ id });

const alertShape = z
  .strictObject({
    id: z.int(),
    kind: z.enum(ALERT_KINDS),
    connectionId: z.int(),
    connectionName: z.string(),
    message: z.string(),
    openedAt: isoText,
    solvedAt: isoText.nullable(),
    channelsTold: z.int(),
    messagesWaiting: z.int(),
  })
  .meta({ id: 'Alert' });

export const listAlertsEndpoint = listing({
  tag: TAG,
  summary: 'Alerts, newest first',
  query: z.strictObject({
    ...pageParameters,
    connection: id.optional().describe('Of this connection only.'),
    open: z.stringbool().optional().describe('true: those that are not solved; false: those that are.'),
  }),
  row: alertShape,
  key: ['id'],
  open(db, { connection = null, open = null }) {
    const filter = { connectionId: connection, isOpen: open };
    return (page) => listAlerts(db, { ...filter, ...beforeId(page) });
  },
  convert: (row) => ({
    id: row.id,
    kind: row.kind,
    connectionId: row.connectionId,
    connectionName: row.connectionName,
    message: row.message,
    openedAt: iso(row.openedAtMs),
    solvedAt: isoOrNull(row.solvedAtMs),
    channelsTold: row.toldCount,
    messagesWaiting: row.untoldCount,
  }),
});

const channelShape = z
  .strictObject({
    id: z.int(),
    name: z.string(),
    kind: z.enum(CHANNEL_KINDS),
    host: z.string().describe('Of the address; the rest of it is never shown.'),
    enabled: z.boolean(),
    lastSentAt: isoText.nullable(),
    failures: z.int(),
    error: z.string(),
  })
  .meta({ id: 'AlertChannel' });

export const listChannelsEndpoint = endpoint({
  tag: TAG,
  summary: 'Channels that alerts go to',
  params: z.strictObject({}),
  answer: z.strictObject({ rows: z.array(channelShape) }),
  async handle({ app }) {
    const rows = await listChannels(app.db);
    return {
      rows: rows.map(({ id: channelId, name, kind, host, enabled, sentAtMs, failures, error }) => ({
        id: channelId,
        name,
        kind,
        host,
        enabled,
        lastSentAt: isoOrNull(sentAtMs),
        failures,
        error,
      })),
    };
  },
});

function madeOrProblem<T>(made: Made<T>): T {
  if (made.ok) return made.value;
  throw new ProblemError(400, 'Invalid request', `Nothing was changed: ${made.error.message}`, {
    errors: [made.error],
  });
}

export const createChannelEndpoint = endpoint({
  tag: TAG,
  summary: 'Add a channel',
  description:
    'slack and teams take the address of an incoming webhook. A webhook gets `secret` once: messages are signed as the Standard Webhooks specification has it, HMAC-SHA-256 over id, timestamp and body.',
  params: z.strictObject({}),
  body: newChannelSchema,
  status: 201,
  answer: z.strictObject({ id: z.int(), secret: z.string().nullable().describe('Shown this once.') }),
  async handle({ app, body, nowMs, identity }) {
    return madeOrProblem(await makeChannel(app, body, { nowMs, by: identity.by }));
  },
});

export const tryChannelEndpoint = endpoint({
  tag: TAG,
  summary: 'Send a test message',
  params,
  answer: z.strictObject({ taken: z.boolean(), error: z.string() }),
  async handle({ app, params: { id: channelId }, nowMs }) {
    const tried = await tryChannel(app, channelId, nowMs);
    if (!tried) throw notFound(`There is no alert channel ${channelId}.`);
    return { taken: tried.error === '', error: tried.error };
  },
});

const ruleShape = z
  .strictObject({
    id: z.int(),
    connectionId: z.int().nullable(),
    kind: z.enum(ALERT_KINDS),
    threshold: z.int(),
    enabled: z.boolean(),
  })
  .meta({ id: 'AlertRule' });

export const listRulesEndpoint = endpoint({
  tag: TAG,
  summary: 'Rules that give cause for alerts',
  params: z.strictObject({}),
  answer: z.strictObject({ rows: z.array(ruleShape) }),
  async handle({ app }) {
    return { rows: await listRules(app.db) };
  },
});

export const createRuleEndpoint = endpoint({
  tag: TAG,
  summary: 'Add a rule',
  params: z.strictObject({}),
  body: newRuleSchema,
  status: 201,
  answer: z.strictObject({ id: z.int() }),
  async handle({ app, body, nowMs, identity }) {
    return madeOrProblem(await makeRule(app, body, { nowMs, by: identity.by }));
  },
});

function enableEndpoint(kind: 'channel' | 'rule') {
  return endpoint({
    tag: TAG,
    summary: `Switch a ${kind} on or off`,
    params,
    body: z.strictObject({ enabled: z.boolean() }),
    status: 204,
    answer: z.undefined(),
    async handle({ app, params: { id: rowId }, body, nowMs, identity }) {
      const rows = kind === 'channel' ? await listChannels(app.db) : await listRules(app.db);
      if (!rows.some((row) => row.id === rowId)) throw notFound(`There is no alert ${kind} ${rowId}.`);
      await setEnabled(app.db, kind, rowId, body.enabled, { nowMs, by: identity.by });
      return undefined;
    },
  });
}

function removeEndpoint(kind: 'channel' | 'rule' | 'maintenance') {
  const what = kind === 'maintenance' ? 'maintenance window' : `alert ${kind}`;
  return endpoint({
    tag: TAG,
    summary: `Remove a ${what}`,
    params,
    status: 204,
    answer: z.undefined(),
    async handle({ app, params: { id: rowId }, nowMs, identity }) {
      const done = await remove(app.db, kind, rowId, { nowMs, by: identity.by });
      if (!done) throw notFound(`There is no ${what} ${rowId}.`);
      return undefined;
    },
  });
}

export const enableChannelEndpoint = enableEndpoint('channel');
export const enableRuleEndpoint = enableEndpoint('rule');
export const removeChannelEndpoint = removeEndpoint('channel');
export const removeRuleEndpoint = removeEndpoint('rule');
export const removeMaintenanceEndpoint = removeEndpoint('maintenance');

const maintenanceShape = z
  .strictObject({
    id: z.int(),
    connectionId: z.int().nullable(),
    from: isoText,
    to: isoText,
    note: z.string(),
    createdBy: z.string(),
  })
  .meta({ id: 'Maintenance' });

export const listMaintenanceEndpoint = endpoint({
  tag: TAG,
  summary: 'Maintenance windows that are not over',
  params: z.strictObject({}),
  answer: z.strictObject({ rows: z.array(maintenanceShape) }),
  async handle({ app, nowMs }) {
    const rows = await listMaintenance(app.db, nowMs);
    return { rows: rows.map(({ fromMs, toMs, ...row }) => ({ ...row, from: iso(fromMs), to: iso(toMs) })) };
  },
});

export const createMaintenanceEndpoint = endpoint({
  tag: TAG,
  summary: 'Plan maintenance',
  description: 'Alerts are muted from..to; collecting goes on. What still holds at its end is told then.',
  params: z.strictObject({}),
  body: z
    .strictObject({
      connectionId: z.int().min(1).nullable().default(null),
      from: instant,
      to: instant,
      note: z.string().trim().max(NOTE_CHARS_MAX).default(''),
    })
    .meta({ id: 'NewMaintenance' }),
  status: 201,
  answer: z.strictObject({ id: z.int() }),
  async handle({ app, body: { from, to, ...body }, nowMs, identity }) {
    return madeOrProblem(await makeMaintenance(app, { ...body, fromMs: from, toMs: to }, { nowMs, by: identity.by }));
  },
});
