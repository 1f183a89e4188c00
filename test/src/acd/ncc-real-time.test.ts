import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UpstreamError } from '../../../src/http/upstream-error.ts';
import { rejection } from '../http/support.ts';
import { fakeNcc, nccSettings } from './fake-ncc.ts';

const PATH = '/wfm/realTime';
const NOON_MS = Date.parse('2026-03-02T12:00:00Z');

/** A source whose next answers are given one by one. */
function source(advanced: object = {}) {
  const ncc = fakeNcc();
  const acd = ncc.open(nccSettings({ advanced }));
  return {
    ncc,
    read: (answer: unknown) => {
      ncc.answers(PATH, answer);
      return acd.readAgentStates();
    },
  };
}

const row = (id: unknown, status: unknown, time?: unknown) => ({
  'agent-id': id,
  'agent-status': status,
  ...(time === undefined ? {} : { 'agent-status-time': time }),
});

const agentsOf = ({ agents }: { agents: unknown }) => (Array.isArray(agents) ? agents : []);

describe('the states of all agents', () => {
  it.each(['bare', 'objects', 'data', 'rows'])('are read from a %s list', async (envelope) => {
    const rows = [row('7', 'Available', NOON_MS / 1_000), row('8', 'Pause café 休憩')];
    expect(await source().read(envelope === 'bare' ? rows : { count: 2, [envelope]: rows })).toEqual({
      askedAtMs: expect.any(Number),
      arrivedAtMs: expect.any(Number),
      sourceDateMs: null,
      agents: [
        { agentId: '7', name: 'Available', reason: '', sinceMs: NOON_MS },
        { agentId: '8', name: 'Pause café 休憩', reason: '', sinceMs: null },
      ],
      refused: [],
    });
  });

  it.each([
    ['', 'nothing'],
    ['<html>502</html>', 'an HTML page'],
    ['null', 'null'],
    ['{}', 'an empty object'],
    ['{"code":500,"message":"oops"}', 'an error object'],
    ['{"objects":null}', 'an envelope without rows'],
    ['{"objects":{"0":1}}', 'an envelope of something else'],
    ['42', 'a number'],
    ['[{"agent-id":"1"', 'a cut list'],
    ['[1,null,"x",[],{}]', 'a list of nothing that is an agent'],
    [`[${'['.repeat(100)}${']'.repeat(100)}]`, 'too deep'],
  ])('are not read from %s: %s', async (body) => {
    const error = await rejection(source().read(body));
    expect(error).toBeInstanceOf(UpstreamError);
    expect(error).toMatchObject({ failure: { kind: expect.stringMatching(/shape|oversize/) } });
  });

  it('may be none at all', async () => {
    expect(await source().read([])).toMatchObject({ agents: [], refused: [] });
  });

  it('are any text of up to 256 characters, trimmed, in the spelling of the customer', async () => {
    const long = '😀'.repeat(256);
    const { agents } = await source().read([
      row('1', '  COACHING <1:1> & "QA"\n'),
      row('2', long),
      row('3', "'); DROP"),
    ]);
    expect(agents).toMatchObject([{ name: 'COACHING <1:1> & "QA"' }, { name: long }, { name: "'); DROP" }]);
  });

  it.each<[unknown, string]>([
    [row('', 'A'), 'no id'],
    [row(' ', 'A'), 'an id of spaces'],
    [row(null, 'A'), 'a null id'],
    [row(2 ** 53, 'A'), 'an id that is not exact'],
    [row(1.5, 'A'), 'an id that is no whole number'],
    [row('x'.repeat(201), 'A'), 'an id too long'],
    [row('a\0b', 'A'), 'an id with NUL'],
    [row('1', ''), 'no state'],
    [row('1', '   '), 'a state of spaces'],
    [row('1', 'x'.repeat(257)), 'a state too long'],
    [row('1', 'a\0b'), 'a state with NUL'],
    [row('1', null), 'a null state'],
    [row('1', 3), 'a number for a state'],
    [row('1', { a: 1 }), 'an object for a state'],
    [{}, 'nothing'],
    [null, 'null'],
    ['agent', 'text'],
  ])('of a row that cannot be read are refused alone: %o, %s', async (bad) => {
    const { agents, refused } = await source().read([row('9', 'Busy'), bad]);
    expect(agents).toMatchObject([{ agentId: '9' }]);
    expect(refused).toMatchObject([{ index: 1, reason: expect.stringMatching(/\w/), sample: expect.any(String) }]);
  });

  it('of a row that cannot be read are refused with the agent where at least the id can be', async () => {
    const bad = [row('1', null), row(7, 'x'.repeat(257)), row(' ', 'A'), row(1.5, 'A'), null];
    const { refused } = await source().read([row('9', 'Busy'), ...bad]);
    expect(refused.map(({ agentId }) => agentId)).toEqual(['1', '7', undefined, undefined, undefined]);
  });

  it('refuse a row with half a character and keep a sample that can be stored', async () => {
    const { refused } = await source().read(
      `[{"agent-id":"9","agent-status":"A"},{"agent-id":"1","agent-status":"a\\ud800"}]`,
    );
    expect(refused).toMatchObject([{ index: 1 }]);
    expect(refused[0]?.sample.isWellFormed()).toBe(true);
  });

  it('keep samples short, and few', async () => {
    const bad = Array.from({ length: 500 }, () => row('1', 'x'.repeat(10_000)));
    const { refused } = await source().read([row('9', 'A'), ...bad]);
    expect(refused).toHaveLength(500);
    expect(Math.max(...refused.map(({ sample }) => sample.length))).toBe(500);
    expect(refused.filter(({ sample }) => sample !== '')).toHaveLength(100);
  });

  it('take a whole number for an id', async () => {
    expect(await source().read([row(12_345, 'A')])).toMatchObject({ agents: [{ agentId: '12345' }] });
  });

  it.each<[unknown, number | null, string]>([
    [NOON_MS, NOON_MS, 'milliseconds'],
    [NOON_MS / 1_000, NOON_MS, 'seconds'],
    [NOON_MS / 1_000 + 0.25, NOON_MS + 250, 'seconds with a fraction'],
    [0, null, 'the epoch'],
    [-5, null, 'before the epoch'],
    [1e300, null, 'no time'],
    ['1772452800', null, 'text'],
    [null, null, 'null'],
    [true, null, 'true'],
  ])('since %o are since %o: %s', async (time, sinceMs) => {
    expect(await source().read([row('1', 'A', time)])).toMatchObject({ agents: [{ sinceMs }], refused: [] });
  });

  it('are since the time in the field of the settings, else in the usual one', async () => {
    const { read } = source({ statusTimeField: 'changedAt' });
    const rows = [{ ...row('1', 'A', NOON_MS), changedAt: NOON_MS + 1_000 }, row('2', 'A', NOON_MS), row('3', 'A')];
    expect(agentsOf(await read(rows)).map(({ sinceMs }) => sinceMs)).toEqual([NOON_MS + 1_000, NOON_MS, null]);
    const later = [{ ...row('1', 'A', NOON_MS), changedAt: NOON_MS + 2_000 }, ...rows.slice(1)];
    expect(agentsOf(await read(later)).map(({ sinceMs }) => sinceMs)).toEqual([NOON_MS + 2_000, NOON_MS, null]);
  });

  it('since 1e400 are since nobody knows', async () => {
    const answer = '[{"agent-id":"1","agent-status":"A","agent-status-time":1e400}]';
    expect(await source().read(answer)).toMatchObject({ agents: [{ sinceMs: null }] });
  });

  it('tell the Date that NCC gave', async () => {
    const { ncc, read } = source();
    await read([]);
    const headers = { date: 'Mon, 02 Mar 2026 08:55:00 GMT' };
    ncc.state.answers.set(PATH, () => new Response('[]', { headers }));
    expect(await ncc.open().readAgentStates()).toMatchObject({ sourceDateMs: Date.parse('2026-03-02T08:55:00Z') });
  });
});

describe('an agent who stands in an answer twice', () => {
  it('counts once when both rows say the same', async () => {
    const answer = await source().read([row('1', 'A'), row('1', 'A'), row('2', 'B')]);
    expect(answer).toMatchObject({ agents: [{ agentId: '1' }, { agentId: '2' }], refused: [] });
  });

  it('is refused when they do not, in this answer and the next', async () => {
    const { read } = source();
    const expected = { agents: [{ agentId: '2' }], refused: [{ index: 0 }, { index: 1 }] };
    expect(await read([row('1', 'A'), row('1', 'B'), row('2', 'B')])).toMatchObject(expected);
    expect(await read([row('1', 'A'), row('1', 'B'), row('2', 'C')])).toMatchObject(expected);
    expect(await read([row('1', 'B'), row('1', 'B'), row('2', 'C')])).toMatchObject({
      agents: [{ agentId: '1' }, { agentId: '2' }],
      refused: [],
    });
  });

  it('is found when the second row was unreadable before', async () => {
    const { read } = source();
    await read([row('1', 'A'), row('1', ''), row('2', 'B')]);
    expect(await read([row('1', 'A'), row('1', 'C'), row('2', 'B')])).toMatchObject({ agents: [{ agentId: '2' }] });
  });
});

describe('an answer after another', () => {
  it('is unchanged when it is the same byte for byte, with what was refused before', async () => {
    const { read } = source();
    const rows = [row('1', 'A'), row('2', '')];
    const { refused } = await read(rows);
    expect(await read(rows)).toMatchObject({ agents: 'unchanged', refused });
    expect(await read([...rows, row('3', 'A')])).toMatchObject({ agents: [{ agentId: '1' }, { agentId: '3' }] });
  });

  it('gives the same object for an agent whose row says the same, wherever it stands', async () => {
    const { read } = source();
    const first = agentsOf(await read([row('1', 'A'), row('2', 'B'), row('3', 'C', NOON_MS)]));
    const second = agentsOf(
      await read([row('3', 'C', NOON_MS), row('4', 'D'), { ...row('2', 'B'), extra: 1 }, row('1', 'X')]),
    );
    expect(second[0]).toBe(first[2]);
    expect(second[2]).toBe(first[1]);
    expect(second[3]).toEqual({ agentId: '1', name: 'X', reason: '', sinceMs: null });
  });

  it('compares with the last good answer, not with one that failed', async () => {
    const { read } = source();
    const first = agentsOf(await read([row('1', 'A')]));
    await rejection(read('{}'));
    expect(await read([row('1', 'A')])).toMatchObject({ agents: 'unchanged' });
    expect(agentsOf(await read([row('1', 'A'), row('2', 'B')]))[0]).toBe(first[0]);
  });

  it('is read as if it were the first, whatever came before', async () => {
    const agent = fc.record({
      'agent-id': fc.constantFrom<unknown>('1', '2', '3', 3, '', null),
      'agent-status': fc.constantFrom<unknown>('A', ' A ', 'B', '', 7),
      'agent-status-time': fc.constantFrom<unknown>(undefined, NOON_MS, NOON_MS / 1_000, 'x'),
    });
    const answers = fc.array(fc.array(agent, { maxLength: 6 }), { minLength: 1, maxLength: 5 });
    const readOrFail = (read: Promise<unknown>) => read.catch((error: unknown) => ({ failed: String(error) }));
    await fc.assert(
      fc.asyncProperty(answers, async (rounds) => {
        const { read } = source();
        for (const rows of rounds) {
          const after = await readOrFail(read(rows));
          const alone = await readOrFail(source().read(rows));
          const isUnchanged =
            typeof after === 'object' && after !== null && Reflect.get(after, 'agents') === 'unchanged';
          if (!isUnchanged) expect(after).toEqual(alone);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('never fails of anything but an UpstreamError, whatever JSON it is', async () => {
    const { read } = source();
    await fc.assert(
      fc.asyncProperty(fc.jsonValue({ stringUnit: 'binary' }), async (value) => {
        const answer = await read(JSON.stringify([value, row('1', 'A'), value])).catch((error: unknown) => error);
        if (answer instanceof Error) expect(answer).toBeInstanceOf(UpstreamError);
      }),
      { numRuns: 100 },
    );
  });
});
