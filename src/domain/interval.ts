/**
 * The grid of time that figures live on. An interval is 15 minutes, half-open `[start, end)`, named by its start;
 * everything is a UTC epoch in milliseconds, so daylight saving and odd offsets cannot touch it.
 */

export const INTERVAL_MS = 900_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A half-open span of time `[startMs, endMs)` in UTC epoch milliseconds. */
export interface Window {
  readonly startMs: number;
  readonly endMs: number;
}

/** Start of the interval (or of the window of `lengthMs`) that `atMs` lies in. */
export function floorToGrid(atMs: number, lengthMs: number = INTERVAL_MS): number {
  return Math.floor(atMs / lengthMs) * lengthMs;
}

/** First start of an interval (or window of `lengthMs`) at or after `atMs`. */
export function ceilToGrid(atMs: number, lengthMs: number = INTERVAL_MS): number {
  return Math.ceil(atMs / lengthMs) * lengthMs;
}

/** True when both ends lie on the 15-minute grid and the window is not empty. */
export function isOnGrid({ startMs, endMs }: Window): boolean {
  return startMs % INTERVAL_MS === 0 && endMs % INTERVAL_MS === 0 && startMs < endMs;
}

/** Starts of the windows of `lengthMs` inside `[startMs, endMs)`, oldest first. */
export function windowStarts({ startMs, endMs }: Window, lengthMs: number = INTERVAL_MS): number[] {
  const starts: number[] = [];
  for (let at = startMs; at < endMs; at += lengthMs) starts.push(at);
  return starts;
}

/** Milliseconds that two half-open windows have in common; 0 when they only touch. */
export function overlapMs(a: Window, b: Window): number {
  return Math.max(0, Math.min(a.endMs, b.endMs) - Math.max(a.startMs, b.startMs));
}

/**
 * Joins interval starts that follow each other into windows of at most `intervalsMax` intervals, so that one request
 * can ask for them together. Newest window first.
 */
export function joinIntervals(starts: readonly number[], intervalsMax: number): Window[] {
  const sorted = [...starts].sort((a, b) => b - a);
  const windows: { startMs: number; endMs: number }[] = [];
  for (const start of sorted) {
    const last = windows.at(-1);
    const joins = last?.startMs === start + INTERVAL_MS && last.endMs - start <= intervalsMax * INTERVAL_MS;
    if (joins && last) last.startMs = start;
    else windows.push({ startMs: start, endMs: start + INTERVAL_MS });
  }
  return windows;
}
