/** Alert channels, rules and maintenance, the same for page and API: checked, sealed, stored, tried out. */
import * as z from 'zod';
import { SealError } from '../src/crypto/seal.ts';
import { ALERT_KINDS, ruleText } from '../src/domain/alert.ts';
import { CHANNEL_KINDS } from '../src/domain/alert-message.ts';
import { DAY_MS } from '../src/domain/interval.ts';
import { urlProblem } from '../src/http/address.ts';
import { channelContext, type OpenChannel, sendToChannel } from '../src/jobs/send-alerts.ts';
import {
  addChannel,
  addMaintenance,
  addRule,
  type Change,
  nextChannelId,
  noteTest,
  readSealedChannel,
} from '../src/store/alert-settings.ts';
import { readConnection } from '../src/store/connections.ts';
import type { App } from './app.ts';
import { newWebhookSecret } from './auth/token.ts';
import type { FieldError } from './respond.ts';

export const newChannelSchema = z
  .strictObject({
    name: z.string().trim().min(1, 'Enter a name.').max(60, 'A name has at most 60 characters.'),
    kind: z.enum(CHANNEL_KINDS),
    address: z.string().trim().min(1, 'Enter the address.').max(2_000, 'An address has at most 2,000 characters.'),
  })
  .meta({ id: 'NewAlertChannel' });

const connectionId = z.int().min(1).nullable().describe('Null: every connection.');

export const newRuleSchema = z
  .strictObject({
    connectionId,
    kind: z.enum(ALERT_KINDS),
    threshold: z
      .int('Enter a whole number.')
      .min(0, 'Enter 0 or more.')
      .max(10_000_000, 'Enter at most 10,000,000.')
      .describe('stale, gap: minutes; waiting: records; sign-in: 0.'),
  })
  .refine(({ kind, threshold }) => kind === 'sign-in' || threshold >= 1, {
    path: ['threshold'],
    message: 'Enter 1 or more.',
  })
  .meta({ id: 'NewAlertRule' });

/** A maintenance window, instants in UTC epoch milliseconds. */
export interface NewMaintenance {
  readonly connectionId: number | null;
  readonly fromMs: number;
  readonly toMs: number;
  readonly note: string;
}

export const NOTE_CHARS_MAX = 200;
const MAINTENANCE_MAX_MS = 31 * DAY_MS;

export type Made<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: FieldError };

const refused = (path: string, message: string) => ({ ok: false, error: { path, message } }) as const;

/** Stores a channel. `secret`: what signs a webhook's messages, to be shown once; null for others. */
export async function makeChannel(
  app: App,
  { name, kind, address }: z.output<typeof newChannelSchema>,
  change: Change,
): Promise<Made<{ id: number; secret: string | null }>> {
  const url = URL.parse(address);
  const problem = url ? urlProblem(url, app.settings) : 'Enter a whole address that begins with "https://".';
  if (!url || problem) return refused('address', problem ?? '');
  const id = await nextChannelId(app.db);
  const secret = kind === 'webhook' ? newWebhookSecret() : null;
  const stored = await addChannel(
    app.db,
    {
      id,
      name,
      kind,
      host: url.host,
      addressSealed: await app.sealer.seal(url.href, channelContext(id, 'address')),
      secretSealed: secret && (await app.sealer.seal(secret, channelContext(id, 'secret'))),
    },
    change,
  );
  return stored ? { ok: true, value: { id, secret } } : refused('name', 'There is a channel of this name already.');
}

/** Sends a test message now. Null: no such channel. `error` '': it was taken. */
export async function tryChannel(app: App, id: number, nowMs: number): Promise<{ name: string; error: string } | null> {
  const sealed = await readSealedChannel(app.db, id);
  if (!sealed) return null;
  const opened = await openChannel(app, id, sealed);
  if (typeof opened === 'string') return { name: sealed.name, error: opened };
  const { fetch, clock, settings } = app;
  const error = await sendToChannel(
    { fetch, clock, allowPrivateNetwork: settings.allowPrivateNetwork },
    opened,
    {
      occasion: 'test',
      alertId: 0,
      kind: 'test',
      connectionId: null,
      connectionName: '',
      text: 'This is a test. Alerts of the bridge will arrive here.',
      openedAtMs: nowMs,
      atMs: nowMs,
    },
    `test-${id}-${nowMs}`,
  );
  await noteTest(app.db, id, error ?? '', nowMs);
  return { name: sealed.name, error: error ?? '' };
}

/** A channel with its secrets in clear; or why they do not open, as a sentence. What is stored stays as it is. */
async function openChannel(
  { sealer }: App,
  id: number,
  { kind, addressSealed, secretSealed }: NonNullable<Awaited<ReturnType<typeof readSealedChannel>>>,
): Promise<OpenChannel | string> {
  try {
    const address = await sealer.open(addressSealed, channelContext(id, 'address'));
    const secret = secretSealed && (await sealer.open(secretSealed, channelContext(id, 'secret')));
    return { kind, address, secret };
  } catch (error) {
    if (error instanceof SealError) return `The channel's address cannot be opened: ${error.message}`;
    throw error;
  }
}

/** Stores a rule; its id. */
export async function makeRule(
  app: App,
  rule: z.output<typeof newRuleSchema>,
  change: Change,
): Promise<Made<{ id: number }>> {
  const plain = { ...rule, threshold: rule.kind === 'sign-in' ? 0 : rule.threshold };
  if (!(await isConnection(app, rule.connectionId))) return refused('connectionId', 'There is no such connection.');
  return { ok: true, value: { id: await addRule(app.db, { ...plain, text: ruleText(plain) }, change) } };
}

/** Stores a maintenance window; its id. */
export async function makeMaintenance(app: App, window: NewMaintenance, change: Change): Promise<Made<{ id: number }>> {
  if (!(await isConnection(app, window.connectionId))) return refused('connectionId', 'There is no such connection.');
  if (window.toMs <= window.fromMs) return refused('to', 'The end must lie after the start.');
  if (window.toMs <= change.nowMs) return refused('to', 'The end has passed already.');
  if (window.toMs - window.fromMs > MAINTENANCE_MAX_MS) return refused('to', 'A window may be 31 days long at most.');
  return { ok: true, value: { id: await addMaintenance(app.db, window, change) } };
}

async function isConnection(app: App, id: number | null): Promise<boolean> {
  return id === null || (await readConnection(app.db, id)) !== null;
}
