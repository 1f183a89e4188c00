// What the fuzzed vendors have in common: a target, the world that a client is opened in, and texts as vendors write them.
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import type { UpstreamDeps } from '../../src/http/deps.ts';
import { testClock, testSignIns, testTokenCache, testWorld } from '../src/http/support.ts';
import { type FuzzedAnswer, field, oddValue, responseOf } from './hostile.ts';
import { CANARY, checkAddress, checkFailure } from './invariants.ts';

export const SECRET = `${CANARY}-secret`;
export const TOKEN = `${CANARY}-token`;

/** Sealing has tests of its own; here it would only take time. */
const PLAIN_SEALER: UpstreamDeps['sealer'] = {
  seal: async (plaintext) => plaintext,
  open: async (sealed) => sealed,
  fingerprint: async (...parts) => parts.join('|'),
};

/**
 * A network that answers by the path: with what is fuzzed, taken anew at each call, else with what is good, else with an
 * empty 200.
 */
export function fuzzedWorld(
  good: Readonly<Record<string, (url: URL) => unknown>>,
  fuzzed: Readonly<Record<string, FuzzedAnswer | ((url: URL) => FuzzedAnswer | null)>>,
) {
  const clock = testClock();
  const fetch: UpstreamDeps['fetch'] = async (request) => {
    const url = new URL(request.url);
    checkAddress(url);
    const made = fuzzed[url.pathname];
    const answer = typeof made === 'function' ? made(url) : made;
    if (answer) return responseOf(answer);
    const value = good[url.pathname];
    return value ? Response.json(value(url)) : new Response(null, { status: 200 });
  };
  const parts = { clock, cache: testTokenCache().cache, signIns: testSignIns().memory };
  return { clock, deps: { ...testWorld({ fetch }, parts).deps, sealer: PLAIN_SEALER } };
}

export const idText = fc.oneof(
  fc.uuid(),
  fc.string({ unit: fc.constantFrom(...'azAZ09_-'), minLength: 1, maxLength: 20 }),
  fc.nat(50).map(String),
  fc.nat(50),
);
const LETTERS = [...'aZ9 .-_@\'"<>&=+;,/\\\t\u00a0éßЖ中休ありא\u0301\u200d\u202e\ufeff', '👩‍👩‍👧', '🇪🇺', '\u{10ffff}'];
export const text = (maxLength: number) => fc.string({ unit: fc.constantFrom(...LETTERS), maxLength });
export const nameText = text(30);
export const stateText = fc.oneof(fc.constantFrom('Available', 'Busy', 'Logged out', 'Wrap up', ' Break '), nameText);
export const time = fc.oneof(
  fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
);
export const tokenText = field(
  fc.oneof(
    fc.constant(TOKEN),
    fc.base64String({ minLength: 4, maxLength: 60 }).map((text) => `${CANARY}.${text}.x`),
  ),
  9,
);
/** Rows bare, or wrapped as vendors wrap them. */
export function enveloped(rows: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const list = fc.array(rows, { maxLength: 12 });
  return fc.oneof(
    { weight: 6, arbitrary: list },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('objects', 'data', 'rows', 'items'), list)
        .map(([name, value]) => ({ [name]: value })),
    },
    { weight: 1, arbitrary: oddValue },
  );
}

/** Reads, and holds what comes to its rules: a value to `check`, a failure to what a source may throw. */
export async function readsOrFails<T>(reading: Promise<T>, check: (value: T) => void): Promise<void> {
  let value: T;
  try {
    value = await reading;
  } catch (error) {
    return checkFailure(error);
  }
  check(value);
}

export interface Target {
  readonly name: string;
  readonly weight: number;
  /** How many bodies one run feeds in. */
  readonly bodies: number;
  readonly property: fc.IAsyncProperty<unknown>;
}

const TURN_AFTER_RUNS = 20;

export function target<T>(
  name: string,
  weight: number,
  bodies: number,
  arbitrary: fc.Arbitrary<T>,
  run: (value: T) => Promise<void>,
): Target {
  let runs = 0;
  const property = fc.asyncProperty(arbitrary, run).afterEach(async () => {
    runs += 1;
    // Node frees requests and their streams only when its event loop turns.
    if (runs % TURN_AFTER_RUNS === 0) await setImmediate();
  });
  return { name, weight, bodies, property: property as unknown as Target['property'] };
}
