/** What one run is: its seed, its length, its faults, and the habits that the seed gives to bridge and vendors. */
import { parseArgs } from 'node:util';
import { Random } from '../../simulators/shared/random.ts';
import { nccSettingsSchema } from '../../src/acd/nextiva-ncc/settings.ts';
import { type ConnectionSettings, connectionSettingsSchema } from '../../src/connection.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../src/domain/interval.ts';
import { mpowerSettingsSchema } from '../../src/wfm/cxone-mpower/settings.ts';
import { FAULT_KINDS, type Fault, type FaultKind, isFaultKind, type Rates } from './faults.ts';
import { MPOWER_ORIGIN } from './mpower.ts';
import { NCC_ORIGIN, type NccHabits } from './ncc.ts';
import { isSabotageKind, SABOTAGE_KINDS, type SabotageKind } from './sabotage.ts';
import type { World } from './world.ts';

export interface RunOptions {
  readonly seed: number;
  readonly days: number;
  readonly agents: number;
  /** Faults of each kind a day; kinds not named have their default rate times `scale`. */
  readonly rates: Rates;
  readonly scale: number;
  /** Faults to leave out, by their place in the list: for shrinking. */
  readonly without?: ReadonlySet<number>;
  /** These faults instead of drawn ones; instants count from the start of the run. */
  readonly faults?: readonly Fault[];
  /** The same busy hour whatever the seed: for dying at every step of it. */
  readonly isScripted?: boolean;
  /** The first process dies at this step. */
  readonly dieAtStep?: number;
  readonly verbose?: boolean;
  /** How the run is spoilt, for the judge to notice; null: not at all. */
  readonly sabotage?: SabotageKind | null;
  /** Looks at the world before it goes: for whoever looks into a violation. */
  readonly inspect?: (world: World) => void;
}

export interface Habits {
  readonly ncc: NccHabits;
  readonly settings: ConnectionSettings;
  readonly mpowerTokenLifeMs: number;
  readonly startMs: number;
  readonly leftOutAgent: number | null;
}

const NCC_GROUP = { baseUrl: `${NCC_ORIGIN}/wfm`, username: 'wfm' };
const MPOWER = { kind: 'cxone-mpower', baseUrl: MPOWER_ORIGIN, accessKeyId: 'key' };
const MONDAY_MS = Date.UTC(2026, 2, 2);

function pick<T>(random: Random, values: readonly [T, ...T[]]): T {
  return values[Math.floor(random.next() * values.length)] ?? values[0];
}

export function habitsOf(options: RunOptions): Habits {
  const habits = drawHabits(options);
  if (!options.isScripted) return habits;
  const { settings } = habits;
  return {
    ...habits,
    startMs: MONDAY_MS + 9 * HOUR_MS + 47 * MINUTE_MS,
    ncc: { ...habits.ncc, paceMs: 3 * MINUTE_MS },
    leftOutAgent: null,
    settings: {
      ...settings,
      acd: nccSettingsSchema.parse({ ...settings.acd, realTime: { ...NCC_GROUP, collectionIntervalS: 15 } }),
      wfm: mpowerSettingsSchema.parse({ ...MPOWER, advanced: { eventsPerBodyMax: 10 } }),
      collection: { ...settings.collection, reportMinutes: 15, settleDelayS: 60, catchUpBodiesPerMinute: 60 },
    },
  };
}

function drawHabits({ seed, agents }: RunOptions): Habits {
  const random = new Random(seed ^ 0x0ddba11);
  const intervalS = random.next() < 0.08 ? 5 : pick(random, [15, 15, 20, 30, 60]);
  const ncc: NccHabits = {
    agents,
    queues: 3 + Math.floor(random.next() * 4),
    paceMs: pick(random, [3, 6, 12]) * MINUTE_MS,
    agentId: pick(random, ['userId', 'userId', '_id', 'username']),
    statusTime: pick(random, ['none', 'seconds', 'milliseconds']),
    showsSignedOut: random.next() < 0.4,
    envelope: pick(random, ['bare', 'objects', 'data', 'rows']),
    startTime: pick(random, ['seconds', 'milliseconds']),
    omitsStartOfOne: random.next() < 0.3,
    tokenScheme: pick(random, ['raw', 'raw', 'Bearer']),
    tokenLifeMs: pick(random, [10 * MINUTE_MS, HOUR_MS, HOUR_MS, DAY_MS]),
    rotatesTokens: random.next() < 0.3,
  };
  const settings = connectionSettingsSchema.parse({
    name: 'Centre',
    timeZone: pick(random, ['America/Chicago', 'Asia/Kathmandu', 'Europe/Lisbon']),
    acd: {
      kind: 'nextiva-ncc',
      realTime: { ...NCC_GROUP, collectionIntervalS: intervalS },
      historical: { baseUrl: `${NCC_ORIGIN}/wfm/`, username: 'wfm' },
      advanced: { windowsPerRequest: pick(random, [1, 4, 24, 96]) },
    },
    wfm: {
      ...MPOWER,
      tenantName: random.next() < 0.5 ? 'tenant' : '',
      advanced: { eventsPerBodyMax: pick(random, [20, 60, 200, 1_000]) },
    },
    collection: {
      reportMinutes: pick(random, [15, 15, 30]),
      missingAnswersToSignOut: pick(random, [1, 2, 2, 3]),
      settleDelayS: pick(random, [60, 120, 300]),
      catchUpBodiesPerMinute: pick(random, [30, 60, 240]),
    },
  });
  return {
    ncc,
    settings,
    mpowerTokenLifeMs: pick(random, [20 * MINUTE_MS, HOUR_MS, HOUR_MS]),
    startMs: MONDAY_MS + Math.floor(random.next() * DAY_MS),
    leftOutAgent: agents > 10 && random.next() < 0.4 ? 3 : null,
  };
}

/** The command line that runs the same again. */
export function commandLine({ seed, days, agents, rates, scale, without, sabotage }: RunOptions): string {
  const kinds = Object.keys(FAULT_KINDS).filter(isFaultKind);
  const kept = kinds.filter((kind) => rates[kind] !== 0);
  const named = kept.filter((kind) => rates[kind] !== undefined).map((kind) => `${kind}=${rates[kind]}`);
  return [
    `node test/sim/cli.ts --days ${days} --seed ${seed} --agents ${agents}`,
    ...(scale === 1 ? [] : [`--scale ${scale}`]),
    ...(kept.length === kinds.length ? [] : [`--only ${kept.join(',') || 'none'}`]),
    ...(named.length === 0 ? [] : [`--rates ${named.join(',')}`]),
    ...(without && without.size > 0 ? [`--without ${[...without].join(',')}`] : []),
    ...(sabotage ? [`--sabotage ${sabotage}`] : []),
  ].join(' ');
}

/** The command line: a run, and what to do with it. */
export interface Command {
  readonly options: RunOptions;
  readonly seeds: number;
  /** A run that breaks a promise is told as it is, and not made smaller. */
  readonly isAsIs: boolean;
  /** Results are appended here, and a later run goes on after the last seed in it. */
  readonly resume: string | null;
  /** Die at every n-th step of the scripted hour; 0: run seeds. */
  readonly crashEvery: number;
  /** Print the totals of the file and end. */
  readonly isSummary: boolean;
}

/** Reads the command line. Throws an `Error` with a sentence when it cannot. */
export function parseCommand(args: readonly string[]): Command {
  const { values } = parseArgs({
    args: [...args],
    options: {
      days: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      seeds: { type: 'string', default: '1' },
      agents: { type: 'string', default: '30' },
      scale: { type: 'string', default: '1' },
      rates: { type: 'string', default: '' },
      only: { type: 'string', default: '' },
      without: { type: 'string', default: '' },
      resume: { type: 'string', default: '' },
      'crash-every': { type: 'string', default: '0' },
      summary: { type: 'boolean', default: false },
      sabotage: { type: 'string', default: '' },
      'as-is': { type: 'boolean', default: false },
      verbose: { type: 'boolean', default: false },
    },
  });
  const number = (name: 'days' | 'seed' | 'seeds' | 'agents' | 'scale' | 'crash-every') => {
    const value = Number(values[name]);
    if (!Number.isFinite(value) || value < 0) throw new Error(`--${name} takes a number, not "${values[name]}".`);
    return value;
  };
  const rates = { ...ratesOf(values.rates) };
  const names = values.only.split(',').filter(Boolean);
  for (const name of Object.keys(FAULT_KINDS)) {
    if (names.length > 0 && isFaultKind(name) && !names.includes(name)) rates[name] = 0;
  }
  const without = new Set(values.without.split(',').filter(Boolean).map(Number));
  const [days, seed, agents, scale] = [number('days'), number('seed'), number('agents'), number('scale')];
  return {
    options: {
      seed,
      days,
      agents,
      rates,
      scale,
      without,
      verbose: values.verbose,
      sabotage: sabotageOf(values.sabotage),
    },
    isAsIs: values['as-is'],
    seeds: number('seeds'),
    resume: values.resume === '' ? null : values.resume,
    crashEvery: number('crash-every'),
    isSummary: values.summary,
  };
}

function sabotageOf(text: string): SabotageKind | null {
  if (text === '') return null;
  if (!isSabotageKind(text))
    throw new Error(`--sabotage takes ${Object.keys(SABOTAGE_KINDS).join(', ')}, not "${text}".`);
  return text;
}

function ratesOf(text: string): Partial<Record<FaultKind, number>> {
  const rates: Partial<Record<FaultKind, number>> = {};
  for (const part of text.split(',').filter(Boolean)) {
    const [name = '', rate = ''] = part.split('=');
    if (!isFaultKind(name))
      throw new Error(`There is no fault "${name}". Look at test/sim/faults.ts for those that there are.`);
    rates[name] = Number(rate);
  }
  return rates;
}
