/** Single findings about a connection: what is wrong, since when, and what to do. Pure, like src/domain/health.ts. */
import { feedFindings, streamFindings } from './failure-findings.ts';
import { count, type Finding, type HealthSettings, number, STREAM_LABELS } from './finding.ts';
import { addsUp, type ConnectionFacts, SET_ASIDE_COUNTED_MAX } from './health-facts.ts';
import { cronFindings, silenceFindings, unsentFindings } from './silence-findings.ts';

/** A closed interval should be collected so long after its settle delay. */
const INTERVAL_LATE_MS = 10 * 60_000;

/** Everything that is to be said about a connection at `nowMs`, in no order. */
export function findingsOf(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  return [
    ...feedFindings(facts, settings, nowMs),
    ...silenceFindings(facts, settings, nowMs),
    ...streamFindings(facts, settings, nowMs),
    ...unsentFindings(facts, nowMs),
    ...coverageFindings(facts, settings, nowMs),
    ...mappingFindings(facts, settings),
    ...warningFindings(facts),
    ...accountFindings(facts),
    ...cronFindings(facts, nowMs),
  ];
}

function coverageFindings(facts: ConnectionFacts, settings: HealthSettings, nowMs: number): Finding[] {
  const findings: Finding[] = [];
  if (facts.gapCount > 0) {
    findings.push({
      level: 'degraded',
      sinceMs: facts.oldestGapMs,
      what: [
        `${count(facts.gapCount, 'interval')} ${facts.gapCount === 1 ? 'is' : 'are'} missing, the oldest of `,
        { atMs: facts.oldestGapMs ?? nowMs },
        '.',
      ],
      action: [
        settings.areFiguresAsked
          ? 'The bridge asks for them again by itself, newest first.'
          : 'Nobody has sent them. Look at the program that sends them, or import them from a file.',
      ],
      target: 'coverage',
    });
  }
  const dueMs = (facts.oldestWaitingMs ?? nowMs) + 15 * 60_000 + settings.settleDelayMs + INTERVAL_LATE_MS;
  const intervalsFail = facts.feeds.some(({ name, failures }) => name === 'intervals' && failures > 0);
  const isRead = settings.areFiguresAsked && !intervalsFail && facts.backfillsOpen === 0;
  if (isRead && facts.oldestWaitingMs !== null && nowMs > dueMs) {
    findings.push({
      level: 'degraded',
      sinceMs: dueMs,
      what: ['Figures are late: the interval of ', { atMs: facts.oldestWaitingMs }, ' is still waiting to be read.'],
      action: null,
      target: 'coverage',
    });
  }
  if (facts.unconfirmedCount > 0) {
    findings.push({
      level: 'note',
      sinceMs: null,
      what: [
        `${count(facts.unconfirmedCount, 'interval')} of the last day came without any figure while agents were signed in.`,
      ],
      action: ['The bridge keeps asking. If no contact came in, there is nothing to do.'],
      target: 'coverage',
    });
  }
  return findings;
}

function mappingFindings(facts: ConnectionFacts, settings: HealthSettings): Finding[] {
  const findings: Finding[] = [];
  if (facts.setAsideOpen > 0) {
    const isMany = facts.setAsideOpen >= SET_ASIDE_COUNTED_MAX;
    findings.push({
      level: 'degraded',
      sinceMs: null,
      what: [
        `${isMany ? `${number(facts.setAsideOpen)} or more records` : count(facts.setAsideOpen, 'record')} ` +
          `${facts.setAsideOpen === 1 ? 'was' : 'were'} refused and set aside.`,
      ],
      action: ['Read why in the list of records set aside, mend the cause, then send them again.'],
      target: 'set-aside',
    });
  }
  const held = facts.streams.find(({ name }) => name === 'agent-states')?.account.held ?? 0;
  if (facts.heldAgents > 0) {
    findings.push({
      level: 'degraded',
      sinceMs: null,
      what: [
        `${count(held, 'state change')} of ${count(facts.heldAgents, 'agent')} ${held === 1 ? 'waits' : 'wait'} for an ACD Login ID.`,
      ],
      action: [`Give these agents their login id of ${settings.wfmName} in the roster, or leave them out.`],
      target: 'roster',
    });
  }
  if (facts.unreviewedStates > 0) {
    findings.push({
      level: 'note',
      sinceMs: null,
      what: [`${count(facts.unreviewedStates, 'state')} seen, not reviewed: sent under the ACD's own name.`],
      action: ['Say what each counts as, and map its event code in the WFM.'],
      target: null,
    });
  }
  return findings;
}

function warningFindings({ warning }: ConnectionFacts): Finding[] {
  if (warning === '') return [];
  return [{ level: 'degraded', sinceMs: null, what: [warning], action: null, target: 'connection' }];
}

function accountFindings(facts: ConnectionFacts): Finding[] {
  return facts.streams.flatMap(({ name, account }) =>
    addsUp(account)
      ? []
      : [
          {
            level: 'degraded' as const,
            sinceMs: null,
            what: [
              `The account of ${STREAM_LABELS[name]} does not add up: ${number(account.read)} read, but ${number(account.delivered)} delivered + ${number(account.setAside)} set aside + ${number(account.waiting)} waiting.`,
            ],
            action: ['This is a fault of the bridge: report it with the figures.'],
            target: null,
          },
        ],
  );
}
