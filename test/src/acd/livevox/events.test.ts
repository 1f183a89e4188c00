import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejection, START_MS } from '../../http/support.ts';
import { event, FEED, fakeLiveVox, liveVoxSettings } from './fake-livevox.ts';

const AT_MS = START_MS - 60_000;

async function eventsOf(rows: unknown[], settings = liveVoxSettings()) {
  const liveVox = fakeLiveVox();
  liveVox.feeds(...rows);
  return liveVox.open(settings).readAgentEvents(null);
}

describe('the feed of agent events', () => {
  it('is asked with {} at first, then with where the last answer ended', async () => {
    const liveVox = fakeLiveVox();
    liveVox.feeds(event(AT_MS));
    const acd = liveVox.open();
    const first = await acd.readAgentEvents(null);
    expect(first).toEqual({
      askedAtMs: START_MS,
      arrivedAtMs: START_MS,
      sourceDateMs: null,
      events: [{ agentId: '71', name: 'READY', reason: '', atMs: AT_MS }],
      refused: [],
      cursor: 'next',
      isGap: false,
    });
    await acd.readAgentEvents(first.cursor);
    const bodies = liveVox.network.seen.filter(({ url }) => url.pathname === FEED).map(({ body }) => body);
    expect(bodies).toEqual(['{}', '{"token":"next"}']);
  });

  it.each([
    [AT_MS, AT_MS, 'Unix milliseconds'],
    [String(AT_MS), AT_MS, 'their digits'],
    ['2026-03-02T08:59:00.000Z', AT_MS, 'ISO 8601'],
    ['2026-03-02T02:59:00-06:00', AT_MS, 'with an offset'],
    ['2026-03-02T02:59:00.000-0600', AT_MS, 'with an offset without a colon'],
    ['2026-03-02 08:59:00', AT_MS, 'without a zone: UTC'],
    ['2026-03-02T08:59Z', AT_MS, 'without seconds'],
  ] as [string | number, number, string][])('reads the time %s: %s', async (timestamp, atMs, _) => {
    expect((await eventsOf([event(timestamp)])).events).toMatchObject([{ atMs }]);
  });

  it.each([
    [event('yesterday')],
    [event(AT_MS / 1_000)],
    [event('2026-13-45T00:00:00Z')],
    [event(Number.NaN)],
    [event(AT_MS, { agentId: '' })],
    [event(AT_MS, { agentId: 'a\0b' })],
    [event(AT_MS, { agentId: undefined })],
    [event(AT_MS, { eventType: '' })],
    [event(AT_MS, { eventType: 7 })],
    [event(AT_MS, { reasonCode: {} })],
    [null],
    [[]],
    ['READY'],
  ])('refuses an event that cannot be read and keeps the others: %j', async (bad) => {
    const { events, refused } = await eventsOf([event(AT_MS), bad, event(AT_MS + 1)]);
    expect(events.map(({ atMs }) => atMs)).toEqual([AT_MS, AT_MS + 1]);
    expect(refused).toMatchObject([{ index: 1 }]);
  });

  it('keeps a sample of what it refuses, without the session in it', async () => {
    const bad = event('yesterday', { sessionId: 'agent-session-canary' });
    const { refused } = await eventsOf([event(AT_MS), bad]);
    expect(refused[0]?.sample).toContain('"timestamp":"yesterday"');
    expect(JSON.stringify(refused)).not.toContain('canary');
  });

  it('does not move on when no event of an answer can be read', async () => {
    const liveVox = fakeLiveVox();
    liveVox.feeds({ what: 'is this' }, null);
    expect(await rejection(liveVox.open().readAgentEvents('a'))).toMatchObject({
      failure: { kind: 'shape', issues: expect.stringMatching(/none of 2 events could be read; event 0:/) },
    });
  });

  it('takes the ACD line alone, but LOGON and LOGOFF of any line', async () => {
    const { events, refused } = await eventsOf([
      event(AT_MS, { eventType: 'LOGON', lineNumber: null }),
      event(AT_MS + 1, { eventType: 'IN_CALL', lineNumber: 'DIRECT' }),
      event(AT_MS + 2, { eventType: 'IN_CALL', lineNumber: undefined }),
      event(AT_MS + 3, { lineNumber: 'MANUAL', timestamp: 'no matter' }),
      event(AT_MS + 4, { eventType: 'IN_CALL', lineNumber: 'acd' }),
      event(AT_MS + 5, { eventType: 'LOGOFF', lineNumber: 'LINE1' }),
    ]);
    expect(events.map(({ name }) => name)).toEqual(['LOGON', 'IN_CALL', 'LOGOFF']);
    expect(refused).toEqual([]);
  });

  it('takes another line where the settings name it', async () => {
    const rows = [event(AT_MS, { lineNumber: 'ACD2' }), event(AT_MS + 1)];
    const { events } = await eventsOf(rows, liveVoxSettings({}, { stateLine: 'ACD2' }));
    expect(events.map(({ atMs }) => atMs)).toEqual([AT_MS]);
  });

  it('reads the reason from the field that the settings name', async () => {
    const row = event(AT_MS, { eventType: 'NOT_READY', reasonCode: ' Lunch ', why: 7 });
    expect((await eventsOf([row])).events).toMatchObject([{ name: 'NOT_READY', reason: 'Lunch' }]);
    const settings = liveVoxSettings({}, { reasonField: 'why' });
    expect((await eventsOf([row], settings)).events).toMatchObject([{ reason: '7' }]);
    const none = liveVoxSettings({}, { reasonField: 'toString' });
    expect((await eventsOf([row], none)).events).toMatchObject([{ reason: '' }]);
  });

  it('keeps states that nobody documented', async () => {
    expect((await eventsOf([event(AT_MS, { eventType: 'Pause café 🌟' })])).events).toMatchObject([
      { name: 'Pause café 🌟' },
    ]);
  });

  it.each([
    [{ token: 'next' }, 'no list'],
    [{ token: 'next', agentEvent: null }, 'an empty list'],
    [{ token: 'next', agentEvent: [] }, 'a list of none'],
  ] as [object, string][])('moves on without events: %j', async (answer, _) => {
    const liveVox = fakeLiveVox();
    liveVox.answers(FEED, answer);
    expect(await liveVox.open().readAgentEvents('a')).toMatchObject({ events: [], cursor: 'next', isGap: false });
  });

  it('stays where it is when LiveVox answers that there is no content', async () => {
    const liveVox = fakeLiveVox();
    liveVox.state.answers.set(FEED, () => new Response(null, { status: 204 }));
    expect(await liveVox.open().readAgentEvents('a')).toMatchObject({ events: [], cursor: 'a', isGap: false });
    expect(await rejection(liveVox.open().readAgentEvents(null))).toMatchObject({ failure: { kind: 'shape' } });
  });

  it.each([['{"agentEvent":[]}'], ['[]'], ['null'], ['<html>'], ['{"token":"","agentEvent":[]}'], ['']])(
    'is no answer without a cursor: %s',
    async (body) => {
      const liveVox = fakeLiveVox();
      liveVox.answers(FEED, body);
      expect(await rejection(liveVox.open().readAgentEvents('a'))).toMatchObject({ failure: { kind: 'shape' } });
    },
  );

  it('waits 25 s for an answer, since the call may hang for 10', async () => {
    const liveVox = fakeLiveVox();
    liveVox.feeds();
    const acd = liveVox.open();
    await acd.readAgentEvents(null);
    const slow = liveVox.open(undefined, undefined, {
      fetch: () =>
        new Promise(() => {
          liveVox.clock.advance(24_999);
          queueMicrotask(() => liveVox.clock.advance(1));
        }),
    });
    expect(await rejection(slow.readAgentEvents('a'))).toMatchObject({
      failure: { kind: 'timeout', timeoutMs: 25_000 },
    });
  });
});

describe('a cursor that LiveVox does not know any more', () => {
  function forgetful(status: number) {
    const liveVox = fakeLiveVox();
    liveVox.state.answers.set(FEED, ({ body }) =>
      body === '{}'
        ? Response.json({ token: 'anew', agentEvent: [event(AT_MS)] })
        : Response.json({ message: 'Unknown token' }, { status }),
    );
    return liveVox;
  }

  it.each([400, 404, 410])(
    'answered with %i: the feed is read from its beginning, and that is a gap',
    async (status) => {
      const liveVox = forgetful(status);
      const read = await liveVox.open().readAgentEvents('old');
      expect(read).toMatchObject({ cursor: 'anew', isGap: true, events: [{ atMs: AT_MS }] });
      expect(liveVox.network.count(FEED)).toBe(2);
    },
  );

  it.each([409, 422, 429, 500, 503])('is not what %i means', async (status) => {
    const liveVox = forgetful(status);
    expect(await rejection(liveVox.open().readAgentEvents('old'))).toMatchObject({
      failure: { kind: 'status', status },
    });
    expect(liveVox.network.count(FEED)).toBe(1);
  });

  it('is what a setting says', async () => {
    const settings = liveVoxSettings({}, { cursorTooOldStatuses: [422] });
    expect(await forgetful(422).open(settings).readAgentEvents('old')).toMatchObject({ isGap: true });
    expect(await rejection(forgetful(400).open(settings).readAgentEvents('old'))).toMatchObject({
      failure: { status: 400 },
    });
    for (const status of [200, 401, 408, 425, 429, 500, 404.5]) {
      expect(() => liveVoxSettings({}, { cursorTooOldStatuses: [status] })).toThrow();
    }
  });

  it('is no excuse for a feed that refuses to begin', async () => {
    const liveVox = fakeLiveVox();
    liveVox.state.answers.set(FEED, () => new Response(null, { status: 404 }));
    expect(await rejection(liveVox.open().readAgentEvents('old'))).toMatchObject({ failure: { status: 404 } });
    expect(await rejection(liveVox.open().readAgentEvents(null))).toMatchObject({ failure: { status: 404 } });
    expect(liveVox.network.count(FEED)).toBe(3);
  });
});

describe('the order of events', () => {
  const rows = fc.array(
    fc.record({
      agentId: fc.integer({ min: 1, max: 3 }),
      eventType: fc.constantFrom('LOGON', 'REGISTERING', 'READY', 'NOT_READY', 'IN_CALL', 'LOGOFF'),
      reasonCode: fc.constantFrom(undefined, 'Lunch'),
      lineNumber: fc.constantFrom('ACD', 'DIRECT'),
      timestamp: fc.integer({ min: AT_MS, max: AT_MS + 4 }),
    }),
    { maxLength: 20 },
  );

  it('and how often they come makes no difference', async () => {
    await fc.assert(
      fc.asyncProperty(rows, fc.array(fc.nat()), fc.array(fc.nat()), async (given, keys, repeats) => {
        const doubled = [...given, ...repeats.flatMap((at) => given[at % given.length] ?? [])];
        const shuffled = doubled
          .map((row, index) => ({ row, key: keys[index] ?? 0 }))
          .sort((a, b) => a.key - b.key)
          .map(({ row }) => row);
        const expected = (await eventsOf(given)).events;
        expect((await eventsOf(shuffled)).events).toEqual(expected);
        expect((await eventsOf([...given].reverse())).events).toEqual(expected);
        expect(expected.map(({ atMs }) => atMs)).toEqual(expected.map(({ atMs }) => atMs).sort((a, b) => a - b));
        const kept = given.filter((row) => row.lineNumber === 'ACD' || row.eventType.startsWith('LOG'));
        const distinct = new Set(kept.map(({ agentId, timestamp }) => `${agentId} ${timestamp}`));
        expect(expected).toHaveLength(distinct.size);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    [['LOGON', 'REGISTERING'], 'REGISTERING'],
    [['READY', 'REGISTERING', 'LOGON'], 'READY'],
    [['LOGOFF', 'NOT_READY'], 'LOGOFF'],
    [['READY', 'NOT_READY'], 'READY'],
  ])('of %j in one millisecond leaves %s, which lasted', async (names, last) => {
    for (const order of [names, [...names].reverse()]) {
      const other = event(AT_MS, { agentId: 72, eventType: 'IN_CALL' });
      const rows = [...order.map((eventType) => event(AT_MS, { eventType })), other];
      expect((await eventsOf(rows)).events.map(({ agentId, name }) => [agentId, name])).toEqual([
        ['71', last],
        ['72', 'IN_CALL'],
      ]);
    }
  });
});
