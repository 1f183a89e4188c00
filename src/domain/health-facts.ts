/** What is stored about how a connection is doing, as facts for src/domain/health.ts. Shapes, and how far they count. */

/** Records set aside are counted so far: the Overview asks every few seconds. */
export const SET_ASIDE_COUNTED_MAX = 10_000;

export type FeedName = 'agent-states' | 'intervals' | 'roster';
export type StreamName = 'agent-states' | 'historical' | 'agent-activity';

/** How the last tries of a feed or stream went. `error` is a sentence, '' while all is well. */
export interface TryFacts {
  readonly failures: number;
  readonly failingSinceMs: number | null;
  readonly retryAtMs: number;
  readonly successAtMs: number | null;
  readonly error: string;
  readonly errorKind: string;
}

/**
 * The account of a stream, in records. `waiting` is counted from the log and the cursor, not from the other figures, so
 * that read = delivered + set aside + waiting can fail and be seen to fail. `held` is the part of it without login id.
 */
export interface Account {
  readonly read: number;
  readonly delivered: number;
  readonly setAside: number;
  readonly waiting: number;
  readonly held: number;
}

export interface FeedFacts extends TryFacts {
  readonly name: FeedName;
}

export interface StreamFacts extends TryFacts {
  readonly name: StreamName;
  readonly account: Account;
}

/** Everything stored about how a connection is doing. Instants are UTC epoch milliseconds, null: never. */
export interface ConnectionFacts {
  readonly connectionId: number;
  readonly name: string;
  readonly paused: boolean;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  /** Arrival of the last good answer with agent states, and of the first. */
  readonly lastPollMs: number | null;
  /** When the loop last said that it runs; null where its polls are frequent enough to tell. */
  readonly loopAtMs: number | null;
  /** When the oldest state change that waits to be sent was stored, those without login id aside; null: none waits. */
  readonly oldestUnsentMs: number | null;
  readonly feeds: readonly FeedFacts[];
  /** What the source warns of, as sentences that say what to do; '' for nothing. */
  readonly warning: string;
  readonly streams: readonly StreamFacts[];
  /** End of the newest interval that was collected. */
  readonly newestFigureMs: number | null;
  readonly gapCount: number;
  readonly oldestGapMs: number | null;
  readonly waitingIntervals: number;
  readonly oldestWaitingMs: number | null;
  /** Intervals of the last day whose answer was empty while agents were signed in. */
  readonly unconfirmedCount: number;
  /** Records set aside that nobody sent again; `SET_ASIDE_COUNTED_MAX` stands for as many or more. */
  readonly setAsideOpen: number;
  readonly heldAgents: number;
  readonly agentCount: number;
  readonly queueCount: number;
  readonly unreviewedStates: number;
  readonly backfillsOpen: number;
  /** The newest diary entry that speaks of trouble or its end, of a pause or its end. */
  readonly lastTroubleMs: number | null;
  /** When the minute job last ran. */
  readonly cronAtMs: number | null;
}

/** True when every record read is delivered, set aside or waiting. */
export function addsUp({ read, delivered, setAside, waiting }: Account): boolean {
  return read === delivered + setAside + waiting;
}
