/**
 * How LiveVox's agent states count until somebody says otherwise (contracts/other-acds.md). Names are compared without
 * regard to case, and a blank is an underscore: pages write "NOT READY" where the API writes "NOT_READY". Pure.
 */
import type { StateClass } from '../../domain/agent-state.ts';

const CLASSES: ReadonlyMap<string, StateClass> = new Map([
  ['LOGON', 'not ready'],
  ['REGISTERING', 'not ready'],
  ['READY', 'ready'],
  ['NOT READY', 'not ready'],
  // A contact is on its way to the agent, or the agent is on the way to one: busy, and neither free nor away.
  ['RESERVED', 'contact'],
  ['MANUAL DIAL', 'contact'],
  ['PREVIEW DIAL OFFERED', 'contact'],
  ['PREVIEW DIAL ACCEPTED', 'contact'],
  ['PREVIEW DIAL SKIPPED', 'contact'],
  ['DIALING', 'contact'],
  ['TRANSFERRING', 'contact'],
  ['IN CALL', 'contact'],
  ['AGENT HOLD', 'contact'],
  ['WRAP UP', 'wrap-up'],
  ['LOGOFF', 'signed out'],
]);

const TRANSFER_STEPS: ReadonlySet<string> = new Set([
  'INITIATED',
  'FAILED',
  'CONNECTED',
  'CONFERENCED',
  'RECONNECTED',
  'COMPLETE',
  'HOLD',
  'RESUMED',
]);
const TRANSFER_PARTIES: ReadonlySet<string> = new Set(['SUPERVISOR', 'AGENT2']);

const NOT_READY_REASONS: ReadonlySet<string> = new Set([
  '',
  'LUNCH',
  'TRAINING',
  'BREAK',
  'MEETING',
  'TECH DIFFICULTIES',
  'VOICE MAIL',
  'OTHER',
]);

const LOGON = 'LOGON';
const LOGOFF = 'LOGOFF';

/** How a state counts; caution says 'not ready' for one that LiveVox does not document. */
export function liveVoxStateClass(name: string): StateClass {
  return documentedClass(name) ?? 'not ready';
}

/** True for the documented states; one with a reason only where both are documented. */
export function isLiveVoxState(name: string, reason: string): boolean {
  if (documentedClass(name) === undefined) return false;
  return spoken(name) === 'NOT READY' ? NOT_READY_REASONS.has(spoken(reason)) : reason === '';
}

/** LOGON and LOGOFF are about the agent, on whatever line they come. */
export function isOnAnyLine(name: string): boolean {
  return [LOGON, LOGOFF].includes(spoken(name));
}

/**
 * Which of two states that begin at the same millisecond comes first: a log-on before everything, a log-off after, and
 * the short steps of logging on before what follows them.
 */
export function stateRank(name: string): number {
  return [LOGON, 'REGISTERING', '', LOGOFF].indexOf(isRanked(name) ? spoken(name) : '');
}

const isRanked = (name: string) => [LOGON, 'REGISTERING', LOGOFF].includes(spoken(name));

function documentedClass(name: string): StateClass | undefined {
  const words = spoken(name);
  return CLASSES.get(words) ?? (isTransfer(words) ? 'contact' : undefined);
}

/** AGENT TRANSFER with a step and a party, in either order. */
function isTransfer(words: string): boolean {
  const [agent, transfer, first = '', second = '', ...others] = words.split(' ');
  if (agent !== 'AGENT' || transfer !== 'TRANSFER' || others.length > 0) return false;
  return (
    (TRANSFER_STEPS.has(first) && TRANSFER_PARTIES.has(second)) ||
    (TRANSFER_PARTIES.has(first) && TRANSFER_STEPS.has(second))
  );
}

const spoken = (name: string) =>
  name
    .trim()
    .toUpperCase()
    .replaceAll(/[\s_]+/g, ' ');
