// `npm run bench`: one table of measured figures, each beside the floor's and its bound. What the figures mean and how
// they are got is told in docs/performance.md.
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Stage } from '../test/host/support/stage.ts';
import { PARTS, type Part, type Run, type Scope } from './parts.ts';
import { PRODUCT_DIST } from './support/builds.ts';
import { writeBetweenMarkers } from './support/doc.ts';
import { figure } from './support/numbers.ts';
import { failedRow, markdownRows, printRows, type Row } from './support/row.ts';

const HELP = `Measures the built bridge against a floor and prints one table.

npm run bench -- [options]

  --quick      about two minutes: storage, D1 rows and one size of polling
  --long       over an hour: also what needs large stores or much traffic (${namesOf('long')})
  --only TEXT  only the parts whose name holds TEXT, whatever else is chosen (${PARTS.map(({ name }) => name).join(', ')})
  --dist DIR   another build of the Worker than dist/
  --markdown   the table as Markdown
  --write FILE puts the table as Markdown between the markers of FILE (docs/performance.md)
  --help       this

A part that fails says so in its row, and the others go on. The code is 1 when something was not reached or failed.
The machine should have nothing else to do. Figures that were measured on one are in docs/performance.md.
`;

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    long: { type: 'boolean', default: false },
    only: { type: 'string' },
    dist: { type: 'string' },
    markdown: { type: 'boolean', default: false },
    write: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

function namesOf(scope: Scope): string {
  return PARTS.filter((part) => part.scope === scope)
    .map(({ name }) => name)
    .join(', ');
}

function chosenParts(): readonly Part[] {
  const { only, quick, long } = values;
  if (only !== undefined) return PARTS.filter(({ name }) => name.includes(only));
  return PARTS.filter(({ scope }) => scope === 'quick' || (!quick && scope === 'usual') || (long && scope === 'long'));
}

async function runPart(part: Part, run: Omit<Run, 'stage'>): Promise<readonly Row[]> {
  console.error(`Measuring: ${part.name} …`);
  const beganMs = performance.now();
  const stage = new Stage();
  const rows: Row[] = [];
  try {
    rows.push(...(await part.measure({ ...run, stage })));
  } catch (error) {
    rows.push(failedRow(part.name, error));
  }
  // Processes that did not end are a fault of this part, and the next one's figures are to have none of them.
  await stage.close().catch((error: unknown) => rows.push(failedRow(`${part.name}: clearing up`, error)));
  console.error(`${part.name}: ${((performance.now() - beganMs) / 1_000).toFixed(0)} s`);
  console.error(`${printRows(rows)}\n`);
  return rows;
}

/** What whoever reads the figures has to know of the run: when, on what, and what else the machine did. */
function describeRun(loadBefore: number, tookS: number): string {
  const model = /^model name\s*: (.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1] ?? os.arch();
  const options = process.argv.slice(2).filter((word, i, words) => word !== '--write' && words[i - 1] !== '--write');
  const command = ['npm run bench', ...(options.length > 0 ? ['--', ...options] : [])].join(' ');
  const load = os.loadavg()[0] ?? 0;
  return (
    `\`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${(tookS / 60).toFixed(1)} minutes, Node ${process.versions.node}, ` +
    `${os.cpus().length} processors (${model}), load ${loadBefore.toFixed(1)} before and ${load.toFixed(1)} after.`
  );
}

async function main(): Promise<void> {
  if (values.help) return void console.log(HELP);
  const dist = values.dist === undefined ? undefined : path.resolve(values.dist);
  if (!existsSync(path.join(dist ?? PRODUCT_DIST, 'worker-config.json'))) {
    throw new Error('There is no built Worker. Build it first: npm run build.');
  }
  const beganMs = performance.now();
  const [loadBefore = 0] = os.loadavg();
  const scope = values.long ? 'long' : values.quick ? 'quick' : 'usual';
  const parts = chosenParts();
  // What is only counted does not mind neighbours; what is timed has the machine to itself.
  const counted = parts.filter(({ isCounted }) => isCounted);
  const rows = (await Promise.all(counted.map((part) => runPart(part, { dist, scope })))).flat();
  for (const part of parts) if (!part.isCounted) rows.push(...(await runPart(part, { dist, scope })));
  const run = describeRun(loadBefore, (performance.now() - beganMs) / 1_000);
  console.log(`${run}\n\n${values.markdown ? markdownRows(rows) : printRows(rows)}`);
  if (values.write !== undefined) writeBetweenMarkers(values.write, 'bench', `${run}\n\n${markdownRows(rows)}`);
  const unreached = rows.filter(({ isReached }) => isReached === false).length;
  console.log(`\n${figure(rows.length)} figures, ${unreached} of them not reached.`);
  process.exitCode = unreached > 0 ? 1 : 0;
}

await main();
