// `npm run test:fuzz`: structure-aware fuzzing of every answer of NCC, LiveVox and Mpower through the real clients, and of every
// route of the built Worker. A body or a request that breaks a rule is shown, made small, with the seed that repeats it.
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fuzzBodies } from './run-bodies.ts';
import { fuzzRequests } from './run-requests.ts';

/** What Cloudflare gives an isolate. */
const HEAP_MB = 128;
const HEAP_FLAG = `--max-old-space-size=${HEAP_MB}`;

const HELP = `Fuzzing. The requests need a build (npm run build).

npm run test:fuzz -- [options]
  --runs N       bodies for the clients (20000)
  --requests N   requests for the Worker (a fifth of the bodies)
  --seed S       (1)
  --only WHAT    bodies or requests
`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20000' },
    requests: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const tell = (line: string) => void process.stdout.write(`${line}\n`);

const bodies = Number(values.runs);
const requests = Number(values.requests ?? bodies / 5);
const seed = Number(values.seed);
const isUsable = [bodies, requests, seed].every((value) => Number.isInteger(value) && value >= 0);

if (values.help || !isUsable) {
  tell(HELP);
  process.exitCode = values.help ? 0 : 2;
} else {
  if (values.only !== 'requests') {
    if (process.execArgv.includes(HEAP_FLAG)) tell(await fuzzBodies(bodies, seed, tell));
    else process.exitCode = bodiesInSmallHeap();
  }
  if (values.only !== 'bodies' && process.exitCode !== 1) tell(await fuzzRequests(requests, seed, tell));
}

/** In a process of its own with the heap that the Worker has: more memory than that ends it. */
function bodiesInSmallHeap(): 0 | 1 {
  const own = ['--only', 'bodies', '--runs', String(bodies), '--seed', String(seed)];
  const args = [HEAP_FLAG, ...process.execArgv, import.meta.filename, ...own];
  const { status, signal } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (signal !== null) tell(`Ended by ${signal}: more than ${HEAP_MB} MB were needed, or somebody ended it.`);
  return status === 0 ? 0 : 1;
}
