/**
 * Reads LiveVox's feed of agent events from a cursor on. The order in which events arrive, and whether one comes twice,
 * makes no difference to what is returned. A cursor that LiveVox does not know any more is a gap, and said to be one.
 */
import type * as z from 'zod';
import { parseJson, parseShape, type TextAnswer } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { AgentEvent, AgentEvents } from '../acd.ts';
import { createRefusedRows, UNREADABLE_ROWS_MAX } from '../refused.ts';
import { eventFeedBody, eventFeedWire, eventHeadWire, eventWire, isLine, withoutSession } from './schema.ts';
import type { LiveVoxSession } from './session.ts';
import type { LiveVoxAdvanced } from './settings.ts';
import { isOnAnyLine, stateRank } from './states.ts';

/** The call may hang for 10 s when there is nothing; the rest is for a slow answer. */
const FEED_TIMEOUT_MS = 25_000;
/** A day of 20,000 busy agents has more, and comes in several answers. */
const ROWS_MAX = 400_000;

type FeedSettings = Pick<LiveVoxAdvanced, 'eventFeedPath' | 'stateLine' | 'reasonField' | 'cursorTooOldStatuses'>;

/**
 * The events after `cursor`, null: as far back as LiveVox remembers (24 hours), by time. Throws `UpstreamError`; also when
 * an answer has events and none of them can be read, so that the cursor does not move past what nobody understood.
 */
export async function readEvents(
  session: LiveVoxSession,
  cursor: string | null,
  settings: FeedSettings,
): Promise<AgentEvents> {
  const ask = (from: string | null) => session.post(settings.eventFeedPath, eventFeedBody(from), FEED_TIMEOUT_MS);
  if (cursor === null) return readFeed(await ask(null), cursor, settings, false);
  let answer: TextAnswer;
  try {
    answer = await ask(cursor);
  } catch (error) {
    if (!isTooOld(error, settings.cursorTooOldStatuses)) throw error;
    return readFeed(await ask(null), null, settings, true);
  }
  return readFeed(answer, cursor, settings, false);
}

function isTooOld(error: unknown, statuses: readonly number[]): boolean {
  return error instanceof UpstreamError && error.failure.kind === 'status' && statuses.includes(error.failure.status);
}

function readFeed(answer: TextAnswer, cursor: string | null, settings: FeedSettings, isGap: boolean): AgentEvents {
  const { endpoint, askedAtMs, arrivedAtMs, dateMs: sourceDateMs } = answer;
  const times = { askedAtMs, arrivedAtMs, sourceDateMs };
  // "No Content" after a call that waited in vain: the place in the feed is the one that was asked from.
  if (answer.status === 204 && cursor !== null) return { ...times, events: [], refused: [], cursor, isGap };
  const feed = parseShape(endpoint, parseJson(endpoint, answer.text), eventFeedWire);
  if (feed.rows.length > ROWS_MAX) {
    throw new UpstreamError(endpoint, { kind: 'oversize', limit: `${ROWS_MAX.toLocaleString('en')} events` });
  }
  const wire = eventWire(settings.reasonField);
  const refused = createRefusedRows();
  const events: AgentEvent[] = [];
  let others = 0;
  for (const [index, row] of feed.rows.entries()) {
    const read = readRow(row, settings.stateLine, wire);
    if (read === 'of another line') others += 1;
    else if ('error' in read) refused.add(index, withoutSession(row), read.error);
    else events.push(read);
    if (refused.rows.length === UNREADABLE_ROWS_MAX && events.length + others === 0) break;
  }
  const [firstRefused] = refused.rows;
  if (firstRefused && events.length + others === 0) {
    const issues = `none of ${feed.rows.length} events could be read; event ${firstRefused.index}: ${firstRefused.reason}`;
    throw new UpstreamError(endpoint, { kind: 'shape', issues });
  }
  return { ...times, events: inOrder(events), refused: refused.rows, cursor: feed.cursor, isGap };
}

/** One event of the feed; its error where it cannot be read. */
function readRow(
  row: unknown,
  stateLine: string,
  wire: ReturnType<typeof eventWire>,
): AgentEvent | { readonly error: z.ZodError } | 'of another line' {
  const head = eventHeadWire.safeParse(row);
  if (!head.success) return { error: head.error };
  const { eventType, lineNumber } = head.data;
  if (!isLine(lineNumber, stateLine) && !isOnAnyLine(eventType)) return 'of another line';
  const parsed = wire.safeParse(row);
  return parsed.success ? parsed.data : { error: parsed.error };
}

/**
 * By time, each event once; of the states that an agent enters in one millisecond only the last, since a state without
 * any length is none. The same events in whatever order and number give the same list.
 */
function inOrder(events: readonly AgentEvent[]): AgentEvent[] {
  const sorted = [...events].sort(byTime);
  return sorted.filter(({ agentId, atMs }, index) => {
    const after = sorted[index + 1];
    return after === undefined || after.agentId !== agentId || after.atMs !== atMs;
  });
}

function byTime(a: AgentEvent, b: AgentEvent): number {
  return (
    a.atMs - b.atMs ||
    byText(a.agentId, b.agentId) ||
    stateRank(a.name) - stateRank(b.name) ||
    byText(a.name, b.name) ||
    byText(a.reason, b.reason)
  );
}

/** Code units, not a language's order: every machine has the same. */
function byText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
