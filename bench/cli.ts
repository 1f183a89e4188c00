// `npm run bench`: one table of measured figures, each beside the floor's and its bound. What the figures mean and how
// they are got is told in docs/performance.md.
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stage } from '../test/host/support/stage.ts';
import { backfillRow } from './rows/backfill.ts';
import { connectionsRow } from './rows/connections.ts';
import { d1Rows } from './rows/d1.ts';
import { heapRow } from './rows/heap.ts';
import { oversizeRow } from './rows/oversize.ts';
import { pollingRows } from './rows/polling.ts';
import { measureStorage, storageRow } from './rows/storage.ts';
import { Bridge } from './support/bridge.ts';
import { buildCountedWorker, PRODUCT_DIST } from './support/builds.ts';
import { markdownRows, printRows, type Row } from './support/row.ts';

const HELP = `Measures the built bridge against a floor and prints one table.

npm run bench -- [options]

  --quick      about two minutes: storage, D1 rows and one size of polling
  --long       also a backfill of 30 days
  --only TEXT  only the parts whose name holds TEXT (${'storage, d1, oversize, polling, heap, connections, backfill'})
  --dist DIR   another build of the Worker than dist/
  --markdown   the table as Markdown
  --help       this

The machine should have nothing else to do. Figures that were measured on one are in docs/performance.md.
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    dist: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

interface Part {
  readonly name: string;
  readonly isQuick: boolean;
  run(stage: Stage): Promise<Row[]>;
}

const dist = values.dist === undefined ? undefined : path.resolve(values.dist);

const PARTS: readonly Part[] = [
  { name: 'storage', isQuick: true, run: async () => [storageRow(measureStorage())] },
  { name: 'd1', isQuick: true, run: (stage) => d1Rows(stage, buildCountedWorker(dist)) },
  { name: 'oversize', isQuick: false, run: async (stage) => [await oversizeRow(stage, dist)] },
  { name: 'polling', isQuick: true, run: polling },
  { name: 'heap', isQuick: false, run: async (stage) => [await heapRow(stage, 20_000, dist)] },
  { name: 'connections', isQuick: false, run: async (stage) => [await connectionsRow(stage, 50, 500, dist)] },
  {
    name: 'backfill',
    isQuick: false,
    run: async (stage) => [await backfillRow(stage, values.long ? 30 : 1, 200, dist)],
  },
];

/** Sizes share one host: what it does once, at its start, is then over. */
async function polling(stage: Stage): Promise<Row[]> {
  const bridge = await Bridge.start(stage, { distDirectory: dist });
  const measure = (agents: number, changeShare: number, bounds: Parameters<typeof pollingRows>[3]) =>
    pollingRows(stage, bridge, { agents, changeShare, periodS: 3, polls: 15 }, bounds);
  const rows = await measure(10_000, 0.05, { cpuRatio: 2, delayRatio: 3, punctual: true });
  if (!values.quick) {
    rows.push(...(await measure(10_000, 0, { cpuRatio: 1.5, punctual: true })));
    rows.push(...(await measure(1_000, 0.05, { delayRatio: 3, punctual: true })));
    rows.push(...(await measure(20_000, 0.05, { punctual: true })));
  }
  await bridge.end();
  return rows;
}

async function main(): Promise<void> {
  if (values.help) return void console.log(HELP);
  if (!existsSync(path.join(dist ?? PRODUCT_DIST, 'worker-config.json'))) {
    throw new Error('There is no built Worker. Build it first: npm run build.');
  }
  const wanted = PARTS.filter(({ name, isQuick }) => (values.quick ? isQuick : true) && name.includes(values.only));
  const rows: Row[] = [];
  const [loadBefore = 0] = os.loadavg();
  for (const part of wanted) {
    const stage = new Stage();
    try {
      console.error(`Measuring: ${part.name} …`);
      rows.push(...(await part.run(stage)));
    } finally {
      await stage.close();
    }
  }
  // Whoever reads the figures has to know what else the machine did.
  const [load = 0] = os.loadavg();
  console.log(
    `${os.cpus().length} processors, load ${loadBefore.toFixed(1)} before and ${load.toFixed(1)} after (1 min).\n`,
  );
  console.log(values.markdown ? markdownRows(rows) : printRows(rows));
}

await main();
