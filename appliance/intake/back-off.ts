// How long to wait before the next try: longer each time, up to a minute, never exactly as long as another one waits.
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_MS = 1_000;
const LONGEST_MS = 60_000;

/** @param failures how many tries in a row have failed; `askedMs`: what the other side asks for, where it does */
export function backOffMs(failures: number, askedMs: number | undefined): number {
  const fullMs = Math.min(FIRST_MS * 2 ** Math.min(failures - 1, 10), LONGEST_MS);
  return Math.max(fullMs * (0.5 + Math.random() / 2), askedMs ?? 0);
}

/** Waits; false when it was stopped meanwhile. */
export function waitUnless(stopping: AbortSignal, ms: number): Promise<boolean> {
  return sleep(ms, true, { signal: stopping }).catch(() => false);
}
