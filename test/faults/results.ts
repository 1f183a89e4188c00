// What was run so far: one JSON line a scenario, or a part of one, in a file, so that a long run can be interrupted and
// gone on with.
import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { Measured } from './scenario.ts';

const lineSchema = z.object({
  at: z.string(),
  key: z.string(),
  outcome: z.enum(['ok', 'part', 'failed', 'skipped']),
  seed: z.number(),
  seconds: z.number(),
  told: z.string(),
  figures: z.record(z.string(), z.union([z.number(), z.array(z.number()).readonly()])).readonly(),
});
export type Line = z.output<typeof lineSchema>;

export function appendLine(file: string, line: Omit<Line, 'at'>): void {
  mkdirSync(path.dirname(file), { recursive: true });
  appendFileSync(file, `${JSON.stringify({ at: new Date().toISOString(), ...line })}\n`);
}

export function readLines(file: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => lineSchema.parse(JSON.parse(line)));
}

/** Parts of one scenario as one: numbers are added, lists are joined. */
export function joined(parts: readonly Pick<Measured, 'figures'>[]): Record<string, number | number[]> {
  const total: Record<string, number | number[]> = {};
  for (const { figures } of parts) {
    for (const [name, value] of Object.entries(figures)) {
      const before = total[name];
      if (typeof value === 'number') total[name] = (typeof before === 'number' ? before : 0) + value;
      else total[name] = [...(Array.isArray(before) ? before : []), ...value];
    }
  }
  return total;
}
