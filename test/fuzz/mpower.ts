// The client of Mpower, fed with fuzzed answers through the `fetch` that it is handed, and the bodies that it makes.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { mpowerSettingsSchema } from '../../src/wfm/cxone-mpower/settings.ts';
import { openWfm } from '../../src/wfm/registry.ts';
import { type Report, STREAMS } from '../../src/wfm/wfm.ts';
import { answerWith, type FuzzedAnswer, field, oddValue, row } from './hostile.ts';
import { checkOutcome } from './invariants.ts';
import { fuzzedWorld, nameText, SECRET, type Target, TOKEN, target, text, tokenText } from './target.ts';

const settings = mpowerSettingsSchema.parse({
  kind: 'cxone-mpower',
  baseUrl: 'https://na1.nice-incontact.com',
  accessKeyId: 'KEY',
});
const { signInPath, refreshPath } = settings.advanced;

/** Answers by the end of the path; everything that is not fuzzed is answered well. */
function world(fuzzed: Readonly<Record<string, FuzzedAnswer>>) {
  const { clock, deps } = fuzzedWorld(
    {
      [signInPath]: () => ({ access_token: TOKEN, refresh_token: TOKEN, expires_in: 3_600, token_type: 'Bearer' }),
      [refreshPath]: () => ({ token: TOKEN, refreshToken: TOKEN, tokenExpirationTimeSec: 3_600 }),
    },
    fuzzed,
  );
  return { clock, wfm: () => openWfm(settings, { accessKeySecret: SECRET }, deps) };
}

const seconds = field(fc.oneof(fc.nat(7_200), fc.nat(7_200).map(String)));
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

/** Every answer that Mpower gives, and every body that goes to it. */
export const MPOWER_TARGETS: readonly Target[] = [
  target('Mpower sign-in', 4, 1, answerWith(wfmSignIn), async (answer) => {
    checkOutcome(
      await world({ [signInPath]: answer })
        .wfm()
        .send('agent-states', '{}'),
    );
  }),
  target('Mpower refresh', 3, 1, answerWith(wfmRefresh), async (answer) => {
    const { clock, wfm } = world({ [refreshPath]: answer });
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
      const { agentStatesPath, historicalPath: figuresPath, agentActivityPath } = settings.advanced;
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
