/**
 * What the CMS stand-in can be told at its start; every option has a default, so that `{}` is a small centre without a
 * relay and without exports.
 */
import * as z from 'zod';
import { isTimeZone } from '../ncc/options.ts';

export const cmsOptionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(9104),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  agents: z.int().min(0).max(10_000).default(40),
  splits: z.int().min(1).max(1_000).default(8),
  /** The switch's clock. */
  timeZone: z.string().refine(isTimeZone, 'is no IANA time zone, for example Europe/Paris').default('UTC'),
  intervalMinutes: z.union([z.literal(15), z.literal(30)]).default(15),
  /** How many times faster agents change than they would. */
  pace: z.number().min(0.1).max(100).default(1),
  /** Where the feed is told; '' for nowhere. */
  feed: z
    .string()
    .regex(/^(?:[\w.-]+:\d+)?$/, 'has the form host:port')
    .default(''),
  form: z.enum(['json', 'text']).default('json'),
  /** Where exports are written; '' for nowhere. */
  folder: z.string().default(''),
  /** So many intervals before the start are exported at once. */
  pastIntervals: z.int().min(0).max(10_000).default(8),
  /** So long after the end of an interval its export is written. */
  exportDelayS: z.number().min(0).max(3_600).default(20),
  /** Whether exports have starttime_utc beside row_date and starttime. */
  utcColumn: z.boolean().default(true),
});

export type CmsOptions = z.output<typeof cmsOptionsSchema>;
export type CmsOptionsInput = z.input<typeof cmsOptionsSchema>;
