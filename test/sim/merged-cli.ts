/**
 * Runs a day of two ACDs in one WFM tenant, with faults: `node test/sim/merged-cli.ts --hours 24 --seed 1 --seeds 3`. The exit
 * code is 1 when something is not as a plain reference says.
 */
import { parseArgs } from 'node:util';
import { HOUR_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { installGlobals } from './globals.ts';
import { judge } from './merged-judge.ts';
import { CONNECTIONS, drawTroubles, MergedWorld } from './merged-world.ts';

const { values } = parseArgs({
  options: {
    hours: { type: 'string', default: '24' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    calm: { type: 'boolean', default: false },
    sabotage: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
  },
});

installGlobals();
Error.stackTraceLimit = 5;
let broken = 0;
for (let seed = Number(values.seed); seed < Number(values.seed) + Number(values.seeds); seed++) {
  const cpu = process.cpuUsage();
  const world = new MergedWorld(seed, Number(values.hours), 8);
  await world.open();
  const { scheduler, startMs, endMs, chance } = world;
  if (!values.calm) {
    world.troubles = drawTroubles(world);
    for (const { what, connection, fromMs, untilMs } of world.troubles) {
      if (what !== 'paused') continue;
      scheduler.at(fromMs, () => world.setPaused(connection, true));
      scheduler.at(untilMs, () => world.setPaused(connection, false));
    }
    for (let i = 0; i < 2 * Number(values.hours); i++) {
      const id = CONNECTIONS[Math.floor(chance.next() * CONNECTIONS.length)] ?? 2;
      scheduler.at(startMs + Math.floor(chance.next() * (endMs - startMs)), () => world.crashSoon(id));
    }
  }
  if (values.sabotage) {
    scheduler.at(startMs + (endMs - startMs) / 2, () => {
      world.database.execute(
        'DELETE FROM state_change WHERE agent_id IN (SELECT id FROM agent WHERE connection_id = 2)',
      );
    });
  }
  await scheduler.runUntil(endMs + 2 * HOUR_MS);
  const wrong = judge(world, endMs + HOUR_MS + 30 * MINUTE_MS);
  if (values.calm) wrong.push(...new Set(world.logged));
  const { user, system } = process.cpuUsage(cpu);
  process.stdout.write(
    `seed ${seed}: ${wrong.length} violations, ${Math.round((user + system) / 1_000)} ms, ${world.handedOver} bodies handed over, ${world.crashes} crashes, ${world.bodies.size} windows\n`,
  );
  for (const line of wrong) process.stdout.write(`    ${line}\n`);
  if (values.verbose) for (const line of new Set(world.logged)) process.stdout.write(`    log ${line}\n`);
  world.database.close();
  if (wrong.length > 0) broken += 1;
}
process.exitCode = broken > 0 ? 1 : 0;
