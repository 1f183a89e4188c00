/**
 * Asks the two stand-ins for their truths; every line is checked before it is believed.
 */
import * as z from 'zod';
import { describeIssues } from '../shared/parse.ts';

const TIMEOUT_MS = 60_000;

const figures = z.object({ entered: z.number(), abandoned: z.number(), handleTimeS: z.number() });

const whoSchema = z.object({ standIn: z.string() });
const nccSummarySchema = z.object({ startedMs: z.number(), stateChangesForgotten: z.number() });
const mpowerSummarySchema = z.object({ startedMs: z.number(), forgotten: z.number() });

const rosterSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('agent'), agentId: z.string(), _id: z.string(), username: z.string() }),
  z.object({ kind: z.literal('queue'), queueId: z.string(), _id: z.string() }),
]);

const servedStateSchema = z.object({
  agentId: z.string(),
  username: z.string(),
  state: z.string(),
  sinceMs: z.number().nullable(),
  answeredMs: z.number(),
  previousMs: z.number().nullable(),
  initial: z.boolean(),
  reentry: z.boolean(),
  inferred: z.boolean(),
});

const servedIntervalSchema = z.object({
  queueId: z.string(),
  _id: z.string(),
  startMs: z.number(),
  served: figures.extend({ leftOut: z.boolean() }),
  servedAtMs: z.number(),
});

const eventSchema = z.object({
  loginId: z.string(),
  eventCode: z.string(),
  reasonCode: z.string(),
  eventUtcTime: z.string(),
  order: z.number(),
  times: z.number(),
});

const acceptedFiguresSchema = z.object({
  queueValue: z.string(),
  startDate: z.string(),
  endDate: z.string(),
  row: z.object({
    contactsReceived: z.number(),
    abandonedShort: z.number(),
    abandonedLong: z.number(),
    handledShort: z.number(),
    handledLong: z.number(),
    handleTime: z.number(),
  }),
});

const activitySchema = z.object({
  agentValue: z.string(),
  userName: z.string(),
  state: z.string(),
  startTime: z.string(),
  durationMs: z.number(),
  startDate: z.string(),
  endDate: z.string(),
});

export type ServedState = z.infer<typeof servedStateSchema>;
export type ServedInterval = z.infer<typeof servedIntervalSchema>;
export type AcceptedEvent = z.infer<typeof eventSchema>;
export type AcceptedFigures = z.infer<typeof acceptedFiguresSchema>;
export type AcceptedActivity = z.infer<typeof activitySchema>;

export interface Truth {
  /** agent id → sign-in name. */
  readonly logins: Map<string, string>;
  readonly states: ServedState[];
  readonly intervals: ServedInterval[];
  readonly events: AcceptedEvent[];
  readonly figures: AcceptedFigures[];
  readonly activities: AcceptedActivity[];
  readonly mpowerStartedMs: number;
  readonly nccStartedMs: number;
  /** Records that a stand-in has let go because it ran long: the comparison cannot know them. */
  readonly nccForgotten: number;
  readonly mpowerForgotten: number;
}

/** A stand-in could not be asked; the message says which and why. */
export class TruthError extends Error {}

/**
 * Fetches what is needed for a comparison.
 * @throws TruthError when a stand-in does not answer, is another one, or answers with something else
 */
export async function fetchTruth(nccUrl: string, mpowerUrl: string): Promise<Truth> {
  await Promise.all([requireStandIn(nccUrl, 'NCC'), requireStandIn(mpowerUrl, 'Mpower')]);
  const [[ncc], roster, states, intervals] = await Promise.all([
    lines(nccUrl, '/_truth/summary', nccSummarySchema),
    lines(nccUrl, '/_truth/roster', rosterSchema),
    lines(nccUrl, '/_truth/states?what=served', servedStateSchema),
    lines(nccUrl, '/_truth/intervals?what=served', servedIntervalSchema),
  ]);
  // Mpower is asked after NCC, so that what was under way in between is there rather than missing.
  const [[mpower], events, accepted, activities] = await Promise.all([
    lines(mpowerUrl, '/_truth/summary', mpowerSummarySchema),
    lines(mpowerUrl, '/_truth/agent-states', eventSchema),
    lines(mpowerUrl, '/_truth/historical', acceptedFiguresSchema),
    lines(mpowerUrl, '/_truth/agent-activity', activitySchema),
  ]);
  const agents = roster.flatMap((row): [string, string][] =>
    row.kind === 'agent' ? [[row.agentId, row.username]] : [],
  );
  if (ncc === undefined || mpower === undefined) throw new TruthError('A stand-in gave an empty summary.');
  return {
    logins: new Map(agents),
    states,
    intervals,
    events,
    figures: accepted,
    activities,
    mpowerStartedMs: mpower.startedMs,
    nccStartedMs: ncc.startedMs,
    nccForgotten: ncc.stateChangesForgotten,
    mpowerForgotten: mpower.forgotten,
  };
}

/** The comparison knows what NCC serves, and nothing of other sources: their records would look like none. */
async function requireStandIn(url: string, wanted: 'NCC' | 'Mpower'): Promise<void> {
  const [who] = await lines(url, '/_truth/summary', whoSchema);
  if (who === undefined || who.standIn === wanted) return;
  throw new TruthError(
    `At ${url} is the stand-in of ${who.standIn}, not of ${wanted}: compare holds NCC against Mpower and knows no other source.`,
  );
}

async function lines<T>(base: string, path: string, schema: z.ZodType<T>): Promise<T[]> {
  let text: string;
  try {
    const response = await fetch(new URL(path, base), { signal: AbortSignal.timeout(TIMEOUT_MS) });
    text = await response.text();
    if (!response.ok) throw new TruthError(`${base} answered ${path} with ${response.status}.`);
  } catch (error) {
    if (error instanceof TruthError) throw error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    throw new TruthError(`No stand-in answers at ${base}: ${cause}.`);
  }
  return text.split('\n').flatMap((line) => {
    if (line === '') return [];
    const result = schema.safeParse(JSON.parse(line));
    if (!result.success)
      throw new TruthError(`${base} answered ${path} unexpectedly: ${describeIssues(result.error)}.`);
    return [result.data];
  });
}
