/**
 * What the NCC stand-in can be told at its start; every option has a default, so that `{}` is a small centre.
 */
import * as z from 'zod';

const DAY_SHAPES = ['two-humps', 'flat'] as const;

export const nccOptionsSchema = z.strictObject({
  port: z.int().min(0).max(65_535).default(9101),
  seed: z.int().min(0).max(4_294_967_295).default(1),
  agents: z.int().min(0).max(1_000_000).default(40),
  queues: z.int().min(0).max(100_000).default(8),
  dayShape: z.enum(DAY_SHAPES).default('two-humps'),
  timeZone: z.string().refine(isTimeZone, 'is no IANA time zone, for example Europe/Paris').default('UTC'),
  basePath: z
    .string()
    .regex(/^(\/[^/?#]+)*$/, 'has to be empty or begin with / and not end with it')
    .default(''),
  username: z.string().min(1).default('wfm@demo.example'),
  password: z.string().min(1).default('demo-password'),
  /** Further accounts as `user:password`. */
  account: z.array(z.string().regex(/^[^:]+:.+$/s, 'has the form user:password')).default([]),
  tokenLifeS: z.int().min(1).default(3600),
  tokenScheme: z.enum(['raw', 'bearer', 'both']).default('raw'),
  tokenExp: z.boolean().default(true),
  locationForm: z.enum(['url', 'slash', 'bare']).default('url'),
  location: z.string().optional(),
  envelope: z.enum(['bare', 'objects', 'data', 'rows']).default('bare'),
  idField: z.enum(['queue-id', 'queueId', '_id']).default('queue-id'),
  startTimeUnit: z.enum(['s', 'ms']).default('s'),
  handleTimeUnit: z.enum(['s', 'ms']).default('s'),
  statusTime: z.enum(['absent', 's', 'ms']).default('s'),
  loggedOut: z.enum(['present', 'absent']).default('present'),
  withoutUsername: z.int().min(0).default(0),
  unsendableQueues: z.int().min(0).default(0),
  changeShare: z.number().min(0).max(1).optional(),
  frozen: z.boolean().default(false),
});

export type NccOptions = z.output<typeof nccOptionsSchema>;
export type NccOptionsInput = z.input<typeof nccOptionsSchema>;

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
