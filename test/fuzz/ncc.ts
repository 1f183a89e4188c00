// The client of NCC, fed with fuzzed answers through the `fetch` that it is handed.
import fc from 'fast-check';
import { nccSettingsSchema } from '../../src/acd/nextiva-ncc/settings.ts';
import { openNcc } from '../../src/acd/nextiva-ncc/source.ts';
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { START_MS } from '../src/http/support.ts';
import { answerWith, type FuzzedAnswer, field, oddValue, row } from './hostile.ts';
import { checkIntervals, checkRoster, checkSnapshot } from './invariants.ts';
import {
  enveloped,
  fuzzedWorld,
  idText,
  nameText,
  readsOrFails,
  SECRET,
  stateText,
  type Target,
  TOKEN,
  target,
  text,
  time,
  tokenText,
} from './target.ts';

const WINDOW_START_MS = START_MS - 4 * INTERVAL_MS;

const settings = nccSettingsSchema.parse({
  kind: 'nextiva-ncc',
  realTime: { baseUrl: 'https://acme.example.com/wfm', username: 'wfm@acme.example' },
  historical: { baseUrl: 'https://acme.example.com/wfm', username: 'wfm@acme.example' },
});
const { signInPath, refreshPath, realTimePath, historicalPath, queuesPath, usersPath } = settings.advanced;

/** Answers by the end of the path; everything that is not fuzzed is answered well. */
function world(fuzzed: Readonly<Record<string, FuzzedAnswer>>) {
  const signedIn = () => ({ token: TOKEN, location: 'https://c1.example.com' });
  const list = () => ({ total: 0, objects: [] });
  const { clock, deps } = fuzzedWorld(
    {
      [signInPath]: signedIn,
      [refreshPath]: signedIn,
      [`/wfm${realTimePath}`]: () => [],
      [queuesPath]: list,
      [usersPath]: list,
    },
    fuzzed,
  );
  return { clock, acd: () => openNcc(settings, { realTimePassword: SECRET, historicalPassword: SECRET }, deps) };
}

const gridTime = fc.integer({ min: -1, max: 5 }).map((n) => (WINDOW_START_MS + n * INTERVAL_MS) / 1_000);

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
const signInRow = row({ token: tokenText, location, clientLocation: oddValue, authorities: oddValue });

const windows = fc
  .constantFrom(1, 2, 4)
  .map((count) => ({ startMs: WINDOW_START_MS, endMs: WINDOW_START_MS + count * INTERVAL_MS }));

/** Every answer that NCC gives. */
export const NCC_TARGETS: readonly Target[] = [
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
  target('NCC sign-in', 4, 1, answerWith(signInRow), async (answer) => {
    await readsOrFails(
      world({ [signInPath]: answer })
        .acd()
        .readAgentStates(),
      checkSnapshot,
    );
  }),
  target('NCC refresh', 3, 1, answerWith(signInRow), async (answer) => {
    const { clock, acd } = world({ [refreshPath]: answer });
    const source = acd();
    await readsOrFails(source.readAgentStates(), checkSnapshot);
    clock.advance(3_300_000);
    await readsOrFails(source.readAgentStates(), checkSnapshot);
  }),
];
