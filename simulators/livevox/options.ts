/**
 * What the LiveVox stand-in can be told at its start; every option has a default, so that `{}` is a small centre.
 */
import * as z from 'zod';
import { isTimeZone } from '../ncc/options.ts';

export const liveVoxOptionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(9103),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  agents: z.int().min(0).max(20_000).default(40),
  services: z.int().min(0).max(100_000).default(8),
  dayShape: z.enum(['two-humps', 'flat']).default('two-humps'),
  timeZone: z.string().refine(isTimeZone, 'is no IANA time zone, for example Europe/Paris').default('UTC'),
  clientName: z.string().min(1).default('DEMO'),
  username: z.string().min(1).default('wfm'),
  password: z.string().min(1).default('demo-password'),
  accessToken: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'has to be printable ASCII without blanks')
    .default('demo-access-token'),
  accessTokenHeader: z.enum(['LV-Access', 'Authorization']).default('LV-Access'),
  /** Told at sign-in as daysUntilPasswordExpires; absent: not told. */
  passwordDays: z.int().min(0).optional(),
  /** A session that was not used for so long is dead. */
  sessionIdleS: z.int().min(1).default(7_200),
  /** How long the feed waits when there is nothing. */
  longPollMs: z.int().min(0).max(60_000).default(10_000),
  eventsPerAnswer: z.int().min(1).max(100_000).default(5_000),
  eventsKeptHours: z.number().positive().max(240).default(24),
  tooOldStatus: z.int().min(400).max(499).default(410),
  timestampForm: z.enum(['ms', 'iso', 'mixed']).default('ms'),
  reasonField: z.string().min(1).default('reasonCode'),
  rowsPerPageMax: z.int().min(1).default(1_000),
  /** Whether the list of agents has their login ids. */
  loginIdsInList: z.boolean().default(true),
  /** Services are listed by call centre alone. */
  servicesByCallCenter: z.boolean().default(false),
});

export type LiveVoxOptions = z.output<typeof liveVoxOptionsSchema>;
export type LiveVoxOptionsInput = z.input<typeof liveVoxOptionsSchema>;
