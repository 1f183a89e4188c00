/** The bodies in which alerts travel: Slack's, Microsoft Teams', and a plain one for any webhook. Pure. */
import type { AlertKind } from './alert.ts';

export const CHANNEL_KINDS = ['slack', 'teams', 'webhook'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** What is told. `alertId` 0: a test. */
export interface AlertMessage {
  readonly occasion: 'opened' | 'solved' | 'test';
  readonly alertId: number;
  readonly kind: AlertKind | 'test';
  readonly connectionId: number | null;
  readonly connectionName: string;
  /** A sentence. */
  readonly text: string;
  readonly openedAtMs: number;
  readonly atMs: number;
}

/** The body for a channel, as JSON text. */
export function composeMessage(channel: ChannelKind, message: AlertMessage): string {
  switch (channel) {
    case 'slack':
      return JSON.stringify({ text: `*${slackText(headline(message))}*\n${slackText(message.text)}` });
    case 'teams':
      return JSON.stringify(teamsCard(message));
    case 'webhook':
      return JSON.stringify({
        type: message.occasion === 'test' ? 'test' : `alert.${message.occasion}`,
        timestamp: new Date(message.atMs).toISOString(),
        data: {
          alertId: message.alertId,
          kind: message.kind,
          connection: { id: message.connectionId, name: message.connectionName },
          message: message.text,
          openedAt: new Date(message.openedAtMs).toISOString(),
        },
      });
  }
}

function headline({ occasion, connectionName }: AlertMessage): string {
  if (occasion === 'test') return 'Test of the ACD to WFM bridge';
  return `${occasion === 'solved' ? 'Solved' : 'Alert'}: ${connectionName}`;
}

/** Slack takes three characters for its own marks; nothing else can call anybody or lead anywhere. */
function slackText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('*', '∗');
}

/** An adaptive card in the envelope that Teams' workflows expect. */
function teamsCard(message: AlertMessage): object {
  const colour = { opened: 'Attention', solved: 'Good', test: 'Default' }[message.occasion];
  const block = (text: string, more: object = {}) => ({
    type: 'TextBlock',
    text: teamsText(text),
    wrap: true,
    ...more,
  });
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [block(headline(message), { weight: 'Bolder', size: 'Medium', color: colour }), block(message.text)],
        },
      },
    ],
  };
}

/** A card's text knows links and emphasis in Markdown: names must not make any. */
function teamsText(text: string): string {
  return text.replaceAll(/[\\[\]()*_`~]/g, (mark) => `\\${mark}`);
}

/**
 * Headers of a signed webhook, as the Standard Webhooks specification has them: HMAC-SHA-256 over id, timestamp and body.
 * `secret`: "whsec_" and the key in base64.
 */
export async function signedHeaders(
  secret: string,
  message: { id: string; atMs: number; body: string },
): Promise<Record<string, string>> {
  const bytes = Uint8Array.from(atob(secret.replace(/^whsec_/, '')), (char) => char.charCodeAt(0));
  const key = await crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const timestamp = String(Math.floor(message.atMs / 1_000));
  const signed = new TextEncoder().encode(`${message.id}.${timestamp}.${message.body}`);
  const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, signed));
  return {
    'webhook-id': message.id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${btoa(String.fromCharCode(...mac))}`,
  };
}
