/**
 * Sign-in attempts per address. Every attempt is counted before the password is looked at, in one statement, so that a
 * thousand guesses at once are worth no more than a thousand in a row. An address never slows another one down.
 */

/** So many failures are free of any wait. */
const FREE_FAILURES = 5;
/** The wait after the failure that follows; it doubles with each further one. */
const FIRST_WAIT_MS = 5_000;
const LONGEST_WAIT_MS = 15 * 60_000;
/** An address that did not fail for so long starts anew. */
const FORGET_AFTER_MS = 24 * 3_600_000;

/** The wait that follows the given number of failures, milliseconds. */
export function waitAfterFailuresMs(failures: number): number {
  if (failures < FREE_FAILURES) return 0;
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(failures - FREE_FAILURES, 20));
}

/**
 * Counts an attempt as failed before it is judged. Resolves to 0 when it may go on, else to the milliseconds that this
 * address has to wait; an attempt that may not go on is not counted.
 */
export async function reserveAttempt(db: D1Database, address: string, nowMs: number): Promise<number> {
  const [, reserved, stored] = await db.batch<{ failures: number; last_failed_ms: number }>([
    db.prepare('DELETE FROM login_attempt WHERE last_failed_ms < ?1').bind(nowMs - FORGET_AFTER_MS),
    db
      .prepare(
        `INSERT INTO login_attempt (address, failures, last_failed_ms) VALUES (?1, 1, ?2)
         ON CONFLICT (address) DO UPDATE SET failures = failures + 1, last_failed_ms = ?2
         WHERE failures < ?3 OR last_failed_ms + min(?4, ?5 << min(failures - ?3, 20)) <= ?2
         RETURNING failures, last_failed_ms`,
      )
      .bind(address, nowMs, FREE_FAILURES, LONGEST_WAIT_MS, FIRST_WAIT_MS),
    db.prepare('SELECT failures, last_failed_ms FROM login_attempt WHERE address = ?1').bind(address),
  ]);
  if ((reserved?.results.length ?? 0) > 0) return 0;
  const row = stored?.results[0];
  if (!row) return 0;
  return Math.max(1, row.last_failed_ms + waitAfterFailuresMs(row.failures) - nowMs);
}

/** Forgets an address's failures: somebody who knows the password signed in from there. */
export async function forgetAttempts(db: D1Database, address: string): Promise<void> {
  await db.prepare('DELETE FROM login_attempt WHERE address = ?1').bind(address).run();
}
