/** Judges the sums that Coverage shows: at any moment they are what the stored figures add up to, and no proof found otherwise. */
import type { SimDatabase } from './d1.ts';

interface Sums {
  readonly start: number;
  readonly kept: number;
  readonly keptLeftOut: number;
  readonly stored: number;
  readonly leftOut: number;
  readonly isCurrent: number;
}

/** What is wrong, in sentences. The difference is made with no statement of the bridge's own. */
export function wrongSums(db: Pick<SimDatabase, 'query'>): string[] {
  const wrong: string[] = [];
  const rows = db.query<Sums>(
    `SELECT l.start_ms AS start, l.stored_offered AS kept, l.left_out_offered AS keptLeftOut,
            l.sums_version = c.inclusion_version AS isCurrent, coalesce(sum(i.offered), 0) AS stored,
            coalesce(sum(CASE WHEN q.included = 0 THEN i.offered END), 0) AS leftOut
     FROM interval_ledger l JOIN connection c ON c.id = l.connection_id
     LEFT JOIN queue_interval i ON i.connection_id = l.connection_id AND i.start_ms = l.start_ms
     LEFT JOIN queue q ON q.id = i.queue_id
     GROUP BY l.connection_id, l.start_ms`,
  );
  for (const { start, kept, keptLeftOut, stored, leftOut, isCurrent } of rows) {
    if (kept === stored && (keptLeftOut === leftOut || isCurrent !== 1)) continue;
    wrong.push(
      `Interval ${new Date(start).toISOString()}: the ledger says ${kept} contacts stored and ${keptLeftOut} left out, ` +
        `its figures add up to ${stored} and ${leftOut}.`,
    );
  }
  for (const { day, differing } of db.query<{ day: number; differing: number }>(
    'SELECT day_ms AS day, differing FROM ledger_proof WHERE differing > 0',
  )) {
    wrong.push(`The proof of ${new Date(day).toISOString()} set ${differing} sums right.`);
  }
  return wrong;
}
