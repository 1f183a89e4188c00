/**
 * Settings of an Avaya CMS source: how its exports and its real-time feed are written. Nothing here is called or signed in
 * to; the relay and the folder watcher beside CMS read the same settings from a file.
 */
import * as z from 'zod';
import { patternProblem } from './pattern.ts';
import { DATE_ORDERS, isSwitchZone } from './switch-time.ts';

const jsonFeedSchema = z.strictObject({ form: z.literal('json') });

const patternFeedSchema = z.strictObject({
  form: z.literal('pattern'),
  /** A regular expression for a line, from its start, with the groups login and state, and reason and time if it has them. */
  pattern: z.string().superRefine((pattern, context) => {
    const problem = patternProblem(pattern);
    if (problem !== null) context.addIssue({ code: 'custom', message: problem });
  }),
});

export const avayaCmsSettingsSchema = z.strictObject({
  kind: z.literal('avaya-cms'),
  /**
   * Length of the switch's intervals, minutes. With 30 the bridge has to report windows of 30 minutes: the figures count
   * in the first quarter of the two.
   */
  intervalMinutes: z.union([z.literal(15), z.literal(30)]).default(15),
  /** Time zone of the switch's clock: an IANA name, or a fixed offset such as -06:00. */
  timeZone: z
    .string()
    .trim()
    .max(100)
    .refine(isSwitchZone, 'Enter an IANA time zone such as America/Chicago, or an offset such as -06:00.')
    .default('UTC'),
  /**
   * Which of the two passages an export without starttime_utc means where the clock is put back: an hour of clock times
   * comes twice. 'refuse' books neither.
   */
  repeatedHour: z.enum(['refuse', 'first', 'second']).default('refuse'),
  /** What stands between the cells of an export; 'auto' takes what the head uses. */
  delimiter: z.enum(['auto', ',', ';', '\t', '|']).default('auto'),
  /** Order of the parts of row_date; the year first is always understood. */
  dateOrder: z.enum(DATE_ORDERS).default('ymd'),
  /** Number of the ACD whose rows count; null: an export has to be of one ACD. */
  acd: z.int('Enter the number of the ACD.').min(1).max(999).nullable().default(null),
  /** How a line of the real-time feed is written. */
  feed: z.discriminatedUnion('form', [jsonFeedSchema, patternFeedSchema]).prefault({ form: 'json' }),
  /** Whether figures of queues are expected for every interval: where they are, one that does not come is a gap. */
  sendsQueueIntervals: z.boolean().default(true),
});

export type AvayaCmsSettings = z.output<typeof avayaCmsSettingsSchema>;
