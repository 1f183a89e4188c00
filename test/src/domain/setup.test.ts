import { describe, expect, it } from 'vitest';
import type { ConnectionFacts } from '../../../src/domain/health-facts.ts';
import { assessSetup, SETUP_STEPS, type SetupStep, TICKED_STEPS } from '../../../src/domain/setup.ts';

const TRY = { failures: 0, failingSinceMs: null, retryAtMs: 0, successAtMs: 1_000, error: '', errorKind: '' };
const ACCOUNT = { read: 0, delivered: 0, setAside: 0, waiting: 0, held: 0 };

/** A connection of which everything is done. */
const DONE: ConnectionFacts = {
  connectionId: 1,
  name: 'Acme',
  paused: false,
  createdAtMs: 0,
  updatedAtMs: 0,
  lastPollMs: 1_000,
  loopAtMs: null,
  oldestUnsentMs: null,
  warning: '',
  feeds: [
    { ...TRY, name: 'agent-states' },
    { ...TRY, name: 'intervals' },
    { ...TRY, name: 'roster' },
  ],
  streams: [
    { ...TRY, name: 'agent-states', account: ACCOUNT },
    { ...TRY, name: 'historical', account: ACCOUNT },
    { ...TRY, name: 'agent-activity', account: ACCOUNT },
  ],
  newestFigureMs: 1_000,
  gapCount: 0,
  oldestGapMs: null,
  waitingIntervals: 0,
  oldestWaitingMs: null,
  unconfirmedCount: 0,
  setAsideOpen: 0,
  heldAgents: 0,
  agentCount: 3,
  queueCount: 2,
  unreviewedStates: 0,
  backfillsOpen: 0,
  lastTroubleMs: null,
  cronAtMs: 1_000,
};

const tick = (step: SetupStep) => ({ step, by: 'Ada', atMs: 5 });
const statesOf = (facts: ConnectionFacts | null, ticks = TICKED_STEPS.map(tick)) =>
  Object.fromEntries(assessSetup(facts, ticks).map(({ step, state }) => [step, state]));

it('without a connection nothing is done but what was ticked by hand', () => {
  expect(Object.values(statesOf(null, [])).every((state) => state === 'open')).toBe(true);
  expect(statesOf(null, [tick('role')]).role).toBe('done');
});

it('a tick makes no step done that the bridge can only see for itself', () => {
  const all = SETUP_STEPS.map(tick);
  const done = assessSetup(null, all).flatMap(({ step, state }) => (state === 'done' ? [step] : []));
  expect(done).toEqual([...TICKED_STEPS]);
});

it('everything is done once all is seen and the rest is ticked', () => {
  expect(Object.values(statesOf(DONE)).every((state) => state === 'done')).toBe(true);
});

it('names who ticked only where nothing better is known', () => {
  const standing = assessSetup(DONE, TICKED_STEPS.map(tick)).find(({ step }) => step === 'access-key');
  expect([standing?.tick, standing?.canBeTicked]).toEqual([null, false]);
});

describe('a step is not done', () => {
  const never = (streams: ConnectionFacts['streams']) => streams.map((stream) => ({ ...stream, successAtMs: null }));
  it.each<[why: string, step: SetupStep, state: string, change: Partial<ConnectionFacts>]>([
    ['the connection is paused', 'connection', 'warn', { paused: true }],
    ['nothing was ever polled', 'source-answers', 'open', { lastPollMs: null }],
    ['reading fails', 'source-answers', 'warn', { feeds: [{ ...TRY, failures: 1, error: 'No.', name: 'intervals' }] }],
    ['no figures came yet', 'source-answers', 'open', { feeds: [{ ...TRY, name: 'agent-states' }] }],
    ['the roster never came', 'roster', 'open', { feeds: [] }],
    ['states are not reviewed', 'states', 'warn', { unreviewedStates: 2 }],
    ['a kind of data was never accepted', 'delivery', 'open', { streams: DONE.streams.slice(0, 2) }],
    ['nothing was ever accepted', 'delivery', 'open', { streams: never(DONE.streams) }],
    ['sending fails', 'delivery', 'warn', { streams: DONE.streams.map((stream) => ({ ...stream, failures: 3 })) }],
  ])('while %s', (_, step, state, change) => {
    expect(statesOf({ ...DONE, ...change })[step]).toBe(state);
  });

  it('while agents are held without login id, unless somebody says that this is meant', () => {
    expect(statesOf({ ...DONE, heldAgents: 1 }, [])['login-ids']).toBe('warn');
  });
});
