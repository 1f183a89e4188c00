/**
 * Is a connection healthy, since when, and what should somebody do? Facts in, words out. Pure: it reads no clock and
 * knows no vendor; instants stay instants inside the sentences, so that a page can show them in the reader's zone.
 */

import { count, type Finding, type HealthSettings, type Sentence } from './finding.ts';
import type { ConnectionFacts } from './health-facts.ts';
import { findingsOf } from './health-findings.ts';

export const HEALTH_STATUSES = ['not configured', 'paused', 'starting', 'healthy', 'degraded', 'stalled'] as const;
export type HealthStatus = (typeof HEALTH_STATUSES)[number];

export interface Health {
  readonly status: HealthStatus;
  /** Since when, where that is known. */
  readonly sinceMs: number | null;
  /** Worst first. */
  readonly findings: readonly Finding[];
}

/** The health of a connection at `nowMs`. */
export function assessHealth(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Health {
  if (settings.missing.length > 0) {
    const what = [`The connection cannot run: ${settings.missing.join(', ')}.`];
    const action = ['Complete it on the connection page.'];
    return {
      status: 'not configured',
      sinceMs: facts.updatedAtMs,
      findings: [{ level: 'stalled', sinceMs: facts.updatedAtMs, what, action, target: 'connection' }],
    };
  }
  const findings = findingsOf(facts, settings, nowMs).sort((a, b) => LEVELS.indexOf(a.level) - LEVELS.indexOf(b.level));
  if (facts.paused) return pausedHealth(facts, findings);
  const worst = findings[0]?.level ?? 'note';
  if (worst !== 'note') return { status: worst, sinceMs: earliest(findings, worst), findings };
  if (facts.lastPollMs === null) return { status: 'starting', sinceMs: facts.createdAtMs, findings };
  return { status: 'healthy', sinceMs: facts.lastTroubleMs ?? facts.createdAtMs, findings };
}

/** Every sentence as plain text, instants as ISO 8601 in UTC. */
export function plainText(sentence: Sentence): string {
  return sentence.map((part) => (typeof part === 'string' ? part : new Date(part.atMs).toISOString())).join('');
}

const LEVELS: readonly Finding['level'][] = ['stalled', 'degraded', 'note'];

function pausedHealth(facts: ConnectionFacts, findings: readonly Finding[]): Health {
  const waiting = facts.streams.reduce((sum, { account }) => sum + account.waiting, 0);
  const what = `The connection is paused: nothing is read and nothing is sent.${waiting > 0 ? ` ${count(waiting, 'record')} ${waiting === 1 ? 'waits' : 'wait'}.` : ''}`;
  const paused: Finding = {
    level: 'note',
    sinceMs: facts.lastTroubleMs,
    what: [what],
    action: ['Resume it when it should go on; what was missed meanwhile is loaded by itself, agent states excepted.'],
    target: 'connection',
  };
  return {
    status: 'paused',
    sinceMs: facts.lastTroubleMs,
    findings: [paused, ...findings.filter(({ level }) => level === 'note')],
  };
}

function earliest(findings: readonly Finding[], level: Finding['level']): number | null {
  const known = findings.flatMap((finding) =>
    finding.level === level && finding.sinceMs !== null ? [finding.sinceMs] : [],
  );
  return known.length === 0 ? null : Math.min(...known);
}
