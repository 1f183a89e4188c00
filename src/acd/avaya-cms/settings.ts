/**
 * Settings of an Avaya CMS source: how its exports and its real-time feed are written. Nothing here is called or signed in
 * to; the relay and the folder watcher beside CMS read the same settings from a file.
 */
import * as z from 'zod';
import { patternProblem } from './pattern.ts';
import { DATE_ORDERS, isSwitchZone } from './switch-time.ts';

const feedSchema = z
  .strictObject({
    /** JSON with the codes of the event set, or text that a pattern reads. */
    form: z.enum(['json', 'pattern']).default('json'),
    /** A regular expression for a line, from its start, with the groups login and state, and reason and time if it has them. */
    pattern: z.string().trim().default(''),
  })
  .superRefine(({ form, pattern }, context) => {
    const problem = form === 'pattern' ? patternProblem(pattern) : null;
    if (problem !== null) context.addIssue({ code: 'custom', path: ['pattern'], message: problem });
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
  delimiter: z.enum(['auto', 'comma', 'semicolon', 'tab', 'bar']).default('auto'),
  /** Order of the parts of row_date; the year first is always understood. */
  dateOrder: z.enum(DATE_ORDERS).default('ymd'),
  /** Number of the ACD whose rows count; '': an export has to be of one ACD. */
  acdNumber: z
    .string()
    .trim()
    .regex(/^(?:[1-9]\d{0,2})?$/, 'Enter the number of the ACD, or nothing.')
    .default(''),
  /** How a line of the real-time feed is written. */
  feed: feedSchema.prefault({}),
  /** Whether figures of queues are expected for every interval: where they are, one that does not come is a gap. */
  sendsQueueIntervals: z.boolean().default(true),
});

export type AvayaCmsSettings = z.output<typeof avayaCmsSettingsSchema>;
