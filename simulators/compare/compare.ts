/**
 * The judge: puts what NCC served beside what Mpower accepted and says what is missing, different or extra.
 */
import { compareActivities } from './activities.ts';
import { compareIntervals } from './intervals.ts';
import { iso, type Limits, type Section } from './section.ts';
import { compareStates } from './states.ts';
import { fetchTruth, type Truth } from './truth.ts';

export interface CompareOptions {
  readonly ncc: string;
  readonly mpower: string;
  readonly fromMs?: number;
  readonly toMs?: number;
  /** How long something may be under way, in seconds (60). */
  readonly inFlightS?: number;
  /** How long a window settles before it is reported, in seconds (120). */
  readonly settleS?: number;
  /** A pause between two answers longer than this, in seconds, is time in which nobody looked (60). */
  readonly gapS?: number;
}

export interface Comparison {
  readonly sections: Section[];
  readonly limits: Limits;
  /** What the reader has to know to trust the numbers. */
  readonly notes: string[];
  /** Something had been served in the range; without that the rest says nothing. */
  readonly judged: boolean;
  /** Nothing is missing or different. */
  readonly complete: boolean;
  /** Nothing is there that was not served. */
  readonly clean: boolean;
}

const DEFAULT_IN_FLIGHT_S = 60;
const DEFAULT_SETTLE_S = 120;
const DEFAULT_GAP_S = 60;
const SHORTEST_REPORT_MS = 900_000;
const STARTED_TOGETHER_MS = 5000;

/**
 * Asks both stand-ins and compares.
 * @throws TruthError when a stand-in cannot be asked
 */
export async function compare(options: CompareOptions, nowMs = Date.now): Promise<Comparison> {
  const truth = await fetchTruth(options.ncc, options.mpower);
  return compareTruth(truth, options, nowMs());
}

function compareTruth(truth: Truth, options: CompareOptions, nowMs: number): Comparison {
  const limits: Limits = {
    nowMs,
    fromMs: options.fromMs ?? 0,
    toMs: options.toMs ?? Number.POSITIVE_INFINITY,
    inFlightMs: (options.inFlightS ?? DEFAULT_IN_FLIGHT_S) * 1000,
    settleMs: (options.settleS ?? DEFAULT_SETTLE_S) * 1000,
    reportMs: reportLengthMs(truth),
    gapMs: (options.gapS ?? DEFAULT_GAP_S) * 1000,
  };
  const sections = [compareStates(truth, limits), compareIntervals(truth, limits), compareActivities(truth, limits)];
  const complete = sections.every(({ missing, different }) => missing.length + different.length === 0);
  const judged = sections.some(({ served }) => served > 0);
  const notes = notesOn(truth);
  return { sections, limits, notes, judged, complete, clean: sections.every(({ extra }) => extra.length === 0) };
}

/** The longest window that Mpower was sent tells the setting: while half hours are summed, quarters wait. */
function reportLengthMs({ figures, activities }: Truth): number {
  const lengthMs = ({ startDate, endDate }: { startDate: string; endDate: string }) =>
    Date.parse(endDate) - Date.parse(startDate);
  return [...figures, ...activities].reduce(
    (longest, report) => Math.max(longest, lengthMs(report)),
    SHORTEST_REPORT_MS,
  );
}

function notesOn(truth: Truth): string[] {
  const notes: string[] = [];
  if (truth.mpowerStartedMs > truth.nccStartedMs + STARTED_TOGETHER_MS && truth.states[0] !== undefined) {
    notes.push(
      `Mpower's record begins at ${iso(truth.mpowerStartedMs)}; what was served before is needed only if it is there.`,
    );
  }
  if (truth.nccForgotten > 0)
    notes.push(`NCC has let go of its ${truth.nccForgotten} oldest state changes; they are not judged.`);
  if (truth.mpowerForgotten > 0) {
    notes.push(
      `Mpower has let go of ${truth.mpowerForgotten} old records; what is missing may have been among them: use --from.`,
    );
  }
  return notes;
}
