/**
 * The agent states of Avaya CMS as NICE's own connector numbers them (contracts/other-acds.md, "Avaya CMS"). A state's
 * name in the bridge is its event code as text, its reason the reason code; what people call it stands beside.
 */
import type { StateClass } from '../../domain/agent-state.ts';

interface CmsEvent {
  readonly code: number;
  readonly name: string;
  readonly stateClass: StateClass;
  /** Whether a reason code from 1 to 99 goes with it. */
  readonly hasReasons: boolean;
}

const event = (code: number, name: string, stateClass: StateClass, hasReasons = false): CmsEvent => ({
  code,
  name,
  stateClass,
  hasReasons,
});

/** The event set. The codes are NICE's; how each counts is the bridge's reading of the names. */
export const CMS_EVENTS: readonly CmsEvent[] = [
  event(10, 'Unstaff', 'signed out'),
  event(20, 'Available', 'ready'),
  event(30, 'ACD', 'contact'),
  event(31, 'ACD Out', 'contact'),
  event(32, 'ACD In', 'contact'),
  event(40, 'ACW', 'wrap-up'),
  event(41, 'ACW Out', 'wrap-up'),
  event(42, 'ACW In', 'wrap-up'),
  event(50, 'Aux', 'not ready', true),
  event(51, 'Aux Out', 'not ready', true),
  event(52, 'Aux In', 'not ready', true),
  event(60, 'DACD', 'contact'),
  event(61, 'DACD Out', 'contact'),
  event(62, 'DACD In', 'contact'),
  event(70, 'DACW', 'wrap-up'),
  event(71, 'DACW Out', 'wrap-up'),
  event(72, 'DACW In', 'wrap-up'),
  // A contact is on its way to the agent, who is neither free for another nor away.
  event(80, 'Ring', 'contact'),
  event(100, 'Logon', 'not ready'),
  event(110, 'Logoff', 'signed out'),
  event(220, 'Other', 'not ready'),
  event(600, 'Aux Out On Hold', 'not ready', true),
];

const BY_CODE = new Map(CMS_EVENTS.map((one) => [String(one.code), one]));
const lettersOf = (text: string) => text.toLowerCase().replaceAll(/[^a-z]/g, '');
const BY_NAME = new Map(CMS_EVENTS.map((one) => [lettersOf(one.name), one]));

/**
 * A state and its reason as the bridge names them. `state` is an event code or the name of one; what is neither passes
 * through, so that nothing is lost. A reason is kept where the code has reasons; 0 is none.
 */
export function cmsStateOf(state: string, reason: string): { readonly state: string; readonly reason: string } {
  const text = state.trim();
  const known = /^\d+$/.test(text) ? BY_CODE.get(String(Number(text))) : BY_NAME.get(lettersOf(text));
  const plainReason = /^\d{1,9}$/.test(reason.trim()) ? String(Number(reason)) : reason.trim();
  if (known === undefined) return { state: text, reason: plainReason };
  return { state: String(known.code), reason: known.hasReasons && plainReason !== '0' ? plainReason : '' };
}

/** What people call a state: "Aux, reason 3"; the state itself where the set does not have it. */
export function cmsStateTitle(state: string, reason: string): string {
  const name = BY_CODE.get(state)?.name ?? state;
  return reason === '' ? name : `${name}, reason ${reason}`;
}

/** How a state counts until somebody says otherwise. */
export const cmsStateClass = (state: string): StateClass => BY_CODE.get(state)?.stateClass ?? 'not ready';

/**
 * True where the name says how it counts. Not "Other", which says nothing, and no reason code: what it stands for is the
 * site's own.
 */
export const isDocumentedCmsState = (state: string, reason: string): boolean =>
  reason === '' && state !== '220' && BY_CODE.has(state);
