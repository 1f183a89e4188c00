/**
 * Holds the figures that NCC last served for each queue and window against the latest that Mpower accepted.
 */
import { emptySection, iso, type Limits, type Section } from './section.ts';
import type { AcceptedFigures, ServedInterval, Truth } from './truth.ts';

const WINDOW_MS = 900_000;
const HALF_HOUR_MS = 1_800_000;
const SENDABLE = /^[\x20-\x7e]{1,100}$/;
const ROUNDING_S = 0.5;

interface Expected {
  readonly entered: number;
  readonly abandoned: number;
  readonly handleTimeS: number;
}

export function compareIntervals(truth: Truth, limits: Limits): Section {
  const section = emptySection('Queue intervals');
  const accepted = new Map(
    truth.figures.map((figures) => [key(figures.queueValue, figures.startDate, lengthMs(figures)), figures]),
  );
  const served = new Map(truth.intervals.map((interval) => [`${interval.queueId} ${interval.startMs}`, interval]));
  const explained = new Set<AcceptedFigures>();
  for (const interval of truth.intervals) {
    const found = find(accepted, interval);
    if (found !== undefined) explained.add(found);
    if (interval.startMs < limits.fromMs || interval.startMs >= limits.toMs) continue;
    section.served += 1;
    const young = limits.nowMs < dueMs(interval, limits);
    if (found === undefined) {
      if (isNotNeeded(interval, truth.mpowerStartedMs)) section.notNeeded += 1;
      else if (young) section.inFlight += 1;
      else section.missing.push(text(interval));
      continue;
    }
    const expected = expectedFor(found, interval, served);
    const difference = expected === undefined ? undefined : differenceOf(expected, found);
    if (difference === undefined) section.accepted += 1;
    else if (young) section.inFlight += 1;
    else section.different.push(`${text(interval)}: ${difference}`);
  }
  for (const figures of truth.figures) {
    const startMs = Date.parse(figures.startDate);
    if (explained.has(figures) || startMs < limits.fromMs || startMs >= limits.toMs) continue;
    section.extra.push(`${figures.queueValue} ${figures.startDate} was not served`);
  }
  return section;
}

/** A figure is under way for a while after it was served, and waits for the other half of its report. */
function dueMs({ startMs, servedAtMs }: ServedInterval, { reportMs, settleMs, inFlightMs }: Limits): number {
  const reportEndMs = Math.floor(startMs / reportMs) * reportMs + reportMs;
  return Math.max(servedAtMs, reportMs > WINDOW_MS ? reportEndMs + settleMs : 0) + inFlightMs;
}

/** A bridge may name a queue by either of its ids and report quarters or halves of an hour. */
function find(accepted: Map<string, AcceptedFigures>, { queueId, _id, startMs }: ServedInterval) {
  const halfMs = Math.floor(startMs / HALF_HOUR_MS) * HALF_HOUR_MS;
  return (
    accepted.get(key(queueId, iso(startMs), WINDOW_MS)) ??
    accepted.get(key(_id, iso(startMs), WINDOW_MS)) ??
    accepted.get(key(queueId, iso(halfMs), HALF_HOUR_MS)) ??
    accepted.get(key(_id, iso(halfMs), HALF_HOUR_MS))
  );
}

/** The served figures of the accepted window; undefined when the other half of a half hour has not been served. */
function expectedFor(
  found: AcceptedFigures,
  own: ServedInterval,
  served: Map<string, ServedInterval>,
): Expected | undefined {
  if (lengthMs(found) === WINDOW_MS) return own.served;
  const firstMs = Date.parse(found.startDate);
  const halves = [firstMs, firstMs + WINDOW_MS].map((startMs) => served.get(`${own.queueId} ${startMs}`)?.served);
  const [first, second] = halves;
  if (first === undefined || second === undefined) return undefined;
  return {
    entered: first.entered + second.entered,
    abandoned: first.abandoned + second.abandoned,
    handleTimeS: first.handleTimeS + second.handleTimeS,
  };
}

function differenceOf({ entered, abandoned, handleTimeS }: Expected, { row }: AcceptedFigures): string | undefined {
  const pairs: [string, number, number, number][] = [
    ['received', entered, row.contactsReceived, 0],
    ['abandoned', Math.min(entered, abandoned), row.abandonedShort + row.abandonedLong, 0],
    ['handled', Math.max(0, entered - abandoned), row.handledShort + row.handledLong, 0],
    ['handle time in s', handleTimeS, row.handleTime, ROUNDING_S],
  ];
  const unlike = pairs.filter(([, served, accepted, tolerance]) => Math.abs(served - accepted) > tolerance);
  if (unlike.length === 0) return undefined;
  return unlike.map(([name, served, accepted]) => `${name} served ${served}, accepted ${accepted}`).join('; ');
}

/** A queue without contacts, a key that the WFM cannot take, or an answer from before the WFM's memory. */
function isNotNeeded({ served, queueId, servedAtMs }: ServedInterval, mpowerStartedMs: number): boolean {
  const empty = served.entered === 0 && served.handleTimeS === 0;
  return empty || !SENDABLE.test(queueId) || servedAtMs < mpowerStartedMs;
}

function lengthMs({ startDate, endDate }: AcceptedFigures): number {
  return Date.parse(endDate) - Date.parse(startDate);
}

function key(queueValue: string, startDate: string, length: number): string {
  return JSON.stringify([queueValue, startDate, length]);
}

function text({ queueId, startMs, servedAtMs }: ServedInterval): string {
  return `queue ${queueId}, window ${iso(startMs)}, served ${iso(servedAtMs)}`;
}
