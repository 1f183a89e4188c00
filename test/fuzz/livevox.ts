// The client of LiveVox, fed with fuzzed answers through the `fetch` that it is handed.
import fc from 'fast-check';
import { liveVoxSettingsSchema } from '../../src/acd/livevox/settings.ts';
import { openLiveVox } from '../../src/acd/livevox/source.ts';
import { START_MS } from '../src/http/support.ts';
import { answerWith, type FuzzedAnswer, field, oddValue, row } from './hostile.ts';
import { CANARY, checkEvents, checkRoster, checkWarning } from './invariants.ts';
import {
  fuzzedWorld,
  idText,
  nameText,
  readsOrFails,
  SECRET,
  type Target,
  TOKEN,
  target,
  tokenText,
} from './target.ts';

const given = { kind: 'livevox', baseUrl: 'https://api.livevox.com', clientName: 'ACME', username: 'wfm' } as const;
const settings = liveVoxSettingsSchema.parse(given);
const byCallCenter = liveVoxSettingsSchema.parse({ ...given, advanced: { servicesByCallCenter: true } });
const { signInPath, eventFeedPath, agentsPath, servicesPath, callCentersPath, offsetParameter } = settings.advanced;
const SECRETS = { liveVoxPassword: SECRET, liveVoxAccessToken: SECRET };
const AGENT_ID = '7';

type Fuzzed = Parameters<typeof fuzzedWorld>[1];

/** Answers by path; everything that is not fuzzed is answered well: nobody, nothing, and one agent without a login id. */
function world(fuzzed: Fuzzed, chosen = settings) {
  const { clock, deps } = fuzzedWorld(
    {
      [signInPath]: () => ({ sessionId: TOKEN, daysUntilPasswordExpires: 90 }),
      [eventFeedPath]: () => ({ token: 'place', agentEvent: [] }),
      [agentsPath]: (url) => ({ agent: isFirstPage(url) ? [{ id: AGENT_ID }] : [] }),
      [`${agentsPath}/${AGENT_ID}`]: () => ({ loginId: 'ann', firstName: 'Ann', lastName: 'Lee' }),
      [servicesPath]: () => ({ service: [] }),
      [callCentersPath]: (url) => ({ callCenter: isFirstPage(url) ? [{ callCenterId: 1 }] : [] }),
    },
    fuzzed,
  );
  return { clock, acd: () => openLiveVox(chosen, SECRETS, deps) };
}

const isFirstPage = (url: URL) => url.searchParams.get(offsetParameter) === '0';

const STATES = [
  'READY',
  'NOT_READY',
  'IN_CALL',
  'WRAP UP',
  'LOGON',
  'LOGOFF',
  'REGISTERING',
  'logoff ',
  'PREVIEW_DIAL_OFFERED',
];
const eventTime = fc
  .integer({ min: START_MS - 5_000, max: START_MS })
  .chain((atMs) => fc.constantFrom<unknown>(atMs, String(atMs), new Date(atMs).toISOString(), atMs + 0.5));
/** Few agents and few instants, so that events meet. Its session is as good as a password. */
const eventRow = row({
  agentId: field(fc.oneof(fc.nat(3), idText), 9),
  eventType: field(fc.oneof(fc.constantFrom(...STATES), nameText), 9),
  timestamp: field(eventTime, 9),
  lineNumber: field(fc.constantFrom('ACD', 'acd ', 'LINE_1'), 9),
  reasonCode: field(fc.oneof(fc.constantFrom<unknown>('LUNCH', '', null, 4), nameText)),
  sessionId: fc.constant(`${CANARY}-agent-session`),
});
const cursor = field(fc.oneof(fc.base64String({ minLength: 1, maxLength: 60 }), fc.nat()), 9);
const feed = row({
  token: cursor,
  agentEvent: field(fc.oneof(fc.array(eventRow, { maxLength: 12 }), fc.constant(null)), 9),
});

const list = (names: readonly [string, string], rows: fc.Arbitrary<unknown>) => {
  const page = fc.array(rows, { maxLength: 6 });
  return fc.oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constantFrom(...names), page).map(([name, found]) => ({ [name]: found })) },
    { weight: 2, arbitrary: page },
    { weight: 1, arbitrary: row({ [names[0]]: field(page), total: oddValue }) },
    { weight: 1, arbitrary: oddValue },
  );
};
const agentRow = row({
  id: field(idText, 9),
  loginId: field(nameText),
  firstName: field(nameText),
  lastName: field(nameText),
  active: field(fc.boolean()),
});
const serviceRow = row({ id: field(idText, 9), serviceId: field(idText), name: field(nameText) });
const callCenterRow = row({ callCenterId: field(fc.nat(5), 9), id: field(idText), name: field(nameText) });
const details = row({ loginId: field(nameText), firstName: field(nameText), lastName: field(nameText) });
const signIn = row({ sessionId: tokenText, daysUntilPasswordExpires: field(fc.integer({ min: -5, max: 400 })) });

/** The answers one after the other, whatever page is asked for; then what is good. */
function inTurn(answers: readonly FuzzedAnswer[]): () => FuzzedAnswer | null {
  const left = [...answers];
  return () => left.shift() ?? null;
}
const several = (answer: fc.Arbitrary<FuzzedAnswer>) => fc.array(answer, { minLength: 1, maxLength: 3 });

/** Every answer that LiveVox gives. */
export const LIVEVOX_TARGETS: readonly Target[] = [
  // Three in a row, each from where the one before ended: a bad answer must not move the place, nor change a later one.
  target('LiveVox events', 8, 3, fc.array(answerWith(feed), { minLength: 3, maxLength: 3 }), async (answers) => {
    const current: Record<string, FuzzedAnswer> = {};
    const acd = world(current).acd();
    let place: string | null = null;
    for (const answer of answers) {
      current[eventFeedPath] = answer;
      await readsOrFails(acd.readAgentEvents(place), (read) => {
        checkEvents(read);
        place = read.cursor;
      });
    }
  }),
  target('LiveVox agents', 4, 1, several(answerWith(list(['agent', 'agents'], agentRow))), async (answers) => {
    await readsOrFails(
      world({ [agentsPath]: inTurn(answers) })
        .acd()
        .readRoster(),
      checkRoster,
    );
  }),
  target('LiveVox agent details', 2, 1, answerWith(details), async (answer) => {
    await readsOrFails(
      world({ [`${agentsPath}/${AGENT_ID}`]: answer })
        .acd()
        .readRoster(),
      checkRoster,
    );
  }),
  target('LiveVox services', 3, 1, several(answerWith(list(['service', 'services'], serviceRow))), async (answers) => {
    await readsOrFails(
      world({ [servicesPath]: inTurn(answers) })
        .acd()
        .readRoster(),
      checkRoster,
    );
  }),
  target(
    'LiveVox call centres',
    2,
    1,
    several(answerWith(list(['callCenter', 'callCenters'], callCenterRow))),
    async (answers) => {
      await readsOrFails(
        world({ [callCentersPath]: inTurn(answers) }, byCallCenter)
          .acd()
          .readRoster(),
        checkRoster,
      );
    },
  ),
  target('LiveVox sign-in', 4, 1, answerWith(signIn), async (answer) => {
    const acd = world({ [signInPath]: answer }).acd();
    await readsOrFails(acd.readAgentEvents(null), checkEvents);
    checkWarning(acd.warning());
  }),
  // A session that is refused is renewed once, with whatever answer that brings.
  target('LiveVox dead session', 3, 1, answerWith(signIn), async (answer) => {
    const current: Record<string, FuzzedAnswer | (() => FuzzedAnswer | null)> = {};
    const acd = world(current).acd();
    await readsOrFails(acd.readAgentEvents(null), checkEvents);
    current[eventFeedPath] = inTurn([DEAD]);
    current[signInPath] = answer;
    await readsOrFails(acd.readAgentEvents('place'), checkEvents);
    checkWarning(acd.warning());
  }),
];

const DEAD: FuzzedAnswer = { status: 401, headers: {}, text: '', breakBytesAt: -1, arrival: { kind: 'whole' } };
