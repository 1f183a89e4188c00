// The engine from inside: crons, and a hang that must not spread to the process that has to mend it.
import { createServer } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Engine, EngineOptions } from '../../appliance/engine.ts';
import { startEngine, withDatabase } from '../../appliance/engine.ts';
import { migrate } from '../../appliance/migrations.ts';
import { startWatchdog } from '../../appliance/watchdog.ts';
import { readWorkerConfig } from '../../appliance/worker-config.ts';
import { processTree } from './support/process-table.ts';
import { eventually, Stage, survivors } from './support/stage.ts';
import { writeTinyWorker } from './support/tiny-worker.ts';

let stage: Stage;
let options: EngineOptions;
let engine: Engine;

beforeEach(async () => {
  stage = new Stage();
  const distDirectory = writeTinyWorker(stage.directory());
  options = {
    config: readWorkerConfig(distDirectory),
    distDirectory,
    dataDirectory: stage.directory(),
    variables: {},
    onRestart: () => undefined,
    log: () => undefined,
  };
  await withDatabase(options, (database) => migrate(database, options.config.migrations, options.log));
  engine = await startEngine(options);
});
afterEach(async () => {
  await engine.close();
  await stage.close();
});

it('runs the scheduled handler with its expression and time, and tells how it ended', async () => {
  const time = new Date('2026-11-22T14:07:00Z');
  expect(await engine.fireCron('* * * * *', time)).toBe('ok');
  expect(await engine.fireCron('0 0 1 1 *', time)).toBe('exception');
  await engine.close();
  const stored = await withDatabase(options, (database) => database.prepare('SELECT at FROM tick').raw());
  expect(stored).toEqual([[time.getTime()]]);
});

it('keeps this process going while the engine hangs in a cron, and can still end it', async () => {
  const engines = processTree(process.pid).filter(({ command }) => command.includes('workerd'));
  expect(engines).toHaveLength(1);
  for (const { pid } of engines) process.kill(pid, 'SIGSTOP');
  const cron = engine.fireCron('* * * * *', new Date()).catch(() => 'cut off');
  await sleep(300);
  await engine.close();
  expect(await cron).toBe('cut off');
  expect(await survivors(engines)).toEqual([]);
});

it('is replaced when it has left several probes in a row unanswered, and not before', async () => {
  let isSilent = false;
  let probes = 0;
  const server = createServer((_request, response) => {
    probes += 1;
    if (!isSilent) response.writeHead(503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  let replacements = 0;
  const stop = startWatchdog({
    engineAddress: () => new URL(`http://127.0.0.1:${address.port}`),
    async replace() {
      replacements += 1;
      isSilent = false;
    },
    log: () => undefined,
    times: {
      probeEveryMs: 5,
      probeTimeoutMs: 200,
      failuresToReplace: 3,
      loopSilenceToReplaceMs: 60_000,
      jobSilenceToReplaceMs: 60_000,
      replacedAtMostEveryMs: 60_000,
    },
  });
  await eventually('it has probed', async () => probes >= 5);
  expect(replacements).toBe(0); // an answer that says 503 is an answer
  const before = probes;
  isSilent = true;
  await eventually('the engine is replaced', async () => replacements > 0);
  expect(probes - before).toBeGreaterThanOrEqual(3);
  const after = probes;
  await eventually('it goes on probing', async () => probes >= after + 5);
  expect(replacements).toBe(1);
  stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

it('is replaced once when its loops stay silent though it answers, and not again at once', async () => {
  const server = createServer((_request, response) => {
    response.writeHead(503).end(JSON.stringify({ status: 'stalled', silent: { loops: 1, minuteJob: false } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The system named no port.');
  let replacements = 0;
  let probesSilent = 0;
  const stop = startWatchdog({
    engineAddress: () => new URL(`http://127.0.0.1:${address.port}`),
    async replace() {
      replacements += 1;
    },
    onSilence: (isSilent) => {
      expect(isSilent).toBe(false); // it answers
      probesSilent += 1;
    },
    log: () => undefined,
    times: {
      probeEveryMs: 5,
      probeTimeoutMs: 2_000,
      failuresToReplace: 3,
      loopSilenceToReplaceMs: 50,
      jobSilenceToReplaceMs: 60_000,
      replacedAtMostEveryMs: 60_000,
    },
  });
  await eventually('the engine is replaced', async () => replacements > 0);
  const before = probesSilent;
  await eventually('it goes on probing', async () => probesSilent >= before + 30);
  expect(replacements).toBe(1);
  stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
