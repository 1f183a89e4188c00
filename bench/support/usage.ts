// What the counting Worker tells.
import * as z from 'zod';
import type { Bridge } from './bridge.ts';

const statementSchema = z.object({
  statements: z.number(),
  rowsRead: z.number(),
  rowsWritten: z.number(),
  durationMs: z.number(),
});

const usageSchema = z.object({
  d1Calls: z.number(),
  statements: z.record(z.string(), statementSchema),
  alarms: z.number(),
  alarmMs: z.number(),
  objectCalls: z.number(),
  objectRowsWritten: z.number(),
  kvReads: z.number(),
  kvWrites: z.number(),
  crons: z.number(),
});

export type Usage = z.infer<typeof usageSchema>;

/** What was counted since the last call; sets the counters back. */
export async function takeUsage(bridge: Bridge): Promise<Usage> {
  const response = await fetch(new URL('/bench/usage', bridge.url), { method: 'POST' });
  if (!response.ok) throw new Error(`The counters cannot be read: the Worker answered with ${response.status}.`);
  return usageSchema.parse(await response.json());
}

/** Sums over all statements. */
export function totals(usage: Usage): z.infer<typeof statementSchema> {
  const sum = { statements: 0, rowsRead: 0, rowsWritten: 0, durationMs: 0 };
  for (const one of Object.values(usage.statements)) {
    sum.statements += one.statements;
    sum.rowsRead += one.rowsRead;
    sum.rowsWritten += one.rowsWritten;
    sum.durationMs += one.durationMs;
  }
  return sum;
}
