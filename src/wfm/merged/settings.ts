/** Settings of a member: a connection that hands over to a merged one instead of sending to a WFM itself. */
import * as z from 'zod';

export const mergedSettingsSchema = z.strictObject({
  kind: z.literal('merged'),
  /** Id of the merged connection, which has the WFM. */
  into: z.int('Choose the merged connection that sends for this one.').min(1),
});
export type MergedSettings = z.output<typeof mergedSettingsSchema>;
