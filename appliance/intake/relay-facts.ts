// What a relay is told, what it tells of itself, and what one entry of its spool holds.
import type { BlockList } from 'node:net';
import * as z from 'zod';
import type { AvayaCmsSettings } from '../../src/acd/avaya-cms/settings.ts';
import type { HostPort } from './options.ts';
import type { PushTarget } from './push-client.ts';

/** Of a line that was refused, so much is kept. */
export const SAMPLE_CHARS = 500;

export interface RelayOptions {
  readonly listen: HostPort;
  readonly peers: BlockList | undefined;
  readonly health: HostPort | undefined;
  readonly spoolDirectory: string;
  readonly spoolBytesMax: number;
  readonly settings: AvayaCmsSettings;
  readonly target: PushTarget;
}

export interface RelayStatus {
  readonly status: 'ok' | 'troubled';
  /** What is wrong, as sentences. */
  readonly problems: readonly string[];
  readonly feeds: number;
  /** Lines since the spool's beginning: read = pushed + refused + waiting. */
  readonly read: number;
  readonly pushed: number;
  readonly refused: number;
  readonly waiting: number;
  readonly lastLineAt: string | null;
  readonly oldestWaitingAt: string | null;
  readonly lastPushAt: string | null;
  readonly spoolBytes: number;
  readonly spoolBytesMax: number;
}

export interface Relay {
  /** `host:port` of the feed. */
  readonly address: string;
  /** Where health is told; undefined when it is not. */
  readonly healthUrl: string | undefined;
  status(): RelayStatus;
  /** Takes no more lines and ends; what waits stays on disk. */
  stop(): Promise<void>;
}

/** A line: the record that it became, or what is wrong with it. */
const entrySchema = z.union([
  z.object({ at: z.number(), record: z.record(z.string(), z.unknown()) }),
  z.object({ at: z.number(), line: z.string(), problem: z.string() }),
]);
export type Entry = z.infer<typeof entrySchema>;

/** An entry that the disk has damaged is none that can be pushed; it must not hold up those behind it. */
export function entryOf(text: string): Entry {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined; // said below
  }
  const parsed = entrySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  return { at: Date.now(), line: text.slice(0, SAMPLE_CHARS), problem: 'The entry of the spool is damaged.' };
}
