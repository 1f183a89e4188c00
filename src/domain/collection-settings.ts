/** How a connection collects, derives and keeps: the settings that belong to no vendor. */
import * as z from 'zod';

const days = z.number().int().min(1).max(3_660);

export const collectionSettingsSchema = z.strictObject({
  /** How long after its end an interval is first read: figures settle. Seconds. */
  settleDelayS: z.number().int().min(0).max(3_600).default(120),
  /** When a closed interval is read again for late figures, minutes after its end. */
  reReadAfterMinutes: z.array(z.number().int().min(1).max(10_080)).max(6).default([15, 60, 1_440]),
  /** Length of the windows that the WFM is told about, minutes. 30 adds two intervals up. */
  reportMinutes: z.union([z.literal(15), z.literal(30)]).default(15),
  /** An agent missing from so many good answers in a row has signed out. */
  missingAnswersToSignOut: z.number().int().min(1).max(20).default(2),
  /** Hold a state back until it has lasted 3 s: CXone asks for states of 3 s or more. */
  holdBackShortStates: z.boolean().default(false),
  /** Share of handled contacts that counts as answered within the service level, percent; a queue can have its own. */
  shortPct: z.number().min(0).max(100).default(0),
  /** How fast a backlog of state changes is sent after an outage: bodies a minute. */
  catchUpBodiesPerMinute: z.number().int().min(1).max(600).default(60),
  retentionDays: z
    .strictObject({
      stateChanges: days.default(400),
      stateLog: days.default(14),
      queueIntervals: days.default(1_100),
      reportBodies: days.default(14),
      events: days.default(400),
    })
    .prefault({}),
});
