// What must hold of everything that a client lets through, whatever was sent: nothing absurd reaches the store.
import assert from 'node:assert/strict';
import type { AgentEvents, AgentSnapshot, QueueIntervalAnswer, RefusedRow } from '../../src/acd/acd.ts';
import { INTERVAL_MS, type Window } from '../../src/domain/interval.ts';
import type { Roster } from '../../src/domain/roster.ts';
import { UpstreamError } from '../../src/http/upstream-error.ts';
import type { Outcome } from '../../src/wfm/wfm.ts';

/** Stands in every credential and token of the fuzzed clients: no message may hold it. */
export const CANARY = 'cAnArY';
const ID_CHARS_MAX = 200;
const STATE_CHARS_MAX = 256;
const NAME_CHARS_MAX = 500;
const CURSOR_CHARS_MAX = 8_192;
const SAMPLE_CHARS_MAX = 500;
const MESSAGE_CHARS_MAX = 1_000;
/** More contacts than this in a quarter of an hour no queue has. */
const CONTACTS_MAX = 10_000_000;
/** Longer than 31 years of work do not end in one. */
const HANDLE_TIME_MAX_MS = 1e12;
const EARLIEST_MS = Date.UTC(2000, 0, 1);
const LATEST_MS = Date.UTC(2100, 0, 1);

function checkText(text: unknown, charsMax: number, what: string): asserts text is string {
  assert.equal(typeof text, 'string', `${what} is a text`);
  const value = String(text);
  assert.ok([...value].length <= charsMax, `${what} has ${value.length} characters`);
  assert.ok(value.isWellFormed() && !value.includes('\0'), `${what} can be stored`);
}

function checkId(id: unknown): void {
  checkText(id, ID_CHARS_MAX, 'An id');
  assert.ok(id.trim() !== '', 'An id is not empty');
}

function checkCount(count: number, max: number, what: string): void {
  assert.ok(Number.isSafeInteger(count) && count >= 0 && count <= max, `${what} is ${count}`);
}

/** A message that may be stored and shown. */
export function checkMessage(message: string): void {
  assert.ok(message.length > 0 && message.length <= MESSAGE_CHARS_MAX, `A message has ${message.length} characters`);
  assert.ok(message.isWellFormed(), 'A message is whole characters');
  assert.ok(!/\p{Cc}/u.test(message), 'A message is one line');
  assert.ok(!message.includes(CANARY), 'A message holds no secret');
}

/** The only thing that a source may throw. */
export function checkFailure(error: unknown): asserts error is UpstreamError {
  if (!(error instanceof UpstreamError)) throw error;
  checkMessage(error.message);
}

export function checkOutcome(outcome: Outcome): void {
  if (outcome.kind !== 'accepted') checkMessage(outcome.reason);
  if (outcome.kind !== 'unavailable' || outcome.retryAfterMs === null) return;
  checkCount(outcome.retryAfterMs, 3_600_000, 'A wait');
}

function checkRefused(refused: readonly RefusedRow[]): void {
  for (const { index, reason, sample } of refused) {
    checkCount(index, 100_000_000, 'A row number');
    checkText(sample, SAMPLE_CHARS_MAX, 'A sample');
    checkText(reason, MESSAGE_CHARS_MAX, 'A reason');
  }
}

export function checkSnapshot({ agents, refused, arrivedAtMs, askedAtMs }: AgentSnapshot): void {
  assert.ok(Number.isSafeInteger(arrivedAtMs) && askedAtMs <= arrivedAtMs, 'An answer comes after its question');
  checkRefused(refused);
  if (agents === 'unchanged') return;
  const seen = new Set<string>();
  for (const { agentId, name, reason, sinceMs } of agents) {
    checkId(agentId);
    assert.ok(!seen.has(agentId), 'An agent stands in an answer once');
    seen.add(agentId);
    checkText(name, STATE_CHARS_MAX, 'A state');
    assert.ok(name.trim() !== '', 'A state is not empty');
    assert.equal(reason, '');
    if (sinceMs === null) continue;
    assert.ok(Number.isSafeInteger(sinceMs) && sinceMs >= EARLIEST_MS && sinceMs < LATEST_MS, `Since ${sinceMs}`);
  }
}

/** Events by time, of an agent at most one an instant; a place to go on from; and no agent's session kept anywhere. */
export function checkEvents({ events, refused, cursor, isGap, askedAtMs, arrivedAtMs }: AgentEvents): void {
  assert.ok(Number.isSafeInteger(arrivedAtMs) && askedAtMs <= arrivedAtMs, 'An answer comes after its question');
  checkRefused(refused);
  for (const { sample, reason } of refused) assert.ok(!`${sample} ${reason}`.includes(CANARY), 'No session is kept');
  checkText(cursor, CURSOR_CHARS_MAX, 'A place in the feed');
  assert.ok(cursor !== '', 'A place in the feed is not empty');
  assert.equal(typeof isGap, 'boolean');
  const seen = new Set<string>();
  let beforeMs = EARLIEST_MS;
  for (const { agentId, name, reason, atMs } of events) {
    checkId(agentId);
    checkText(name, STATE_CHARS_MAX, 'A state');
    assert.ok(name.trim() !== '', 'A state is not empty');
    checkText(reason, STATE_CHARS_MAX, 'A reason');
    assert.ok(Number.isSafeInteger(atMs) && atMs >= beforeMs && atMs < LATEST_MS, `An event at ${atMs}`);
    beforeMs = atMs;
    const key = `${atMs} ${agentId}`;
    assert.ok(!seen.has(key), 'An agent enters one state an instant');
    seen.add(key);
  }
}

/** What a source says of itself: a sentence, or nothing. */
export function checkWarning(words: string | null): void {
  if (words !== null) checkMessage(words);
}

export function checkIntervals({ intervals, refused }: QueueIntervalAnswer, window: Window): void {
  checkRefused(refused);
  const seen = new Set<string>();
  for (const { queueId, queueName, startMs, offered, abandoned, handleTimeMs } of intervals) {
    checkId(queueId);
    checkText(queueName, NAME_CHARS_MAX, 'A name');
    assert.ok(startMs % INTERVAL_MS === 0, 'An interval is on the grid');
    assert.ok(startMs >= window.startMs && startMs < window.endMs, 'An interval is in the window');
    checkCount(offered, CONTACTS_MAX, 'Contacts');
    checkCount(abandoned, CONTACTS_MAX, 'Abandoned contacts');
    checkCount(handleTimeMs, HANDLE_TIME_MAX_MS, 'The handle time');
    const key = `${startMs} ${queueId}`;
    assert.ok(!seen.has(key), 'A queue stands in an interval once');
    seen.add(key);
  }
}

export function checkRoster({ queues, agents }: Roster): void {
  for (const { queueId, aliasId, name, serviceLevelMs } of queues) {
    checkId(queueId);
    checkText(aliasId, ID_CHARS_MAX, 'Another id');
    checkText(name, NAME_CHARS_MAX, 'A name');
    if (serviceLevelMs !== null) checkCount(serviceLevelMs, 86_400_000, 'A service level');
  }
  for (const { agentId, aliasId, username, name, enabled } of agents) {
    checkId(agentId);
    checkText(aliasId, ID_CHARS_MAX, 'Another id');
    checkText(username, NAME_CHARS_MAX, 'A user name');
    checkText(name, 2 * NAME_CHARS_MAX + 1, 'A name');
    assert.equal(typeof enabled, 'boolean');
  }
  assert.equal(new Set(queues.map(({ queueId }) => queueId)).size, queues.length, 'A queue is listed once');
  assert.equal(new Set(agents.map(({ agentId }) => agentId)).size, agents.length, 'An agent is listed once');
}

/** Where a request of a fuzzed client may go: over https, to a host outside, whatever an answer named as its location. */
export function checkAddress(url: URL): void {
  assert.equal(url.protocol, 'https:', `A request went to ${url.protocol}//`);
  assert.ok(
    !/^(?:localhost|127\.|10\.|192\.168\.|169\.254\.|0\.|\[|172\.(?:1[6-9]|2\d|3[01])\.)/.test(url.hostname),
    `A request went to ${url.hostname}`,
  );
  assert.ok(url.username === '' && url.password === '', 'An address holds no credentials');
}
