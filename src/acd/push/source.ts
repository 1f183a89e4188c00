/** Any ACD that sends its records to the bridge (src/domain/record.ts) and cannot be asked. */
import * as z from 'zod';
import type { StateClass } from '../../domain/agent-state.ts';
import type { Acd } from '../acd.ts';
import type { AcdSource, AcdTraits } from '../source.ts';

export const pushSettingsSchema = z.strictObject({
  kind: z.literal('push'),
  /** What the ACD is called, for people. */
  acdName: z.string().trim().max(100).default(''),
  /** Whether figures of queues are expected for every interval: where they are, one that does not come is a gap. */
  sendsQueueIntervals: z.boolean().default(true),
});
export type PushSettings = z.output<typeof pushSettingsSchema>;

/** A source that cannot be asked for anything. */
export const NOT_ASKED: Acd = {
  readAgentStates: null,
  readAgentEvents: null,
  readQueueIntervals: null,
  readRoster: null,
  warning: null,
};

/** What the jobs have to know of a source that is never asked. */
export const PUSHED = {
  agentStates: 'pushed',
  pollIntervalS: 60,
  queueIntervals: 'pushed',
  agentIdIsLoginId: true,
  windowsPerRequest: 1,
  handleTimeIsTakenForSeconds: false,
} as const satisfies AcdTraits;

/** States whose names say what they are. Anything else counts as not ready until somebody reviews it. */
const CLASSES = new Map<string, StateClass>([
  ['ready', 'ready'],
  ['available', 'ready'],
  ['contact', 'contact'],
  ['busy', 'contact'],
  ['wrap-up', 'wrap-up'],
  ['wrapup', 'wrap-up'],
  ['not ready', 'not ready'],
  ['signed out', 'signed out'],
  ['logged out', 'signed out'],
]);

export const pushSource: AcdSource<PushSettings> = {
  title: 'Any ACD, by push',
  settingsSchema: pushSettingsSchema,
  secrets: [],
  addresses: () => [],
  traits: ({ sendsQueueIntervals }) => ({
    ...PUSHED,
    queueIntervals: sendsQueueIntervals ? 'pushed' : 'none',
  }),
  defaultStateClass: (name) => CLASSES.get(name.toLowerCase()) ?? 'not ready',
  isDocumentedState: (name) => CLASSES.has(name.toLowerCase()),
  open: () => NOT_ASKED,
};
