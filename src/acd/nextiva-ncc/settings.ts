/**
 * Settings of a Nextiva NCC source: the fields of CommunityWFM's configuration page, and one setting for each thing
 * that Nextiva has not published (contracts/nextiva-ncc.md), with its default.
 */
import * as z from 'zod';

const baseUrl = z.string().trim().min(1, 'Enter the base URL.').max(2_000);
const username = z.string().trim().min(1, 'Enter the user name.').max(320);
const path = z
  .string()
  .trim()
  .regex(/^\/[\w\-./~%]*$/, 'A path starts with "/" and holds no "?" or "#".')
  .max(500);
const fieldName = z.string().trim().min(1, 'Enter the name of a field.').max(100);

export const nccSettingsSchema = z.strictObject({
  kind: z.literal('nextiva-ncc'),
  /** "Real-time adherence integration". */
  realTime: z.strictObject({
    baseUrl,
    username,
    /** Transaction Collection Interval, seconds: how often the states of all agents are read. */
    collectionIntervalS: z
      .number('Enter a whole number of seconds.')
      .int('Enter a whole number of seconds.')
      .min(3, 'The shortest interval is 3 seconds.')
      .max(3_600, 'The longest interval is 3600 seconds.')
      .default(5),
  }),
  /** "Historical contact volume data collection". */
  historical: z.strictObject({ baseUrl, username }),
  advanced: z
    .strictObject({
      signInPath: path.default('/provider/token-with-authorities'),
      refreshPath: path.default('/provider/api/token-refresh'),
      realTimePath: path.default('/realTime'),
      historicalPath: path.default('/historical'),
      queuesPath: path.default('/data/api/types/queue'),
      usersPath: path.default('/data/api/types/user'),
      /** Names of the query parameters of the historical call. */
      startParameter: z.string().trim().min(1).max(60).default('start'),
      endParameter: z.string().trim().min(1).max(60).default('end'),
      /** Verb of the historical call. With POST the parameters are in the query and, as JSON, in the body. */
      historicalMethod: z.enum(['GET', 'POST']).default('GET'),
      /** Field of an answer that holds its rows; '' finds it by itself: a bare list, or one of the usual envelopes. */
      rowsField: z.string().trim().max(100).default(''),
      /** Names of fields, each tried before the ones that are known. */
      statusTimeField: fieldName.default('agent-status-time'),
      queueIdField: fieldName.default('queue-id'),
      queueNameField: fieldName.default('queue-name'),
      /** Life of a token that does not say when it ends. */
      tokenLifeMinutes: z.number().int().min(1).max(1_440).default(60),
      /** Unit of `sumHandleTime`. */
      handleTimeUnit: z.enum(['seconds', 'milliseconds']).default('seconds'),
      /** Whether after-call work is inside `sumHandleTime`. */
      handleTimeIncludesWrapUp: z.boolean().default(false),
      /** How many 15-minute windows one historical request may ask for when past ones are loaded. 1 asks one by one. */
      windowsPerRequest: z.number().int().min(1).max(672).default(24),
    })
    .prefault({}),
});

export type NccSettings = z.output<typeof nccSettingsSchema>;
