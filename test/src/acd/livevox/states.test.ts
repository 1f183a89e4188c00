import { describe, expect, it } from 'vitest';
import { acdTraits, defaultStateClass, isDocumentedState } from '../../../../src/acd/registry.ts';
import { liveVoxSettings } from './fake-livevox.ts';

const classOf = (name: string, reason = '') => defaultStateClass('livevox', name, reason);
const isDocumented = (name: string, reason = '') => isDocumentedState('livevox', name, reason);

describe('the states of LiveVox', () => {
  it.each([
    ['LOGON', 'not ready'],
    ['REGISTERING', 'not ready'],
    ['READY', 'ready'],
    ['NOT READY', 'not ready'],
    ['RESERVED', 'contact'],
    ['MANUAL DIAL', 'contact'],
    ['PREVIEW DIAL OFFERED', 'contact'],
    ['PREVIEW DIAL ACCEPTED', 'contact'],
    ['PREVIEW DIAL SKIPPED', 'contact'],
    ['DIALING', 'contact'],
    ['LOGOFF', 'signed out'],
    ['TRANSFERRING', 'contact'],
    ['IN CALL', 'contact'],
    ['AGENT HOLD', 'contact'],
    ['WRAP UP', 'wrap-up'],
  ])('%s is %s, in either spelling', (name, expected) => {
    for (const spelling of [name, name.replaceAll(' ', '_'), name.toLowerCase(), ` ${name} `]) {
      expect(classOf(spelling)).toBe(expected);
      expect(isDocumented(spelling)).toBe(true);
    }
  });

  const steps = ['INITIATED', 'FAILED', 'CONNECTED', 'CONFERENCED', 'RECONNECTED', 'COMPLETE', 'HOLD', 'RESUMED'];
  const transfers = steps.flatMap((step) => ['SUPERVISOR', 'AGENT2'].map((party) => [step, party]));
  it.each(transfers)('a transfer %s to %s is a contact', (step, party) => {
    for (const name of [`AGENT TRANSFER ${step} ${party}`, `AGENT_TRANSFER_${party}_${step}`]) {
      expect(classOf(name)).toBe('contact');
      expect(isDocumented(name)).toBe(true);
    }
  });

  it.each(['Lunch', 'Training', 'Break', 'Meeting', 'Tech Difficulties', 'Voice Mail', 'Other'])(
    'not ready for %s is documented',
    (reason) => {
      expect([classOf('NOT_READY', reason), isDocumented('NOT_READY', reason)]).toEqual(['not ready', true]);
    },
  );

  it.each([
    ['Pause café', ''],
    ['', ''],
    ['AGENT TRANSFER', ''],
    ['AGENT TRANSFER SUPERVISOR', ''],
    ['AGENT TRANSFER HOLD HOLD', ''],
    ['AGENT TRANSFER HOLD AGENT2 TWICE', ''],
    ['constructor', ''],
  ])('"%s" is none of them: not ready until somebody reviews it', (name, reason) => {
    expect([classOf(name, reason), isDocumented(name, reason)]).toEqual(['not ready', false]);
  });

  it('with a reason that nobody documented keep their class and are to be reviewed', () => {
    expect([classOf('NOT_READY', 'Gardening'), isDocumented('NOT_READY', 'Gardening')]).toEqual(['not ready', false]);
    expect([classOf('READY', 'Lunch'), isDocumented('READY', 'Lunch')]).toEqual(['ready', false]);
  });
});

describe('the traits of LiveVox', () => {
  it('are events, with figures that are pushed or not expected at all', () => {
    expect(acdTraits(liveVoxSettings({ collectionIntervalS: 10, sendsQueueIntervals: true }))).toEqual({
      agentStates: 'events',
      pollIntervalS: 10,
      queueIntervals: 'pushed',
      hasRoster: true,
      agentIdIsLoginId: false,
      windowsPerRequest: 1,
      handleTimeIsTakenForSeconds: false,
    });
    expect(acdTraits(liveVoxSettings({ sendsQueueIntervals: false })).queueIntervals).toBe('none');
  });
});
