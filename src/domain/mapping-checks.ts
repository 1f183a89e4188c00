/** What is wrong with a mapping before the WFM says so, or says nothing and drops the records. */

/** A finding about one row, as a sentence that says what to do. `bad`: data is lost while it stays so. */
export interface MappingFinding {
  readonly level: 'bad' | 'warn' | 'note';
  readonly tag: string;
  readonly text: string;
}

/** Contract cxone-mpower.md: `queueValue` has 1 to 100 ASCII characters. */
export const QUEUE_KEY_PATTERN = /^[\x20-\x7e]{1,100}$/;

export interface CheckedQueue {
  readonly sourceId: string;
  readonly name: string;
  readonly queueValue: string | null;
  readonly isOutbound: boolean;
  readonly mixed: boolean;
  readonly included: boolean;
  readonly inRoster: boolean;
  readonly removedAtMs: number | null;
  /** How many included queues have the same key in the WFM, this one counted. */
  readonly sharedBy: number;
  /** Whether those that share the key carry different directions. */
  readonly sharedMixes: boolean;
}

const BOTH_DIRECTIONS =
  /\b(blend(ed)?|mixed|in\s*(\/|&|\+|and|-)\s*out(bound)?|inbound\b.*\boutbound|outbound\b.*\binbound)\b/i;

/** Findings about a queue, the worst first. A queue that is left out has none: it goes nowhere. */
export function checkQueue(queue: CheckedQueue): MappingFinding[] {
  if (!queue.included) return [];
  const findings: MappingFinding[] = [];
  if (queue.mixed || queue.sharedMixes) {
    const why = queue.mixed ? 'This queue carries both directions' : 'Queues of both directions share this key';
    const text = `${why}: NICE drops such records without a word. Split it in the ACD by direction, or leave it out.`;
    findings.push({ level: 'bad', tag: 'mixes directions', text });
  }
  if (!QUEUE_KEY_PATTERN.test(queue.queueValue ?? queue.sourceId)) {
    const text = 'NICE takes keys of 1 to 100 plain ASCII characters. Enter another key for this queue.';
    findings.push({ level: 'bad', tag: 'key not usable', text });
  }
  if (queue.sharedBy > 1) {
    const text = `${queue.sharedBy} queues have this key: the WFM keeps the figures of one of them. Give each its own.`;
    findings.push({ level: 'bad', tag: 'key shared', text });
  }
  if (!queue.mixed && BOTH_DIRECTIONS.test(queue.name)) {
    const text =
      'The name suggests both directions. If it is so, set the direction to mixed and split the queue in the ACD.';
    findings.push({ level: 'warn', tag: 'may mix directions', text });
  }
  if (!queue.inRoster) {
    const text = queue.removedAtMs === null ? 'Seen in figures, not listed by the ACD.' : 'The ACD lists it no more.';
    findings.push({ level: 'note', tag: 'not in the roster', text });
  }
  return findings;
}

export interface CheckedAgent {
  readonly username: string;
  readonly loginId: string | null;
  readonly included: boolean;
  readonly inRoster: boolean;
  readonly removedAtMs: number | null;
  readonly heldCount: number;
  /** How many included agents have the same login id, this one counted. */
  readonly sharedBy: number;
}

/** Findings about an agent, the worst first. */
export function checkAgent(agent: CheckedAgent): MappingFinding[] {
  if (!agent.included) return [];
  const findings: MappingFinding[] = [];
  if ((agent.loginId ?? agent.username) === '') {
    const waits = agent.heldCount === 1 ? 'state change waits' : 'state changes wait';
    const held = agent.heldCount > 0 ? ` ${agent.heldCount} ${waits} for it.` : '';
    const text = `Without an ACD Login ID the WFM cannot place this agent.${held} Enter it, or leave the agent out.`;
    findings.push({ level: 'bad', tag: 'no login id', text });
  } else if (agent.sharedBy > 1) {
    const text = `${agent.sharedBy} agents have this login id: the WFM takes them for one. Give each its own.`;
    findings.push({ level: 'bad', tag: 'login id shared', text });
  }
  if (!agent.inRoster) {
    const text =
      agent.removedAtMs === null ? 'Seen in states, not listed by the ACD.' : 'The ACD lists the agent no more.';
    findings.push({ level: 'note', tag: 'not in the roster', text });
  }
  return findings;
}
