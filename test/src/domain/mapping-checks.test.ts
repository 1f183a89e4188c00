import { describe, expect, it } from 'vitest';
import { type CheckedAgent, type CheckedQueue, checkAgent, checkQueue } from '../../../src/domain/mapping-checks.ts';

const queue: CheckedQueue = {
  sourceId: 'q1',
  name: 'Sales',
  queueValue: null,
  isOutbound: false,
  mixed: false,
  included: true,
  inRoster: true,
  removedAtMs: null,
  sharedBy: 1,
  sharedMixes: false,
};

describe('a queue', () => {
  it.each<[string, Partial<CheckedQueue>, string[]]>([
    ['in order', {}, []],
    ['marked as mixed', { mixed: true }, ['mixes directions']],
    [
      'sharing its key with the other direction',
      { sharedBy: 2, sharedMixes: true },
      ['mixes directions', 'key shared'],
    ],
    ['sharing its key', { sharedBy: 2 }, ['key shared']],
    ['with an id that is no key', { sourceId: 'Kölner Hotline' }, ['key not usable']],
    ['with such an id and a key of its own', { sourceId: 'Kölner Hotline', queueValue: 'koeln' }, []],
    ['with an id too long', { sourceId: 'q'.repeat(101) }, ['key not usable']],
    ['named after both directions', { name: 'Billing In/Out' }, ['may mix directions']],
    ['named blended', { name: 'Blended Support' }, ['may mix directions']],
    ['named after one', { name: 'Outbound Collections' }, []],
    ['named innocently', { name: 'Checking in outstanding invoices' }, []],
    ['only seen in figures', { inRoster: false }, ['not in the roster']],
    ['left out, whatever else', { included: false, mixed: true, sharedBy: 2 }, []],
  ])('%s', (_, change, tags) => {
    expect(checkQueue({ ...queue, ...change }).map(({ tag }) => tag)).toEqual(tags);
  });
});

const agent: CheckedAgent = {
  username: 'ann',
  loginId: null,
  included: true,
  inRoster: true,
  removedAtMs: null,
  heldCount: 0,
  sharedBy: 1,
};

describe('an agent', () => {
  it.each<[string, Partial<CheckedAgent>, string[]]>([
    ['known by the user name', {}, []],
    ['without any', { username: '' }, ['no login id']],
    ['without a user name, with a login id', { username: '', loginId: 'ann@x' }, []],
    ['with somebody else’s', { sharedBy: 2 }, ['login id shared']],
    ['gone', { inRoster: false, removedAtMs: 1 }, ['not in the roster']],
    ['left out', { username: '', included: false }, []],
  ])('%s', (_, change, tags) => {
    expect(checkAgent({ ...agent, ...change }).map(({ tag }) => tag)).toEqual(tags);
  });

  it('says how much waits for a login id', () => {
    const [finding] = checkAgent({ ...agent, username: '', heldCount: 7 });
    expect(finding?.text).toContain('7 state changes wait');
  });
});
