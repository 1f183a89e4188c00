/** Rows that a source's schema refused, made small enough to keep: a hostile answer must not fill the account. */
import type * as z from 'zod';
import { describeIssues } from '../http/request.ts';
import type { RefusedRow } from './acd.ts';

const SAMPLE_CHARS_MAX = 500;
/** Rows after these are counted with their reason, but without a sample. */
const SAMPLES_MAX = 100;
/** An answer that begins with so many unreadable rows and no other is not read any further. */
export const UNREADABLE_ROWS_MAX = 1_000;

/** A list to which refused rows are added; `reason` is zod's error or words of our own, `agentId` whose row it is. */
export function createRefusedRows(): {
  readonly rows: RefusedRow[];
  add(index: number, row: unknown, reason: z.ZodError | string, agentId?: string | null): void;
} {
  const rows: RefusedRow[] = [];
  return {
    rows,
    add(index, row, reason, agentId = null) {
      const sample = rows.length < SAMPLES_MAX ? sampleOf(row) : '';
      rows.push({
        index,
        reason: typeof reason === 'string' ? reason : describeIssues(reason),
        sample,
        ...(agentId !== null && { agentId }),
      });
    },
  };
}

function sampleOf(row: unknown): string {
  // JSON.stringify writes NUL and halves of characters as escapes, so the sample can be stored.
  return (JSON.stringify(row) ?? '').slice(0, SAMPLE_CHARS_MAX).toWellFormed();
}
