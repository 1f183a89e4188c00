/**
 * How far the set-up has come: each step in order, done or not, and how that is known. Pure: facts in, words out. What
 * the bridge can see for itself is checked; what only a person knows is ticked by hand until the bridge sees it.
 */

import type { Sentence } from './finding.ts';
import type { ConnectionFacts, FeedName, StreamName } from './health-facts.ts';

export const SETUP_STEPS = [
  'role',
  'employee',
  'access-key',
  'source-accounts',
  'connection',
  'source-answers',
  'roster',
  'login-ids',
  'skills',
  'states',
  'code-book',
  'delivery',
] as const;
export type SetupStep = (typeof SETUP_STEPS)[number];

/** Steps that a person may tick. */
export const TICKED_STEPS = [
  'role',
  'employee',
  'access-key',
  'source-accounts',
  'login-ids',
  'skills',
  'code-book',
] as const;

export interface Tick {
  readonly step: string;
  readonly by: string;
  readonly atMs: number;
}

export interface StepStanding {
  readonly step: SetupStep;
  /** warn: not done, and something is wrong that somebody should look at. */
  readonly state: 'done' | 'open' | 'warn';
  /** How that is known; empty where there is nothing to say yet. */
  readonly words: Sentence;
  /** The tick that makes it done, where only that does. */
  readonly tick: Tick | null;
  readonly canBeTicked: boolean;
}

interface Check {
  readonly state: StepStanding['state'];
  readonly words: Sentence;
}

const OPEN: Check = { state: 'open', words: [] };
const open = (...words: Sentence): Check => ({ state: 'open', words });
const warn = (...words: Sentence): Check => ({ state: 'warn', words });
const done = (...words: Sentence): Check => ({ state: 'done', words });

/** What the steps depend on of a connection's two sides. */
export interface SetupSides {
  /** Agent states are read; else they are sent to the bridge. */
  readonly isAsked: boolean;
  /** Figures of queues are expected, asked for or sent. */
  readonly hasFigures: boolean;
  readonly hasRoster: boolean;
  /** What it knows goes to another connection, which has the WFM: what is to be done there is a step of that one. */
  readonly handsOver: boolean;
}

const ASKED_FOR_ALL: SetupSides = { isAsked: true, hasFigures: true, hasRoster: true, handsOver: false };

/** Steps in the WFM, which the connection has that sends there. */
const AT_THE_WFM: readonly SetupStep[] = ['role', 'employee', 'access-key', 'skills', 'code-book'];

/** Every step of the connection in order. `facts` null: there is no connection yet. */
export function assessSetup(
  facts: ConnectionFacts | null,
  ticks: readonly Tick[],
  sides: SetupSides = ASKED_FOR_ALL,
): StepStanding[] {
  const steps = SETUP_STEPS.filter((step) => !(sides.handsOver && AT_THE_WFM.includes(step)));
  return steps.map((step) => {
    const check = facts ? CHECKS[step](facts, sides) : OPEN;
    const canBeTicked = TICKED_STEPS.some((one) => one === step) && check.state !== 'done';
    const tick = canBeTicked ? (ticks.find((one) => one.step === step) ?? null) : null;
    return { step, state: tick ? 'done' : check.state, words: check.words, tick, canBeTicked };
  });
}

const CHECKS: Readonly<Record<SetupStep, (facts: ConnectionFacts, sides: SetupSides) => Check>> = {
  role: seenByDelivery,
  employee: seenByDelivery,
  'access-key': seenByDelivery,

  'source-accounts'(facts, { isAsked }) {
    if (!isAsked) return hasCome(facts) ? done('Something was sent, and taken.') : OPEN;
    // The roster is read with the historical account.
    const isHistoricalGood = [feedOf(facts, 'intervals'), feedOf(facts, 'roster')].some(
      (feed) => feed?.successAtMs != null,
    );
    return facts.lastPollMs !== null && isHistoricalGood ? done('The source accepts what it is asked with.') : OPEN;
  },

  connection({ name, paused, updatedAtMs }) {
    if (paused) return warn(`The connection ${name} is paused. Resume it.`);
    return done(`${name} was last saved `, { atMs: updatedAtMs }, '.');
  },

  'source-answers'(facts, { isAsked, hasFigures }) {
    const failing = facts.feeds.find(({ failures }) => failures > 0);
    if (failing) return warn(failing.error || `Reading ${failing.name} fails.`);
    if (isAsked ? facts.lastPollMs === null : !hasCome(facts)) return open('Nothing came yet.');
    if (!hasFigures) return done('Agents are known. This source gives no figures of queues.');
    const figures = feedOf(facts, 'intervals')?.successAtMs ?? null;
    if (figures === null) return open('Agents are known; queue figures come when the first interval has ended.');
    if (!isAsked || facts.lastPollMs === null) return done('Queue figures last came ', { atMs: figures }, '.');
    return done('Agent states were last read ', { atMs: facts.lastPollMs }, ', queue figures ', { atMs: figures }, '.');
  },

  roster(facts, { hasRoster }) {
    if (!hasRoster) {
      return hasCome(facts)
        ? done(
            `${count(facts.agentCount, 'agent')} and ${count(facts.queueCount, 'queue')} are known from what was sent.`,
          )
        : open('Agents and queues are known once something of them was sent.');
    }
    const importedMs = feedOf(facts, 'roster')?.successAtMs ?? null;
    if (importedMs === null) return open('The roster was not imported yet; it is asked for first of all.');
    const { agentCount, queueCount } = facts;
    return done(
      `${count(agentCount, 'agent')} and ${count(queueCount, 'queue')}, imported `,
      { atMs: importedMs },
      '.',
    );
  },

  'login-ids'({ heldAgents, agentCount }, { handsOver }) {
    if (agentCount === 0) return OPEN;
    if (heldAgents === 0 && handsOver) return open('Every agent seen so far has a login id here.');
    if (heldAgents === 0)
      return open('Every agent seen so far has a login id here. Whether CXone has the same, it does not tell.');
    return warn(
      `${count(heldAgents, 'agent')} ${heldAgents === 1 ? 'has' : 'have'} no login id: their states are held.`,
    );
  },

  skills: () => OPEN,

  states({ unreviewedStates, lastPollMs }) {
    if (unreviewedStates > 0) {
      return warn(
        `${count(unreviewedStates, 'state')} ${unreviewedStates === 1 ? 'was' : 'were'} seen and not reviewed.`,
      );
    }
    return lastPollMs === null ? OPEN : done('Every state seen so far is reviewed or documented.');
  },

  'code-book': () => OPEN,

  delivery(facts, { handsOver }) {
    const failing = facts.streams.find(({ failures }) => failures > 0);
    if (failing)
      return warn(failing.error || `${handsOver ? 'Handing over' : 'Sending'} ${STREAM_WORDS[failing.name]} fails.`);
    const taken = handsOver ? 'handed over' : 'accepted';
    const accepted = new Map(facts.streams.map(({ name, successAtMs }) => [name, successAtMs]));
    const missing = STREAMS.filter((name) => (accepted.get(name) ?? null) === null);
    if (missing.length === STREAMS.length) return open(`Nothing was ${taken} yet.`);
    if (missing.length > 0) {
      const words = missing.map((name) => STREAM_WORDS[name]).join(' and ');
      return open(`Not ${taken} yet: ${words}. They follow the first interval that ends.`);
    }
    const lastMs = Math.max(...facts.streams.map(({ successAtMs }) => successAtMs ?? 0));
    const who = handsOver ? 'The merged connection has taken over' : 'CXone has accepted';
    return done(`${who} all three kinds of data, last `, { atMs: lastMs }, '.');
  },
};

const STREAMS: readonly StreamName[] = ['agent-states', 'historical', 'agent-activity'];
const STREAM_WORDS: Readonly<Record<StreamName, string>> = {
  'agent-states': 'agent states',
  historical: 'queue figures',
  'agent-activity': 'activities',
};

/** Something of an agent or a queue was sent to the bridge. */
const hasCome = ({ agentCount, queueCount }: ConnectionFacts): boolean => agentCount + queueCount > 0;

/** What CXone accepted says that role, employee and key are right. */
function seenByDelivery({ streams }: ConnectionFacts): Check {
  return streams.some(({ successAtMs }) => successAtMs !== null) ? done('CXone accepts the access key.') : OPEN;
}

function feedOf({ feeds }: ConnectionFacts, name: FeedName) {
  return feeds.find((feed) => feed.name === name);
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`;
}
