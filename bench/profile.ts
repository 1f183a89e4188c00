// Where the engine's processor time goes, by its own profiler: the functions with the most time of their own.
//   npm run build && node bench/profile.ts [--only changing|unchanged|backfill|connections|coverage] [--agents 10000]
// Native work that the engine does outside the Worker's isolate (SQLite, sockets) is not in it.
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Inspector, inspectorEnvironment, type Profile } from '../test/host/support/inspector.ts';
import { freePort, Stage } from '../test/host/support/stage.ts';
import { Bridge } from './support/bridge.ts';
import { buildReadableWorker } from './support/builds.ts';
import { figure } from './support/numbers.ts';
import { afterPolls } from './support/polling.ts';
import { processCpuMs } from './support/process-cpu.ts';
import { readPolls, type StandIns, startStandIns } from './support/stand-ins.ts';

const PERIOD_S = 3;
const WARM_POLLS = 10;
const PROFILE_MS = 45_000;
const SHOWN = 22;
/** Samples are 0.2 ms apart; one so late came after a pause, and the shortest are those for a neighbour's answer. */
const PAUSE_MS = 1;
const INTERVAL_MS = 900_000;

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, agents: { type: 'string', default: '10000' } },
});

/** Time of their own of all functions, milliseconds, the most first. */
function ownTimes({ nodes, samples, timeDeltas }: Profile): [string, number][] {
  const names = new Map(
    nodes.map(({ id, callFrame: { functionName, lineNumber } }) => [
      id,
      functionName.startsWith('(') ? functionName : `${functionName || '(anonymous)'}:${lineNumber + 1}`,
    ]),
  );
  const times = new Map<string, number>();
  for (const [i, sample] of samples.entries()) {
    const name = names.get(sample) ?? '?';
    const tookMs = (timeDeltas[i + 1] ?? 0) / 1_000;
    // Nobody samples an isolate that waits: its last function would get the whole pause.
    if (tookMs <= PAUSE_MS) times.set(name, (times.get(name) ?? 0) + tookMs);
  }
  return [...times].sort((a, b) => b[1] - a[1]);
}

async function profile(
  name: string,
  traffic: { agents: number; changeShare: number; queues?: number },
  work: (bridge: Bridge, standIns: StandIns) => Promise<void>,
): Promise<void> {
  if (!name.includes(values.only)) return;
  const stage = new Stage();
  try {
    const standIns = await startStandIns(stage, traffic);
    const port = await freePort();
    const bridge = await Bridge.start(stage, {
      distDirectory: buildReadableWorker(),
      environment: inspectorEnvironment(port),
    });
    await bridge.connect(standIns, PERIOD_S);
    await afterPolls(standIns, WARM_POLLS);
    const inspector = await Inspector.open(port);
    const { host, engine } = bridge.pids();
    const cpuMs = () => [host, ...engine].map((pid) => processCpuMs(pid) ?? 0);
    const before = cpuMs();
    const fromMs = Date.now();
    await inspector.startProfile();
    await work(bridge, standIns);
    const taken = await inspector.stopProfile();
    const used = cpuMs().map((ms, i) => ms - (before[i] ?? 0));
    const polls = (await readPolls(standIns.nccUrl, fromMs)).length;
    inspector.close();
    print(name, traffic, taken, { hostMs: used[0] ?? 0, engineMs: used.slice(1).reduce((a, b) => a + b, 0), polls });
    await bridge.end();
    await standIns.end();
  } finally {
    await stage.close();
  }
}

function print(
  name: string,
  { agents, changeShare }: { agents: number; changeShare: number },
  taken: Profile,
  used: { hostMs: number; engineMs: number; polls: number },
): void {
  const times = ownTimes(taken).filter(([one]) => one !== '(idle)' && one !== '(program)' && one !== '(root)');
  const sum = times.reduce((total, [, ms]) => total + ms, 0);
  const { hostMs, engineMs, polls } = used;
  console.log(`\n${name}: ${agents.toLocaleString('en')} agents, ${changeShare * 100} % changing, ${polls} polls`);
  console.log(
    `host ${figure(hostMs)} ms, engine ${figure(engineMs)} ms, of which in the Worker's isolate ${figure(sum)} ms ` +
      `(a poll: ${figure(hostMs / polls)}, ${figure(engineMs / polls)}, ${figure(sum / polls)})`,
  );
  for (const [one, ms] of times.slice(0, SHOWN)) {
    console.log(`${figure((ms / sum) * 100).padStart(6)} %  ${figure(ms / polls).padStart(8)} ms a poll  ${one}`);
  }
}

const agents = Number(values.agents);
const wait = async () => void (await sleep(PROFILE_MS));

async function backfill(bridge: Bridge): Promise<void> {
  const toMs = Math.floor(Date.now() / INTERVAL_MS) * INTERVAL_MS - INTERVAL_MS;
  await bridge.call('POST', '/api/v1/connections/1/backfills', {
    from: new Date(toMs - 5 * 96 * INTERVAL_MS).toISOString(),
    to: new Date(toMs).toISOString(),
  });
  await sleep(PROFILE_MS / 2);
}

await profile('changing', { agents, changeShare: 0.05 }, wait);
await profile('unchanged', { agents, changeShare: 0 }, wait);
await profile('backfill', { agents: 10, changeShare: 0, queues: 200 }, backfill);
