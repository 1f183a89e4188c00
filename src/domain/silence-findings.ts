/** What stands still without leaving an error: only the age of the last sign of life tells of it. */
import type { Finding, HealthSettings, Sentence } from './finding.ts';
import type { ConnectionFacts } from './health-facts.ts';

/** A loop without a sign of life, or a delivery without an outcome: late enough to be sure, and shown within the minute. */
const SILENT_AFTER_MS = 45_000;
const UNSENT_AFTER_MS = 50_000;
/** A connection may take so long to its first poll before that is a stall. */
const STARTING_MS = 120_000;
/** The minute job is missed when it has not come 50 s after it should: a stall is to be seen within a minute. */
const CRON_LATE_MS = 110_000;
/** A feed that fails is tried again at least so often; its next try is stored at most this much too early. */
const RETRY_OVERDUE_MS = 4 * 60_000;

/** True when the last good answer is older than polls that go well leave it. */
export function isPollMissed({ lastPollMs }: ConnectionFacts, collectionIntervalMs: number, nowMs: number): boolean {
  return lastPollMs !== null && nowMs - lastPollMs > Math.max(SILENT_AFTER_MS, 2 * collectionIntervalMs + 15_000);
}

/**
 * True when a connection's loop gives no sign of life: neither a poll, nor a heartbeat between polls that are far apart,
 * nor the next try of one that fails.
 */
export function isLoopSilent(facts: ConnectionFacts, collectionIntervalMs: number, nowMs: number): boolean {
  if (facts.paused) return false;
  const feed = facts.feeds.find(({ name }) => name === 'agent-states');
  const aliveMs = Math.max(facts.lastPollMs ?? 0, facts.loopAtMs ?? 0);
  if (feed && feed.failures > 0) return nowMs - Math.max(feed.retryAtMs, aliveMs) > RETRY_OVERDUE_MS;
  if (facts.lastPollMs === null) {
    return nowMs - Math.max(facts.createdAtMs, facts.lastTroubleMs ?? 0) > STARTING_MS;
  }
  return (
    isPollMissed(facts, collectionIntervalMs, nowMs) || (facts.loopAtMs !== null && nowMs - aliveMs > SILENT_AFTER_MS)
  );
}

/** A loop that does not run leaves no error: only the age of its last sign of life tells. */
export function silenceFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  if (!isLoopSilent(facts, settings.collectionIntervalMs, nowMs)) return [];
  const lastMs = facts.lastPollMs ?? Math.max(facts.createdAtMs, facts.lastTroubleMs ?? 0);
  const what: Sentence =
    facts.lastPollMs === null
      ? ['No agent states were read since the connection was created at ', { atMs: facts.createdAtMs }, '.']
      : ['No agent states were read since ', { atMs: lastMs }, ', and no error was noted: the loop does not run.'];
  const action = ['The minute job revives the loop. If this stays for more than two minutes, look at the logs.'];
  return [{ level: 'stalled', sinceMs: lastMs, what, action, target: null }];
}

/** Delivery that stands still without a failure leaves no error either. */
export function unsentFindings(facts: ConnectionFacts, nowMs: number): Finding[] {
  const stream = facts.streams.find(({ name }) => name === 'agent-states');
  const rosterFails = facts.feeds.some(({ name, failures }) => name === 'roster' && failures > 0);
  if (facts.paused || !stream || stream.failures > 0 || rosterFails || facts.oldestUnsentMs === null) return [];
  // While history is caught up the oldest waits long, but something is accepted all the time.
  const movedMs = Math.max(facts.oldestUnsentMs, stream.successAtMs ?? 0);
  if (nowMs - movedMs <= UNSENT_AFTER_MS) return [];
  return [
    {
      level: 'stalled',
      sinceMs: movedMs,
      what: [
        'Agent states wait to be sent since ',
        { atMs: movedMs },
        ', and no error was noted: delivery stands still.',
      ],
      action: ['The bridge begins anew within a minute. If this stays, look at the logs and restart the appliance.'],
      target: null,
    },
  ];
}

/** True when the minute job is overdue. `lastMs`: when it last ran. */
export function isMinuteJobSilent(lastMs: number, nowMs: number): boolean {
  return nowMs - lastMs > CRON_LATE_MS;
}

export function cronFindings({ cronAtMs, createdAtMs }: ConnectionFacts, nowMs: number): Finding[] {
  const lastMs = cronAtMs ?? createdAtMs;
  if (!isMinuteJobSilent(lastMs, nowMs)) return [];
  return [
    {
      level: 'degraded',
      sinceMs: lastMs,
      what: ['The minute job has not run since ', { atMs: lastMs }, ': a stopped loop would not be revived.'],
      action: ['Check the cron trigger of the Worker, or restart the appliance.'],
      target: null,
    },
  ];
}
