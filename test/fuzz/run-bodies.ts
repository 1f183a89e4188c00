// Feeds bodies to the clients until enough were fed, under a heap of 128 MB, and tells what was run. Started by run.ts.
import fc from 'fast-check';
import { TARGETS } from './bodies.ts';

const CHUNK_RUNS = 500;

/** Runs every target in turn, by its weight. Throws fast-check's report, with the seed, at the first body that breaks a rule. */
export async function fuzzBodies(bodies: number, seed: number, tell: (line: string) => void): Promise<string> {
  const startedMs = performance.now();
  const fed = new Map<string, number>();
  // In rounds, so that a short run meets every target as well.
  const rounds = Math.max(...TARGETS.map(({ weight }) => weight));
  const wanted = Array.from({ length: rounds }, (_, round) => TARGETS.filter(({ weight }) => weight > round)).flat();
  const chunkBodies = Math.ceil(bodies / wanted.length);
  let total = 0;
  let heapMostMb = 0;
  for (let turn = 0; total < bodies; turn += 1) {
    const target = wanted[turn % wanted.length];
    if (target === undefined) break;
    const numRuns = Math.min(CHUNK_RUNS, Math.ceil(Math.min(chunkBodies, bodies - total) / target.bodies));
    const outcome = await fc.check(target.property, { numRuns, seed: seed + turn, endOnFailure: false });
    if (outcome.failed) {
      const report = fc.defaultReportMessage(outcome);
      throw new Error(
        `${target.name}, seed ${seed + turn}:\n${report}\n${outcome.errorInstance instanceof Error ? outcome.errorInstance.stack : ''}`,
      );
    }
    fed.set(target.name, (fed.get(target.name) ?? 0) + numRuns * target.bodies);
    total += numRuns * target.bodies;
    heapMostMb = Math.max(heapMostMb, process.memoryUsage().heapUsed / 1e6);
    if (turn % 100 === 99)
      tell(
        `${total} bodies in ${Math.round((performance.now() - startedMs) / 1_000)} s, heap at most ${Math.round(heapMostMb)} MB`,
      );
  }
  const parts = [...fed].map(([name, count]) => `${name} ${count}`).join(', ');
  return `${total} bodies in ${Math.round((performance.now() - startedMs) / 1_000)} s, heap at most ${Math.round(heapMostMb)} MB of 128: ${parts}`;
}
