// The real clients of NCC and Mpower, fed with fuzzed answers through the `fetch` that they are handed.
import assert from 'node:assert/strict';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { nccSettingsSchema } from '../../src/acd/nextiva-ncc/settings.ts';
import { openNcc } from '../../src/acd/nextiva-ncc/source.ts';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import type { UpstreamDeps } from '../../src/http/deps.ts';
import { mpowerSettingsSchema } from '../../src/wfm/cxone-mpower/settings.ts';
import { openWfm } from '../../src/wfm/registry.ts';
import { type Report, STREAMS } from '../../src/wfm/wfm.ts';
import { START_MS, testClock, testSignIns, testTokenCache, testWorld } from '../src/http/support.ts';
import { answerWith, type FuzzedAnswer, field, oddValue, responseOf, row } from './hostile.ts';
import {
  CANARY,
  checkAddress,
  checkFailure,
  checkIntervals,
  checkOutcome,
  checkRoster,
  checkSnapshot,
} from './invariants.ts';

const SECRET = `${CANARY}-secret`;
const TOKEN = `${CANARY}-token`;
const WINDOW_START_MS = START_MS - 4 * INTERVAL_MS;

const nccSettings = nccSettingsSchema.parse({
  kind: 'nextiva-ncc',
  realTime: { baseUrl: 'https://acme.example.com/wfm', username: 'wfm@acme.example' },
  historical: { baseUrl: 'https://acme.example.com/wfm', username: 'wfm@acme.example' },
});
const mpowerSettings = mpowerSettingsSchema.parse({
  kind: 'cxone-mpower',
  baseUrl: 'https://na1.nice-incontact.com',
  accessKeyId: 'KEY',
});
const {
  signInPath: nccSignInPath,
  refreshPath: nccRefreshPath,
  realTimePath,
  historicalPath,
  queuesPath,
  usersPath,
} = nccSettings.advanced;
const { signInPath: wfmSignInPath, refreshPath: wfmRefreshPath } = mpowerSettings.advanced;

/** Sealing has tests of its own; here it would only take time. */
const PLAIN_SEALER: UpstreamDeps['sealer'] = {
  seal: async (plaintext) => plaintext,
  open: async (sealed) => sealed,
  fingerprint: async (...parts) => parts.join('|'),
};

/** Answers by the end of the path; everything that is not fuzzed is answered well. */
function world(fuzzed: Readonly<Record<string, FuzzedAnswer>>) {
  const clock = testClock();
  const good: Readonly<Record<string, () => unknown>> = {
    [nccSignInPath]: () => ({ token: TOKEN, location: 'https://c1.example.com' }),
    [nccRefreshPath]: () => ({ token: TOKEN, location: 'https://c1.example.com' }),
    [wfmSignInPath]: () => ({ access_token: TOKEN, refresh_token: TOKEN, expires_in: 3_600, token_type: 'Bearer' }),
    [wfmRefreshPath]: () => ({ token: TOKEN, refreshToken: TOKEN, tokenExpirationTimeSec: 3_600 }),
    [`/wfm${realTimePath}`]: () => [],
    [queuesPath]: () => ({ total: 0, objects: [] }),
    [usersPath]: () => ({ total: 0, objects: [] }),
  };
  const fetch: UpstreamDeps['fetch'] = async (request) => {
    const url = new URL(request.url);
    checkAddress(url);
    const answer = fuzzed[url.pathname];
    if (answer) return responseOf(answer);
    const value = good[url.pathname];
    return value ? Response.json(value()) : new Response(null, { status: 200 });
  };
  const parts = { clock, cache: testTokenCache().cache, signIns: testSignIns().memory };
  const deps = { ...testWorld({ fetch }, parts).deps, sealer: PLAIN_SEALER };
  const acd = () => openNcc(nccSettings, { realTimePassword: SECRET, historicalPassword: SECRET }, deps);
  const wfm = () => openWfm(mpowerSettings, { accessKeySecret: SECRET }, deps);
  return { clock, acd, wfm };
}

const idText = fc.oneof(
  fc.uuid(),
  fc.string({ unit: fc.constantFrom(...'azAZ09_-'), minLength: 1, maxLength: 20 }),
  fc.nat(50).map(String),
  fc.nat(50),
);
const LETTERS = [...'aZ9 .-_@\'"<>&=+;,/\\\t\u00a0éßЖ中休ありא\u0301\u200d\u202e\ufeff', '👩‍👩‍👧', '🇪🇺', '\u{10ffff}'];
const text = (maxLength: number) => fc.string({ unit: fc.constantFrom(...LETTERS), maxLength });
const nameText = text(30);
const stateText = fc.oneof(fc.constantFrom('Available', 'Busy', 'Logged out', 'Wrap up', ' Break '), nameText);
const time = fc.oneof(
  fc.integer({ min: 1_700_000_000, max: 1_900_000_000 }),
  fc.integer({ min: 1_700_000_000_000, max: 1_900_000_000_000 }),
);
const gridTime = fc.integer({ min: -1, max: 5 }).map((n) => (WINDOW_START_MS + n * INTERVAL_MS) / 1_000);

function enveloped(rows: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
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

const realTimeRow = row({
  'agent-id': field(idText),
  'agent-status': field(stateText),
  'agent-status-time': field(time),
});
const historicalRow = row({
  'queue-id': field(idText),
  'queue-name': field(nameText),
  startTime: field(gridTime),
  sumHandleTime: field(fc.oneof(fc.nat(100_000), fc.double({ min: 0, max: 1e5, noNaN: true }))),
  enteredCount: field(fc.nat(5_000)),
  abandonedCount: field(fc.nat(500)),
});
const page = (rows: fc.Arbitrary<unknown>) =>
  row({
    count: field(fc.nat(10)),
    total: field(fc.oneof(fc.nat(10), fc.nat(10).map(String))),
    objects: field(fc.array(rows, { maxLength: 8 }), 9),
  });
const queueRow = row({
  _id: field(idText),
  queueId: field(idText),
  name: field(nameText),
  voiceSLA: field(fc.nat(300)),
});
const userRow = row({
  _id: field(idText),
  userId: field(idText),
  username: field(nameText),
  firstName: field(nameText),
  lastName: field(nameText),
  name: field(nameText),
  enabled: field(fc.boolean()),
});
const LOCATIONS = [
  'https://c1.example.com',
  'c1.example.com',
  'https://c1.example.com/',
  'http://127.0.0.1',
  'https://169.254.169.254/latest',
  'file:///etc/passwd',
  '//[::1]/',
  'https://user:pw@c1.example.com',
  'https://0x7f.1/',
  'https://c1.example.com:99999',
];
const madeUpAddress = fc
  .tuple(
    fc.constantFrom('https://', 'HTTPS:\\\\', 'http://', '', 'ftp://', 'https:///'),
    text(12),
    fc.constantFrom('.example.com', '.localhost', '', ':8443', '@10.0.0.1', '/..//x?y#z'),
  )
  .map((parts) => parts.join(''));
const location = field(fc.oneof(fc.constantFrom(...LOCATIONS), madeUpAddress), 9);
const tokenText = field(
  fc.oneof(
    fc.constant(TOKEN),
    fc.base64String({ minLength: 4, maxLength: 60 }).map((text) => `${CANARY}.${text}.x`),
  ),
  9,
);
const seconds = field(fc.oneof(fc.nat(7_200), fc.nat(7_200).map(String)));
const nccSignIn = row({ token: tokenText, location, clientLocation: oddValue, authorities: oddValue });
const wfmSignIn = row({
  access_token: tokenText,
  refresh_token: tokenText,
  expires_in: seconds,
  token_type: oddValue,
  id_token: oddValue,
});
const wfmRefresh = row({
  token: tokenText,
  refreshToken: tokenText,
  tokenExpirationTimeSec: seconds,
  refreshTokenExpirationTimeSec: seconds,
});
const wfmAnswer = fc.oneof(
  oddValue,
  row({ status: oddValue, message: field(nameText), code: oddValue, errors: oddValue, success: oddValue }),
);

async function readsOrFails<T>(reading: Promise<T>, check: (value: T) => void): Promise<void> {
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

function target<T>(
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

const windows = fc
  .constantFrom(1, 2, 4)
  .map((count) => ({ startMs: WINDOW_START_MS, endMs: WINDOW_START_MS + count * INTERVAL_MS }));

/** Every answer that either vendor gives, and every body that goes to Mpower. */
export const TARGETS: readonly Target[] = [
  // Three in a row through one source: what it remembers of the answer before must not let anything through.
  target(
    'NCC real time',
    6,
    3,
    fc.array(answerWith(enveloped(realTimeRow)), { minLength: 3, maxLength: 3 }),
    async (answers) => {
      const current: Record<string, FuzzedAnswer> = {};
      const acd = world(current).acd();
      for (const answer of answers) {
        current[`/wfm${realTimePath}`] = answer;
        await readsOrFails(acd.readAgentStates(), checkSnapshot);
      }
    },
  ),
  target('NCC historical', 8, 1, fc.tuple(answerWith(enveloped(historicalRow)), windows), async ([answer, window]) => {
    const acd = world({ [`/wfm${historicalPath}`]: answer }).acd();
    await readsOrFails(acd.readQueueIntervals(window), (value) => checkIntervals(value, window));
  }),
  target('NCC queues', 4, 1, answerWith(page(queueRow)), async (answer) => {
    await readsOrFails(
      world({ [queuesPath]: answer })
        .acd()
        .readRoster(),
      checkRoster,
    );
  }),
  target('NCC users', 4, 1, answerWith(page(userRow)), async (answer) => {
    await readsOrFails(
      world({ [usersPath]: answer })
        .acd()
        .readRoster(),
      checkRoster,
    );
  }),
  target('NCC sign-in', 4, 1, answerWith(nccSignIn), async (answer) => {
    await readsOrFails(
      world({ [nccSignInPath]: answer })
        .acd()
        .readAgentStates(),
      checkSnapshot,
    );
  }),
  target('NCC refresh', 3, 1, answerWith(nccSignIn), async (answer) => {
    const { clock, acd } = world({ [nccRefreshPath]: answer });
    const source = acd();
    await readsOrFails(source.readAgentStates(), checkSnapshot);
    clock.advance(3_300_000);
    await readsOrFails(source.readAgentStates(), checkSnapshot);
  }),
  target('Mpower sign-in', 4, 1, answerWith(wfmSignIn), async (answer) => {
    checkOutcome(
      await world({ [wfmSignInPath]: answer })
        .wfm()
        .send('agent-states', '{}'),
    );
  }),
  target('Mpower refresh', 3, 1, answerWith(wfmRefresh), async (answer) => {
    const { clock, wfm } = world({ [wfmRefreshPath]: answer });
    const sink = wfm();
    checkOutcome(await sink.send('agent-states', '{}'));
    clock.advance(3_300_000);
    checkOutcome(await sink.send('agent-states', '{}'));
  }),
  target(
    'Mpower answers',
    6,
    1,
    fc.tuple(answerWith(wfmAnswer), fc.constantFrom(...STREAMS)),
    async ([answer, stream]) => {
      const { agentStatesPath, historicalPath: figuresPath, agentActivityPath } = mpowerSettings.advanced;
      const paths = { 'agent-states': agentStatesPath, historical: figuresPath, 'agent-activity': agentActivityPath };
      const outcome = await world({ [paths[stream]]: answer })
        .wfm()
        .send(stream, '{}');
      checkOutcome(outcome);
      // A failure is never taken for success.
      if (answer.status >= 300) assert.notEqual(outcome.kind, 'accepted', `A ${answer.status} was taken for success`);
    },
  ),
  target('Mpower bodies', 6, 1, reports(), async (report) => {
    const body = world({}).wfm().compose(report);
    checkComposed(JSON.parse(body), report);
  }),
];

function reports(): fc.Arbitrary<Report> {
  const words = text(40);
  const count = fc.nat(10_000_000);
  const spanMs = fc.nat(900_000);
  const atMs = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2099, 11, 31) });
  const window = atMs.map((ms) => ({ startMs: ms - (ms % INTERVAL_MS), endMs: ms - (ms % INTERVAL_MS) + INTERVAL_MS }));
  const event = fc.record({
    loginId: words,
    eventCode: words,
    reasonCode: words,
    stateClass: fc.constantFrom(...STATE_CLASSES),
    atMs,
  });
  const queue = fc.record({
    queueValue: words,
    queueName: words,
    isOutbound: fc.boolean(),
    contactsReceived: count,
    abandonedShort: count,
    abandonedLong: count,
    handledShort: count,
    handledLong: count,
    handleTimeMs: count,
    workTimeMs: count,
    queueDelayTimeMs: count,
    holdTimeMs: count,
    serviceLevelPct: fc.nat(100),
  });
  const agentQueue = fc.record({
    queueValue: words,
    queueName: words,
    isOutbound: fc.boolean(),
    agentValue: words,
    loginId: words,
    employeeId: words,
    handled: count,
    handleTimeMs: count,
    workTimeMs: count,
    holdTimeMs: count,
  });
  const performance = fc.record({
    agentValue: words,
    loginId: words,
    employeeId: words,
    loginTimeMs: spanMs,
    readyTimeMs: spanMs,
    notReadyTimeMs: spanMs,
  });
  const activity = fc.record({ state: words, reason: words, startMs: atMs, durationMs: fc.nat(1e9) });
  const agent = fc.record({
    agentValue: words,
    employeeId: words,
    loginId: words,
    activities: fc.array(activity, { maxLength: 4 }),
  });
  const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 6 });
  return fc.oneof(
    fc.record({ stream: fc.constant('agent-states' as const), events: list(event) }),
    fc.record({
      stream: fc.constant('historical' as const),
      window,
      queues: list(queue),
      agentQueues: list(agentQueue),
      performance: list(performance),
    }),
    fc.record({ stream: fc.constant('agent-activity' as const), window, agents: list(agent) }),
  );
}

/** Every number finite, every instant ISO 8601 in UTC, and as many records as were handed in. */
function checkComposed(body: unknown, report: Report): void {
  const walk = (value: unknown, name: string): void => {
    if (typeof value === 'number') assert.ok(Number.isFinite(value) && value >= 0, `${name} is ${value}`);
    else if (typeof value === 'string' && /(?:Date|Time)$/.test(name))
      assert.match(value, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    else if (value === null || value === undefined) assert.fail(`${name} is nothing`);
    else if (typeof value === 'object') for (const [key, part] of Object.entries(value)) walk(part, key);
  };
  walk(body, 'body');
  const sent = body as { agentStateList?: unknown[]; reportData?: { queueReport?: unknown[] } | unknown[] };
  if (report.stream === 'agent-states') assert.equal(sent.agentStateList?.length, report.events.length);
  else if (report.stream === 'agent-activity')
    assert.ok(Array.isArray(sent.reportData) && sent.reportData.length === report.agents.length);
  else assert.ok(!Array.isArray(sent.reportData) && sent.reportData?.queueReport?.length === report.queues.length);
}
