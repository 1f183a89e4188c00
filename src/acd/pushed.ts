/** What the sources have in common that are never asked: whoever sends answers for it that nothing is missing. */
import type { Acd } from './acd.ts';
import type { AcdTraits } from './source.ts';

/** A source that cannot be asked for anything. */
export const NOT_ASKED: Acd = {
  readAgentStates: null,
  readAgentEvents: null,
  readQueueIntervals: null,
  readRoster: null,
  warning: null,
};

/** What the jobs have to know of a source that is never asked. */
export const PUSHED = {
  agentStates: 'pushed',
  pollIntervalS: 60,
  queueIntervals: 'pushed',
  hasRoster: false,
  agentIdIsLoginId: true,
  windowsPerRequest: 1,
  handleTimeIsTakenForSeconds: false,
} as const satisfies AcdTraits;
