/**
 * Rules that make a stand-in misbehave: which requests they catch, for how long, and what happens to those.
 */
import * as z from 'zod';
import { GARBLE_FORMS } from './garble.ts';

const FAULTS = [
  'refuse',
  'status',
  'delay',
  'hang',
  'cut',
  'dribble',
  'garble',
  'html',
  'lose-answer',
  'poison',
] as const;

/** What `POST /_control/faults` takes. Times in the names' units; a rule without count and seconds stays until cleared. */
export const faultRuleSchema = z
  .strictObject({
    fault: z.enum(FAULTS),
    path: z.string().max(200).optional(),
    method: z.string().max(10).toUpperCase().optional(),
    skip: z.int().min(0).optional(),
    count: z.int().min(1).optional(),
    seconds: z.number().positive().optional(),
    share: z.number().min(0).max(1).optional(),
    delayMs: z.int().min(0).max(3_600_000).optional(),
    status: z.int().min(200).max(599).optional(),
    headers: z.record(z.string(), z.string()).optional(),
    retryAfterS: z.int().min(0).optional(),
    retryAfterForm: z.enum(['seconds', 'date']).optional(),
    body: z.enum(['json', 'html', 'empty']).optional(),
    garble: z.enum(GARBLE_FORMS).optional(),
    sizeMb: z.number().positive().max(2048).optional(),
    depth: z.int().min(1).max(10_000_000).optional(),
    value: z.string().min(1).optional(),
  })
  .refine((rule) => rule.fault !== 'delay' || rule.delayMs !== undefined, 'delay needs delayMs')
  .refine((rule) => rule.fault !== 'poison' || rule.value !== undefined, 'poison needs value');

export type FaultRule = z.infer<typeof faultRuleSchema>;

export interface ActiveFault {
  readonly id: number;
  readonly rule: FaultRule;
  readonly addedMs: number;
  seen: number;
  applied: number;
}

/** Holds the active rules; the first one that matches a request decides. */
export class FaultBook {
  #faults: ActiveFault[] = [];
  #nextId = 1;
  readonly #nowMs: () => number;
  readonly #random: () => number;

  constructor(nowMs: () => number, random: () => number) {
    this.#nowMs = nowMs;
    this.#random = random;
  }

  add(rule: FaultRule): ActiveFault {
    const fault = { id: this.#nextId, rule, addedMs: this.#nowMs(), seen: 0, applied: 0 };
    this.#nextId += 1;
    this.#faults.push(fault);
    return fault;
  }

  /** Removes every rule, or the one with this id; says how many went. */
  clear(id?: number): number {
    const before = this.#faults.length;
    this.#faults = id === undefined ? [] : this.#faults.filter((fault) => fault.id !== id);
    return before - this.#faults.length;
  }

  list(): ActiveFault[] {
    this.#faults = this.#faults.filter((fault) => !this.#spent(fault));
    return [...this.#faults];
  }

  /** The rule for this request, counted as applied; poison rules look into bodies and are asked for elsewhere. */
  match(method: string, path: string): FaultRule | undefined {
    for (const fault of this.list()) {
      const { rule } = fault;
      if (rule.fault === 'poison') continue;
      if (rule.path !== undefined && !path.includes(rule.path)) continue;
      if (rule.method !== undefined && rule.method !== method) continue;
      fault.seen += 1;
      if (fault.seen <= (rule.skip ?? 0)) continue;
      if (rule.share !== undefined && this.#random() >= rule.share) continue;
      fault.applied += 1;
      return rule;
    }
    return undefined;
  }

  /** The first poisoned value that is among `values`, counted as applied. */
  poisoned(path: string, values: () => Iterable<string>): string | undefined {
    const poison = new Map<string, ActiveFault>();
    for (const fault of this.list()) {
      const { rule } = fault;
      if (rule.fault !== 'poison' || rule.value === undefined) continue;
      if (rule.path === undefined || path.includes(rule.path)) poison.set(rule.value, fault);
    }
    if (poison.size === 0) return undefined;
    for (const value of values()) {
      const fault = poison.get(value);
      if (fault === undefined) continue;
      fault.applied += 1;
      return value;
    }
    return undefined;
  }

  #spent({ rule, addedMs, applied }: ActiveFault): boolean {
    if (rule.count !== undefined && applied >= rule.count) return true;
    return rule.seconds !== undefined && this.#nowMs() >= addedMs + rule.seconds * 1000;
  }
}
