/**
 * What the Mpower stand-in can be told at its start; every option has a default.
 */
import * as z from 'zod';

export const mpowerOptionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(9102),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  accessKeyId: z.string().min(1).default('DEMO-ACCESS-KEY-ID'),
  accessKeySecret: z.string().min(1).default('demo-access-key-secret'),
  tenantName: z.string().optional(),
  flatBody: z.boolean().default(false),
  tokenLifeS: z.int().min(1).default(3600),
  refreshLifeS: z.int().min(1).default(7200),
  maxBodyBytes: z
    .int()
    .min(1)
    .default(5 * 1024 * 1024),
  /** Which end of a report's window an activity may end on: (start, end] or [start, end). */
  activityBoundary: z.enum(['end', 'start']).default('start'),
  maxRecords: z.int().min(1).default(10_000),
});

export type MpowerOptions = z.output<typeof mpowerOptionsSchema>;
export type MpowerOptionsInput = z.input<typeof mpowerOptionsSchema>;
