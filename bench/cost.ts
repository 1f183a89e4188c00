// `npm run cost -- --agents 1000 --queues 50 --interval 5`: monthly usage and list price from measured units.
import { parseArgs } from 'node:util';
import * as z from 'zod';
import {
  aMonth,
  changeDaysThatFit,
  type Deployment,
  freeShares,
  largestOnFree,
  paidBill,
  readUnits,
  TYPICAL,
  type Units,
  usageADay,
} from './cost-model.ts';
import { METERS, PAID_DATABASE_GB_MAX, PRICES_AS_OF } from './prices-2026-11.ts';
import { writeBetweenMarkers } from './support/doc.ts';
import { figure } from './support/numbers.ts';

const HELP = `Monthly usage and Cloudflare's list price, from measured units (bench/units.json).

npm run cost -- [options]

  --agents N         agents (1000)
  --queues Q         queues (50)
  --interval S       Transaction Collection Interval, seconds (5)
  --connections C    connections, which share agents and queues (1)
  --shift-hours H    hours a day that an agent is signed in (8)
  --state-s S        seconds between two state changes of an agent (60)
  --upstream-ms MS   what NCC and Mpower take to answer, together (500)
  --d1-ms MS         one round trip to D1 (30)
  --change-days D    how long state changes are kept (400)
  --log-days D       how long the log of the polls is kept (14)
  --queue-days D     how long queue intervals are kept (1100)
  --write FILE       puts the table between the markers of FILE (docs/performance.md)
  --table            the table of the docs: 100 to 20,000 agents
  --help             this
`;

const OPTIONS = {
  agents: 1_000,
  queues: 50,
  interval: 5,
  connections: TYPICAL.connections,
  'shift-hours': TYPICAL.shiftHours,
  'state-s': TYPICAL.stateS,
  'upstream-ms': TYPICAL.upstreamMs,
  'd1-ms': TYPICAL.d1Ms,
  'change-days': TYPICAL.changeDays,
  'log-days': TYPICAL.logDays,
  'queue-days': TYPICAL.queueDays,
};
/** State changes kept for fewer days than this are of little use: then log and bodies are kept for less, too. */
const SENSIBLE_CHANGE_DAYS = 60;
const FREE_KEPT = { changeDays: 60, queueDays: 400 };
const SHORT_PROOF = { logDays: 2, bodyDays: 2 };
const TABLE_AGENTS = [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 20_000];

const { values } = parseArgs({
  options: {
    ...Object.fromEntries(Object.keys(OPTIONS).map((name) => [name, { type: 'string' as const }])),
    table: { type: 'boolean' },
    write: { type: 'string' },
    help: { type: 'boolean' },
  },
});

const number = z.coerce.number().positive();

function optionOf(name: keyof typeof OPTIONS): number {
  const value = Object.entries(values).find(([key]) => key === name)?.[1];
  return value === undefined ? OPTIONS[name] : number.parse(value);
}

function chosen(): Deployment {
  return {
    agents: optionOf('agents'),
    queues: optionOf('queues'),
    intervalS: z.number().min(3).max(3_600).parse(optionOf('interval')),
    connections: optionOf('connections'),
    shiftHours: optionOf('shift-hours'),
    stateS: optionOf('state-s'),
    upstreamMs: optionOf('upstream-ms'),
    d1Ms: optionOf('d1-ms'),
    viewerHours: TYPICAL.viewerHours,
    changeDays: optionOf('change-days'),
    logDays: optionOf('log-days'),
    queueDays: optionOf('queue-days'),
    bodyDays: TYPICAL.bodyDays,
  };
}

const percent = (share: number) => `${figure(share * 100)} %`;

function printOne(deployment: Deployment): void {
  const units = readUnits();
  const usage = usageADay(deployment, units);
  const month = aMonth(usage);
  const paid = paidBill(usage);
  const free = freeShares(usage);
  const { agents, queues, intervalS } = deployment;
  console.log(`${agents.toLocaleString('en')} agents, ${queues} queues, polled every ${intervalS} s`);
  console.log(`Units measured ${units.measuredAt}, prices as of ${PRICES_AS_OF}.\n`);
  console.log(`${''.padEnd(22)}${'a month'.padStart(14)}${'of Free'.padStart(12)}${'of Paid'.padStart(12)}`);
  for (const meter of METERS) {
    const cells = [figure(month[meter]).padStart(14), percent(free.shares[meter]).padStart(12)];
    console.log(`${meter.padEnd(22)}${cells.join('')}${percent(paid.shares[meter]).padStart(12)}`);
  }
  const over = METERS.filter((meter) => free.shares[meter] > 1);
  console.log(
    `\nFree: ${over.length === 0 ? `fits; ${free.dominant} takes most of it` : `does not fit: ${over.map((meter) => `${meter} ${figure(free.shares[meter])}×`).join(', ')}`}.`,
  );
  const beyond = Object.entries(paid.overage).map(([meter, usd]) => `${meter} $${usd.toFixed(2)}`);
  console.log(
    `Paid: $${paid.usd.toFixed(2)} a month; ${beyond.length === 0 ? `all within the included amounts, ${paid.dominant} nearest to them` : `beyond the included amounts: ${beyond.join(', ')}`}.`,
  );
}

/** A database has a size that no price lifts. */
function sayWhatFits(deployment: Deployment): void {
  const days = changeDaysThatFit(deployment, readUnits());
  if (days === deployment.changeDays) return;
  console.log(
    `One database holds ${PAID_DATABASE_GB_MAX} GB: state changes can be kept for ${days} days, not ${deployment.changeDays}. ` +
      'The price above is of storage that cannot be had; ask again with --change-days.',
  );
}

/** What a large centre has to shorten to stay in one database: first how long states are kept, then log and bodies. */
function retentionThatFits(deployment: Deployment, units: Units): Deployment {
  const changeDays = changeDaysThatFit(deployment, units);
  if (changeDays >= SENSIBLE_CHANGE_DAYS) return { ...deployment, changeDays };
  const short = { ...deployment, ...SHORT_PROOF };
  return { ...short, changeDays: changeDaysThatFit(short, units) };
}

function tableLines(): string[] {
  const units = readUnits();
  const lines = [
    `Units measured ${units.measuredAt}, prices as of ${PRICES_AS_OF}.`,
    '',
    '| agents | queues | states kept, days | log and bodies kept, days | every 3 s | every 5 s | every 10 s | Free plan (5 s) | nearest to an included amount of Paid (5 s) |',
    '|---|---|---|---|---|---|---|---|---|',
  ];
  for (const agents of TABLE_AGENTS) {
    const kept = retentionThatFits({ ...TYPICAL, agents, queues: Math.ceil(agents / 20), intervalS: 5 }, units);
    const of = (intervalS: number) => usageADay({ ...kept, intervalS }, units);
    const prices = [3, 5, 10].map((intervalS) => `$${paidBill(of(intervalS)).usd.toFixed(2)}`);
    const { shares, dominant } = freeShares(of(5));
    const verdict =
      shares[dominant] <= 1
        ? `yes (${dominant} ${percent(shares[dominant])})`
        : `no: ${dominant} ${figure(shares[dominant])}×`;
    const paid = paidBill(of(5));
    const nearest = `${paid.dominant} ${percent(paid.shares[paid.dominant])}`;
    const days = [kept.changeDays, kept.logDays];
    lines.push(`| ${[agents.toLocaleString('en'), kept.queues, ...days, ...prices, verdict, nearest].join(' | ')} |`);
  }
  lines.push(
    '',
    `Largest centre that fits the Free plan, agents (${FREE_KEPT.changeDays} days of states, ${FREE_KEPT.queueDays} of figures kept):`,
    '',
  );
  lines.push('| an agent changes every | every 5 s | every 10 s | every 30 s | every 60 s |', '|---|---|---|---|---|');
  for (const stateS of [60, 180, 300]) {
    const most = [5, 10, 30, 60].map((intervalS) => largestOnFree(units, intervalS, { ...FREE_KEPT, stateS }));
    lines.push(`| ${[`${stateS} s`, ...most].join(' | ')} |`);
  }
  return lines;
}

function printTable(): void {
  const text = tableLines().join('\n');
  console.log(text);
  if (values.write !== undefined) writeBetweenMarkers(String(values.write), 'cost', text);
}

if (values.help === true) console.log(HELP);
else if (values.table === true) printTable();
else {
  printOne(chosen());
  sayWhatFits(chosen());
}
