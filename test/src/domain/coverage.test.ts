import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cellState, type IntervalFacts, windowBalance } from '../../../src/domain/coverage.ts';

const END_MS = 900_000;
const SETTLE_MS = 120_000;
const LONG_AFTER_MS = END_MS + SETTLE_MS + 3_600_000;

const delivered: IntervalFacts = {
  status: 'collected',
  unconfirmed: false,
  revision: 1,
  endMs: END_MS,
  offered: 12,
  abandoned: 1,
  collectedAtMs: END_MS + SETTLE_MS,
  report: { revision: 1, deliveredRevision: 1, acceptedAtMs: END_MS + SETTLE_MS + 5_000 },
};

describe('the state of an interval', () => {
  it.each<[string, Partial<IntervalFacts>, string]>([
    ['collected and accepted in time', {}, 'delivered'],
    ['a gap, whatever was sent before', { status: 'gap' }, 'gap'],
    ['not read yet', { status: 'waiting', revision: 0, report: null }, 'waiting'],
    ['an empty answer while somebody was signed in', { unconfirmed: true, revision: 0, report: null }, 'unconfirmed'],
    ['stored, no report yet', { report: null }, 'waiting'],
    [
      'stored, its report not accepted',
      { report: { revision: 1, deliveredRevision: 0, acceptedAtMs: null } },
      'waiting',
    ],
    [
      'a further revision not accepted yet',
      { report: { revision: 2, deliveredRevision: 1, acceptedAtMs: 0 } },
      'waiting',
    ],
    ['nobody called', { offered: 0, abandoned: 0 }, 'quiet'],
    ['nobody called, said late', { offered: 0, abandoned: 0, collectedAtMs: LONG_AFTER_MS }, 'quiet'],
    ['figures changed later', { revision: 2 }, 'late'],
    ['read late', { collectedAtMs: LONG_AFTER_MS }, 'late'],
    ['accepted late', { report: { revision: 1, deliveredRevision: 1, acceptedAtMs: LONG_AFTER_MS } }, 'late'],
    // Sent again on request or with the agents' times: the first delivery was in time.
    ['sent again', { report: { revision: 2, deliveredRevision: 2, acceptedAtMs: LONG_AFTER_MS } }, 'delivered'],
  ])('%s', (_, change, state) => {
    expect(cellState({ ...delivered, ...change }, SETTLE_MS)).toBe(state);
  });
});

describe('the balance of a window', () => {
  const accepted = (contacts: number | null, setAsideCount = 0) => ({
    isWaiting: false,
    delivered: contacts,
    setAsideCount,
  });
  const waiting = (contacts: number | null) => ({ isWaiting: true, delivered: contacts, setAsideCount: 0 });

  it.each([
    ['delivered whole', { source: 10, stored: 10, excluded: 0, report: accepted(10) }, {}],
    [
      'without the queues that are left out',
      { source: 10, stored: 10, excluded: 4, report: accepted(6) },
      { leftOut: 4 },
    ],
    ['no report yet', { source: 10, stored: 10, excluded: 4, report: null }, { leftOut: 4, waiting: 6 }],
    ['a revision on its way', { source: 12, stored: 12, excluded: 0, report: waiting(10) }, { waiting: 2 }],
    ['records refused', { source: 10, stored: 10, excluded: 0, report: accepted(7, 1) }, { setAside: 3 }],
    ['a queue included only later', { source: 10, stored: 10, excluded: 0, report: accepted(6) }, { missing: 4 }],
    ['a queue left out only later', { source: 10, stored: 10, excluded: 4, report: accepted(10) }, {}],
    [
      'accepted before contacts were counted',
      { source: 10, stored: 10, excluded: 4, report: accepted(null) },
      { leftOut: 4 },
    ],
  ])('%s', (_, facts, reasons) => {
    expect(windowBalance(facts)).toMatchObject({ leftOut: 0, waiting: 0, setAside: 0, missing: 0, ...reasons });
  });

  it('always comes out: told = delivered + every reason', () => {
    const count = fc.nat({ max: 1_000 });
    const report = fc.option(
      fc.record({ isWaiting: fc.boolean(), delivered: fc.option(count), setAsideCount: fc.nat({ max: 3 }) }),
    );
    fc.assert(
      fc.property(fc.record({ source: count, stored: count, excluded: count, report }), (facts) => {
        const { source, delivered: sent, leftOut, waiting: still, setAside, missing } = windowBalance(facts);
        expect(sent + leftOut + still + setAside + missing).toBe(source);
      }),
    );
  });
});
