import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CMS_EVENTS, cmsStateTitle } from '../../../../src/acd/avaya-cms/codes.ts';
import { feedReader } from '../../../../src/acd/avaya-cms/feed.ts';
import { patternProblem } from '../../../../src/acd/avaya-cms/pattern.ts';
import { avayaCmsSettingsSchema } from '../../../../src/acd/avaya-cms/settings.ts';
import { avayaCmsSource } from '../../../../src/acd/avaya-cms/source.ts';
import { checkRecords } from '../../../../src/domain/record.ts';

const ARRIVED = '2026-03-02T14:05:10.000Z';
const ARRIVED_MS = Date.parse(ARRIVED);
const readerOf = (more: object = {}) => feedReader(avayaCmsSettingsSchema.parse({ kind: 'avaya-cms', ...more }));
const PATTERN = '(?<login>\\d+),(?<state>[^,]+),(?<reason>\\d*),(?<time>.*)$';
const patternReader = (timeZone = 'UTC', pattern = PATTERN) =>
  readerOf({ timeZone, feed: { form: 'pattern', pattern } });

describe('JSON lines', () => {
  it.each([
    [
      { login: 2001, eventCode: 20 },
      { agentId: '2001', state: '20', reason: '', at: ARRIVED },
    ],
    [
      { login: '2001', eventCode: '050', reasonCode: '03' },
      { agentId: '2001', state: '50', reason: '3' },
    ],
    [
      { login: '2001', eventCode: 'Aux Out', reasonCode: 99 },
      { state: '51', reason: '99' },
    ],
    // A reason says something only where the code has reasons; 0 is none.
    [
      { login: '2001', eventCode: 30, reasonCode: 4 },
      { state: '30', reason: '' },
    ],
    [
      { login: '2001', eventCode: 600, reasonCode: 0 },
      { state: '600', reason: '' },
    ],
    // What the set does not have passes through.
    [
      { login: '2001', eventCode: 777, reasonCode: 4 },
      { state: '777', reason: '4' },
    ],
    [
      { login: '2001', eventCode: 'PARKED', more: [1] },
      { state: 'PARKED', reason: '' },
    ],
    [{ login: '2001', eventCode: 20, time: 1772460300 }, { at: '2026-03-02T14:05:00.000Z' }],
    [{ login: '2001', eventCode: 20, time: '2026-03-02T08:05:00-06:00' }, { at: '2026-03-02T14:05:00.000Z' }],
  ])('%o is a state change', (line, expected) => {
    const read = readerOf()(JSON.stringify(line), ARRIVED_MS);
    expect(read.reason).toBeNull();
    expect(read.record).toMatchObject(expected);
    expect(checkRecords('state-changes', [read.record]).refused).toEqual([]);
  });

  it.each([
    ['2001 AVAIL', 'not JSON'],
    ['[]', 'needs login and eventCode'],
    ['{"login":"2001"}', 'needs login and eventCode'],
    ['{"login":" ","eventCode":20}', 'names no login'],
    ['{"login":"2001","eventCode":20,"time":"soon"}', '"soon" is no time'],
    ['{"login":"2001","eventCode":20,"time":"2026-03-02T15:05:10Z"}', 'in the future'],
    [`{"eventCode":20,"login":"2001",${' '.repeat(1_000)}}`, 'longer than 1000'],
  ])('%.50s is refused', (line, reason) => {
    expect(readerOf()(line, ARRIVED_MS)).toEqual({ record: null, reason: expect.stringContaining(reason) });
  });
});

describe('lines by a pattern', () => {
  it.each([
    ['the time of day', 'America/Chicago', '2001,20,,08:05:07', '2026-03-02T14:05:07.000Z'],
    ['the time of day without marks', 'America/Chicago', '2001,20,,080507', '2026-03-02T14:05:07.000Z'],
    ['day and time of the switch', '-06:00', '2001,20,,2026-03-02 08:05:07', '2026-03-02T14:05:07.000Z'],
    ['epoch milliseconds', 'UTC', '2001,20,,1772460307123', '2026-03-02T14:05:07.123Z'],
    ['nothing: when it arrived', 'UTC', '2001,20,,', ARRIVED],
  ])('are dated by %s', (_, zone, line, at) => {
    expect(patternReader(zone)(line, ARRIVED_MS).record?.at).toBe(at);
  });

  it('takes a time of day just before midnight for the day before', () => {
    const read = patternReader()('2001,110,,23:59:58', Date.parse('2026-03-02T00:00:01Z'));
    expect(read.record?.at).toBe('2026-03-01T23:59:58.000Z');
  });

  it('takes the passage of a repeated hour that is nearest to the arrival', () => {
    const read = patternReader('Europe/Berlin');
    const atOf = (arrived: string) => read('2001,20,,2026-10-25 02:30:00', Date.parse(arrived)).record?.at;
    expect(atOf('2026-10-25T00:30:02Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(atOf('2026-10-25T01:30:02Z')).toBe('2026-10-25T01:30:00.000Z');
  });

  it('refuses a time that the clock skipped, and a line that does not match', () => {
    const read = patternReader('Europe/Berlin');
    const nowMs = Date.parse('2026-03-29T01:30:00Z');
    expect(read('2001,20,,2026-03-29 02:30:00', nowMs).reason).toContain('never showed');
    expect(read('hello', nowMs).reason).toContain('does not match');
  });

  it('never throws, whatever comes', () => {
    const readers = [readerOf(), patternReader('Asia/Tehran')];
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.string().map((time) => `1,20,3,${time}`),
        ),
        (line) => {
          for (const read of readers) {
            const { record, reason } = read(line, ARRIVED_MS);
            expect(record === null).toBe(reason !== null);
          }
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('patterns', () => {
  const named = (rest: string) => `(?<login>\\d+) (?<state>\\w+)${rest}`;

  it.each([
    PATTERN,
    named(''),
    named(' (?<reason>\\d{1,2})?(?: at (?<time>[\\d:]+))?'),
    '.*login=(?<login>\\d+);.*state=(?<state>[^;]+)',
    '\\s*(?<time>[^|]*)\\|(?<login>[^|]+)\\|(?:AUX|AVAIL|(?<state>\\d+))\\|',
    '(?<login>\\x41+)[\\]\\-](?<state>[^\\]]+?)$',
  ])('%s may be used', (pattern) => {
    expect(patternProblem(pattern)).toBeNull();
  });

  it.each([
    [named(' (a+)+$'), 'cannot be repeated'],
    [named(' (?:a|aa)*$'), 'cannot be repeated'],
    [named('(\\w*\\w*\\w*)=$'), 'too many ways'],
    [named(`${'x?'.repeat(30)}${'x'.repeat(30)}`), 'too many ways'],
    ['.*(?<login>.*)(?<state>.*)x', 'too many ways'],
    [named(' (a)\\1'), 'refer back'],
    [named(' \\k<login>'), 'refer back'],
    [named('(?=x)'), 'look around'],
    [named('(?<!x)'), 'look around'],
    ['(?<login>\\d+)', 'needs a group named "state"'],
    [named('(?<reazon>x)'), 'no use for a group "reazon"'],
    ['(?<login>', 'no regular expression'],
    [named('x'.repeat(500)), 'at most 500'],
  ])('%.60s is refused', (pattern, problem) => {
    expect(patternProblem(pattern)).toContain(problem);
  });

  it('whatever is let through answers at once on the most unlucky lines', () => {
    const atom = fc.constantFrom('a', '.', '[ab]', '\\w', '[^,]', ',', 'b');
    const quantifier = fc.constantFrom('', '', '?', '*', '+', '{1,3}', '{2,}', '+?');
    const piece = fc.tuple(atom, quantifier).map((parts) => parts.join(''));
    const rest = fc.oneof(
      piece,
      piece.map((text) => `(?:${text})?`),
      fc.tuple(piece, piece).map(([a, b]) => `(?:${a}|${b})`),
    );
    const lines = ['a'.repeat(1_000), 'ab'.repeat(500), `a ${'a,'.repeat(499)}`];
    fc.assert(
      fc.property(fc.array(rest, { maxLength: 12 }), (pieces) => {
        const pattern = `(?<login>a)(?<state>\\w?)${pieces.join('')}!$`;
        if (patternProblem(pattern) !== null) return;
        const read = patternReader('UTC', pattern);
        // The runner's own limit of time is what fails here: a pattern with three repetitions takes minutes.
        for (const line of lines) expect(read(line, ARRIVED_MS).reason).not.toBeNull();
      }),
      { numRuns: 200 },
    );
  });

  it('a setting with a pattern that cannot be used is refused at its place', () => {
    const parsed = avayaCmsSettingsSchema.safeParse({
      kind: 'avaya-cms',
      feed: { form: 'pattern', pattern: '(?<login>(a+)+)(?<state>b)' },
    });
    expect(parsed.error?.issues.map(({ path }) => path.join('.'))).toEqual(['feed.pattern']);
  });
});

describe('states', () => {
  it('count as their names say, and as not ready where nobody knows', () => {
    const classOf = (code: string) => avayaCmsSource.defaultStateClass(code, '');
    expect(['20', '31', '42', '52', '61', '80', '10', '110'].map(classOf)).toEqual([
      ...['ready', 'contact', 'wrap-up', 'not ready', 'contact', 'contact', 'signed out', 'signed out'],
    ]);
    expect(['777', 'PARKED', '220'].map(classOf)).toEqual(['not ready', 'not ready', 'not ready']);
  });

  it('are documented by their code; what a reason stands for is the site’s own', () => {
    expect(CMS_EVENTS.filter(({ code }) => !avayaCmsSource.isDocumentedState(String(code), ''))).toMatchObject([
      { code: 220 },
    ]);
    expect(avayaCmsSource.isDocumentedState('50', '3')).toBe(false);
    expect(cmsStateTitle('50', '3')).toBe('Aux, reason 3');
  });

  it('nothing is asked of CMS', () => {
    const settings = avayaCmsSettingsSchema.parse({ kind: 'avaya-cms', sendsQueueIntervals: false });
    expect(avayaCmsSource.addresses(settings)).toEqual([]);
    expect(avayaCmsSource.traits(settings)).toMatchObject({ agentStates: 'pushed', queueIntervals: 'none' });
  });
});
