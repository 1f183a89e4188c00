/**
 * Proves the sums that Coverage shows against each stored figure, a day at a time: days that were never proved, or not since
 * they came to rest or queues were taken in or left out, newest first; then whichever was proved longest ago.
 */
import { DAY_MS, HOUR_MS } from '../domain/interval.ts';
import type { Clock } from '../runtime.ts';
import { addEvent } from '../store/events.ts';
import { type ProofState, proveDay, readProofState } from '../store/ledger-sums.ts';

/** Days of one connection that are due, proved in one go at most. */
const DAYS_MAX = 31;
/** Figures are read again a day after their interval's end by default: a day is at rest some time after that. */
const REST_MS = 26 * HOUR_MS;

/** Proves the days of a connection whose turn it is, until `untilMs`. */
export async function proveSums(
  { db, clock }: { db: D1Database; clock: Clock },
  connectionId: number,
  untilMs: number,
): Promise<void> {
  const state = await readProofState(db, connectionId);
  for (const dayMs of daysToProve(state, clock.nowMs())) {
    const nowMs = clock.nowMs();
    if (nowMs >= untilMs) return;
    const { inclusionVersion } = state;
    const differing = await proveDay(db, connectionId, { dayMs, inclusionVersion, nowMs });
    if (differing > 0) await addEvent(db, { connectionId, atMs: nowMs, ...remark(dayMs, differing) }).run();
  }
}

/** Days (UTC) to prove now: those that are due, newest first; if none is, the one that was proved longest ago. */
export function daysToProve({ span, inclusionVersion, proofs }: ProofState, nowMs: number): number[] {
  if (!span) return [];
  const due: number[] = [];
  let oldest: { dayMs: number; provedAtMs: number } | undefined;
  const lastDayMs = Math.floor((span.endMs - 1) / DAY_MS) * DAY_MS;
  for (let dayMs = lastDayMs; dayMs > span.startMs - DAY_MS; dayMs -= DAY_MS) {
    const proof = proofs.get(dayMs);
    const restsFromMs = dayMs + DAY_MS + REST_MS;
    const isDue =
      proof === undefined ||
      proof.inclusionVersion !== inclusionVersion ||
      (proof.provedAtMs < restsFromMs && nowMs >= restsFromMs);
    if (isDue) due.push(dayMs);
    else if (!oldest || proof.provedAtMs < oldest.provedAtMs) oldest = { dayMs, provedAtMs: proof.provedAtMs };
  }
  return due.length > 0 || !oldest ? due.slice(0, DAYS_MAX) : [oldest.dayMs];
}

function remark(dayMs: number, differing: number) {
  const day = new Date(dayMs).toISOString().slice(0, 10);
  const what = differing === 1 ? '1 interval' : `${differing} intervals`;
  return {
    kind: 'sums set right',
    severity: 'warning' as const,
    message:
      `The contacts stored in ${what} of ${day} (UTC) are not those that were added up when they were stored. ` +
      'Coverage now shows what is stored. Read the day again there if it differs from what the ACD told.',
  };
}
