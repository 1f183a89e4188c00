/**
 * Sends alerts to Slack, Microsoft Teams and webhooks. A message that is not taken is tried again with growing pauses for
 * a day; a channel that fails holds up no other. Addresses are secrets: no error repeats one.
 */
import { type AlertMessage, type ChannelKind, composeMessage, signedHeaders } from '../domain/alert-message.ts';
import { DAY_MS, MINUTE_MS } from '../domain/interval.ts';
import { type RequestDeps, requestText } from '../http/request.ts';
import { describeFailure, UpstreamError } from '../http/upstream-error.ts';
import type { Sealer } from '../runtime.ts';
import { type DueMessage, messageFailed, messageSent, readDueMessages } from '../store/alerts.ts';

export interface AlertDeps extends RequestDeps {
  readonly db: D1Database;
  readonly sealer: Sealer;
}

const MESSAGES_PER_RUN_MAX = 40;
const TIMEOUT_MS = 10_000;
const RETRY_MAX_MS = 60 * MINUTE_MS;
const GIVEN_UP_AFTER_MS = DAY_MS;
const ANSWER_BYTES_MAX = 100_000;

/** How a channel's secrets are bound to their place. */
export function channelContext(channelId: number, what: 'address' | 'secret'): string {
  return `alert-channel:${channelId}:${what}`;
}

/** An address and, for a webhook, the secret that signs. */
export interface OpenChannel {
  readonly kind: ChannelKind;
  readonly address: string;
  readonly secret: string | null;
}

/** Sends one message. Null: it was taken; otherwise why not, as a sentence without the address. */
export async function sendToChannel(
  deps: RequestDeps,
  channel: OpenChannel,
  message: AlertMessage,
  messageId: string,
): Promise<string | null> {
  const body = composeMessage(channel.kind, message);
  const signature =
    channel.secret === null ? {} : await signedHeaders(channel.secret, { id: messageId, atMs: message.atMs, body });
  try {
    await requestText(deps, {
      url: channel.address,
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: '*/*', ...signature },
      body,
      timeoutMs: TIMEOUT_MS,
      bodyBytesMax: ANSWER_BYTES_MAX,
      secrets: secretParts(channel.address),
    });
    return null;
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
    // Not the error's own message: it names the path, which is the secret part of such an address.
    return `The channel ${describeFailure(error.failure)}.`;
  }
}

/** The address and its parts, as they are sent and as they read. */
function secretParts(address: string): string[] {
  const url = URL.parse(address);
  if (!url) return [];
  const parts = [address, ...url.pathname.split('/'), ...url.searchParams.values()];
  return [...parts, ...parts.map(decoded)].filter((part) => part.length >= 6);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A percent sign that stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

/** Sends what is due; how many were taken. */
export async function sendDueMessages(deps: AlertDeps): Promise<number> {
  const due = await readDueMessages(deps.db, deps.clock.nowMs(), MESSAGES_PER_RUN_MAX);
  const byChannel = Map.groupBy(due, ({ channelId }) => channelId);
  const sent = await Promise.all([...byChannel.values()].map((messages) => sendInTurn(deps, messages)));
  return sent.reduce((total, count) => total + count, 0);
}

/** A channel's messages in their order; after a failure the rest waits with the one that failed. */
async function sendInTurn(deps: AlertDeps, messages: readonly DueMessage[]): Promise<number> {
  let sent = 0;
  for (const due of messages) {
    const error = await sendOne(deps, due);
    const nowMs = deps.clock.nowMs();
    if (error === null) {
      await deps.db.batch(messageSent(deps.db, due, nowMs));
      sent += 1;
      continue;
    }
    const sinceMs = due.occasion === 'opened' ? due.openedAtMs : (due.solvedAtMs ?? due.openedAtMs);
    const retryAtMs =
      nowMs - sinceMs > GIVEN_UP_AFTER_MS ? null : nowMs + Math.min(RETRY_MAX_MS, 2 ** due.attempts * 30_000);
    await deps.db.batch(messageFailed(deps.db, due, { error, retryAtMs, nowMs }));
    break;
  }
  return sent;
}

async function sendOne(deps: AlertDeps, due: DueMessage): Promise<string | null> {
  let channel: OpenChannel;
  try {
    const address = await deps.sealer.open(due.addressSealed, channelContext(due.channelId, 'address'));
    const secret =
      due.secretSealed === null
        ? null
        : await deps.sealer.open(due.secretSealed, channelContext(due.channelId, 'secret'));
    channel = { kind: due.channelKind, address, secret };
  } catch (error) {
    return `The channel's address cannot be opened: ${error instanceof Error ? error.message : String(error)}`;
  }
  const text = due.occasion === 'opened' ? due.message : `Solved. What it was: ${due.message}`;
  const { alertId, occasion, kind, connectionId, connectionName, openedAtMs, channelId } = due;
  const message: AlertMessage = {
    occasion,
    alertId,
    kind,
    connectionId,
    connectionName,
    text,
    openedAtMs,
    atMs: deps.clock.nowMs(),
  };
  return sendToChannel(deps, channel, message, `alert-${alertId}-${occasion}-${channelId}`);
}
