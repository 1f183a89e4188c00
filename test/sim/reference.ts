/**
 * What the contract's rules make of a run of answers, written down a second time and as plainly as can be: whoever
 * agrees with it about every committed look has inferred nothing that was not shown and overlooked nothing that was.
 */
import type { ShownAnswer } from './ncc.ts';

const SIGNED_OUT = 'Logged out';

export interface Held {
  readonly state: string;
  readonly atMs: number;
  readonly sinceMs: number | null;
}

/** An entry into a state; state '' is "not observed from here". */
export interface Entry {
  readonly agent: number;
  readonly atMs: number;
  readonly state: string;
}

export interface ReferenceRules {
  readonly missingAnswersToSignOut: number;
  readonly unobservedAfterMs: number;
}

interface Missing {
  count: number;
  sinceMs: number;
}

/** What a session remembers besides what is committed. */
export class SessionMemory {
  readonly missing = new Map<number, Missing>();
  /** What the last look that saw the agent saw. */
  readonly seen = new Map<number, string>();
}

/**
 * The entries that a committed look has to bring, and the states held afterwards (changed in place). `untilMs`: the
 * arrival of the last committed look before, null at the first.
 */
export function inferEntries(
  held: Map<number, Held>,
  memory: SessionMemory,
  answer: ShownAnswer,
  arrivedMs: number,
  untilMs: number | null,
  rules: ReferenceRules,
): Entry[] {
  const gapFromMs = untilMs !== null && arrivedMs - untilMs > rules.unobservedAfterMs ? untilMs : null;
  const entries: Entry[] = [];
  const enter = (agent: number, state: string, atMs: number, sinceMs: number | null) => {
    const before = held.get(agent);
    let earliestMs = before ? before.atMs + 1 : Number.NEGATIVE_INFINITY;
    if (before && gapFromMs !== null) {
      const unobservedMs = Math.max(gapFromMs, before.atMs + 1);
      entries.push({ agent, atMs: unobservedMs, state: '' });
      earliestMs = unobservedMs + 1;
    }
    const at = Math.max(atMs, earliestMs);
    entries.push({ agent, atMs: at, state });
    held.set(agent, { state, atMs: at, sinceMs });
  };
  const seen = new Set<number>();
  for (const { agent, state, sinceMs } of answer.agents) {
    seen.add(agent);
    const isBack = memory.missing.delete(agent);
    const before = held.get(agent);
    const sight = `${state} ${sinceMs}`;
    const isSameSight = !isBack && memory.seen.get(agent) === sight;
    memory.seen.set(agent, sight);
    // What was seen before says nothing new, unless nobody looked in between.
    if (isSameSight && gapFromMs === null) continue;
    const credible = sinceMs !== null && untilMs !== null && sinceMs > untilMs - 1_000 && sinceMs <= arrivedMs;
    const atMs = credible ? sinceMs : arrivedMs;
    if (!before || before.state !== state) {
      enter(agent, state, atMs, sinceMs);
      continue;
    }
    if (sinceMs !== null && before.sinceMs !== null && sinceMs > before.sinceMs && credible) {
      // Entered anew; a time before the one that is held says nothing new.
      if (sinceMs > before.atMs) enter(agent, state, atMs, sinceMs);
      continue;
    }
    if (gapFromMs === null || state === SIGNED_OUT) continue;
    if (sinceMs === null || sinceMs > gapFromMs + 1_000) enter(agent, state, atMs, sinceMs);
  }
  if (!answer.complete) return entries;
  for (const [agent, before] of [...held]) {
    if (seen.has(agent) || before.state === SIGNED_OUT) continue;
    const missing = memory.missing.get(agent) ?? { count: 0, sinceMs: arrivedMs };
    missing.count += 1;
    if (missing.count < rules.missingAnswersToSignOut) {
      memory.missing.set(agent, missing);
      continue;
    }
    memory.missing.delete(agent);
    memory.seen.delete(agent);
    enter(agent, SIGNED_OUT, missing.sinceMs, null);
  }
  return entries;
}

/** True when the rules let nothing be inferred from an answer: implausibly empty, and not yet often enough. */
export function isImplausible(held: ReadonlyMap<number, Held>, answer: ShownAnswer, emptyBefore: number): boolean {
  if (answer.agents.length > 0 || !answer.complete) return false;
  let signedIn = 0;
  for (const { state } of held.values()) if (state !== SIGNED_OUT) signedIn += 1;
  return signedIn > 10 && emptyBefore + 1 < 3;
}

/** Login, ready and not ready in whole seconds: what rounding up brings too much is taken from not ready. */
export function inWholeSeconds(loginMs: number, readyMs: number, notReadyMs: number): string {
  const [login = 0, ready = 0, notReady = 0] = [loginMs, readyMs, notReadyMs].map((ms) => Math.round(ms / 1_000));
  return `${login}/${ready}/${ready + notReady > login ? login - ready : notReady}`;
}
