/**
 * What a member connection hands over to the merged connection that sends for it: its agents' states and its figures, in
 * the words that the WFM would have been told. Both sides check it. Instants are UTC milliseconds, durations milliseconds.
 */
import * as z from 'zod';
import { STATE_CLASSES } from './agent-state.ts';

const instant = z.int().min(0);
const whole = z.int().min(0);
const durationMs = z.number().min(0);
/** A person, by the login id that the WFM knows. */
const person = z.string().min(1);

/** A person entering a state. `stateClass` null: from here the member did not look until the next one. */
const handedState = z.strictObject({
  atMs: instant,
  state: z.string(),
  reason: z.string(),
  stateClass: z.enum(STATE_CLASSES).nullable(),
});
export type HandedState = z.output<typeof handedState>;

const handedQueue = z.strictObject({
  queueValue: z.string().min(1),
  queueName: z.string(),
  isOutbound: z.boolean(),
});

export const handedOverSchema = z.discriminatedUnion('kind', [
  /** Changes in the order in which they became known. */
  z.strictObject({
    kind: z.literal('agent-states'),
    changes: z.array(z.strictObject({ loginId: person, ...handedState.shape })),
  }),
  /** Everything that the member knows of one interval: what is missing here is not there. */
  z.strictObject({
    kind: z.literal('interval'),
    startMs: instant,
    queues: z.array(
      z.strictObject({
        ...handedQueue.shape,
        offered: whole,
        abandoned: whole,
        handleTimeMs: durationMs,
        handledShort: whole,
        handledLong: whole,
        abandonedShort: whole,
        workTimeMs: durationMs,
        queueDelayTimeMs: durationMs,
        holdTimeMs: durationMs,
      }),
    ),
    agentQueues: z.array(
      z.strictObject({
        ...handedQueue.shape,
        loginId: person,
        employeeId: z.string(),
        handled: whole,
        handleTimeMs: durationMs,
        workTimeMs: durationMs,
        holdTimeMs: durationMs,
      }),
    ),
    times: z.array(
      z.strictObject({
        loginId: person,
        employeeId: z.string(),
        loginTimeMs: durationMs,
        readyTimeMs: durationMs,
        notReadyTimeMs: durationMs,
      }),
    ),
  }),
  /** All that is known of some people in a window: it takes the place of what was said of them there before. */
  z.strictObject({
    kind: z.literal('window'),
    startMs: instant,
    endMs: instant,
    people: z.array(z.strictObject({ loginId: person, employeeId: z.string(), changes: z.array(handedState) })),
  }),
]);

export type HandedOver = z.output<typeof handedOverSchema>;
export type HandedInterval = Extract<HandedOver, { kind: 'interval' }>;
export type HandedWindow = Extract<HandedOver, { kind: 'window' }>;
export type HandedStates = Extract<HandedOver, { kind: 'agent-states' }>;

/** What the merged connection answers. `ok` false: it cannot take anything as things are set; `message` says why. */
export type HandOverAnswer = { readonly ok: true } | { readonly ok: false; readonly message: string };
