/** A long run's results: one JSON line a seed in a file, so that totals add up over several runs. */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import type { RunOptions } from './options.ts';
import type { RunResult } from './run.ts';

const lineSchema = z.object({
  seed: z.number(),
  days: z.number(),
  agents: z.number(),
  scale: z.number(),
  rates: z.record(z.string(), z.number()),
  violations: z.array(z.object({ rule: z.string(), message: z.string() })),
  faults: z.number(),
  crashes: z.number(),
  polls: z.number(),
  events: z.number(),
  cpuMs: z.number(),
});
type Line = z.output<typeof lineSchema>;

export function appendResult(file: string, { agents, scale, rates }: RunOptions, result: RunResult): void {
  const { seed, days, violations, faults, crashes, polls, events, cpuMs } = result;
  const line: Line = {
    seed,
    days,
    agents,
    scale,
    rates,
    violations: violations.slice(0, 3).map(({ rule, message }) => ({ rule, message })),
    faults: faults.length,
    crashes,
    polls,
    events,
    cpuMs,
  };
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export function readResults(file: string): Line[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => lineSchema.parse(JSON.parse(line)));
}

/** The totals as one paragraph. */
export function summaryOf(lines: readonly Line[]): string {
  const sum = (pick: (line: Line) => number) => lines.reduce((total, line) => total + pick(line), 0);
  const days = sum((line) => line.days);
  const cpuHours = sum((line) => line.cpuMs) / 3_600_000;
  const broken = lines.filter(({ violations }) => violations.length > 0);
  const seeds = lines.map(({ seed }) => seed);
  return [
    `${lines.length} seeds (${Math.min(...seeds)} to ${Math.max(...seeds)}), ${days} simulated days, ${sum((line) => line.faults)} faults,`,
    `${sum((line) => line.crashes)} crashes, ${sum((line) => line.polls)} polls, ${sum((line) => line.events)} state events accepted,`,
    `${cpuHours.toFixed(2)} CPU hours (${Math.round(days / cpuHours)} days an hour), ${broken.length} seeds with violations`,
    broken.length > 0 ? `: ${broken.map(({ seed }) => seed).join(', ')}.` : '.',
  ].join(' ');
}
