/**
 * Sends records in bodies as large as allowed, each key's in order, and finds the ones that the WFM refuses by halving: one
 * bad record costs about 2 log₂(n) requests and holds nobody else up. What refuses everybody is told from bad records.
 */
import type { Outcome } from '../wfm/wfm.ts';

/** Records of so many keys refused, with nothing accepted between, are no bad records but a bad setting. */
const REFUSED_KEYS_MAX = 10;
/** After so many refusals in a row, or nothing else, records of other keys are tried, whosever turn it is. */
const RUN_BEFORE_OTHERS = 10;
/** After so many refusals of one key's records, everybody else's go first. */
const REFUSALS_BEFORE_LAST = 3;

export type Failure = Exclude<Outcome, { kind: 'accepted' }>;

export interface Refusal<T> {
  readonly record: T;
  readonly status: number;
  readonly reason: string;
}

export interface SendOptions<T> {
  /** Sends one body with these records. */
  readonly send: (part: readonly T[]) => Promise<Outcome>;
  /** Whose record it is: what is wrong with one is likely wrong with all of the same key. Those stay in their order. */
  readonly keyOf: (record: T) => string;
  /** Keys refused before, with nothing accepted since. */
  readonly refusedKeys?: ReadonlySet<string>;
  /** It stops after so many refusals of keys that were refused again and again: others get their turn. Default: never. */
  readonly repeatsMax?: number;
  /** What waits behind the records, asked for when they hold too few keys to judge by. */
  readonly behind?: () => Promise<readonly T[]>;
}

export interface SendResult<T> {
  /** How many of the records, from the first, are dealt with: accepted or refused for good. */
  readonly done: number;
  /** What was accepted, also beyond the first `done`, and of what waits behind. */
  readonly accepted: ReadonlySet<T>;
  /** What was refused for good, also beyond the first `done`. */
  readonly refused: readonly Refusal<T>[];
  /** Keys refused since the WFM last accepted something, the ones before this call included. */
  readonly refusedKeys: ReadonlySet<string>;
  /** Why it stopped before the end; null when it did not, or only because of `repeatsMax`. */
  readonly failure: Failure | null;
  /** True when a body had to be split for its size: what is accepted came in parts. */
  readonly split: boolean;
}

/**
 * Sends `records`. Ten keys refused in a row, among them keys from all over what waits, are a setting: none of those records
 * counts as refused. Fewer keys than that are bad records, once no other is left to try.
 */
export async function sendInOrder<T>(records: readonly T[], options: SendOptions<T>): Promise<SendResult<T>> {
  const sending = new Sending(records, options);
  while (sending.goesOn) await sending.step();
  return sending.result();
}

class Sending<T> {
  readonly #records: readonly T[];
  readonly #options: SendOptions<T>;
  /** The next one last. */
  #parts: (readonly T[])[];
  readonly #accepted = new Set<T>();
  readonly #refused = new Map<T, Refusal<T>>();
  /** Refused since something was accepted. */
  #run: T[] = [];
  #refusedKeys: Set<string>;
  #keysBeforeRun: ReadonlySet<string>;
  readonly #refusalsOf = new Map<string, number>();
  #repeats = 0;
  #othersTried = false;
  #failure: Failure | null = null;
  #split = false;

  constructor(records: readonly T[], options: SendOptions<T>) {
    this.#records = records;
    this.#options = options;
    this.#parts = [records];
    this.#keysBeforeRun = options.refusedKeys ?? new Set();
    this.#refusedKeys = new Set(this.#keysBeforeRun);
  }

  get goesOn(): boolean {
    const { repeatsMax = Number.POSITIVE_INFINITY } = this.#options;
    return this.#parts.length > 0 && this.#failure === null && this.#repeats < repeatsMax;
  }

  async step(): Promise<void> {
    const part = (this.#parts.pop() ?? []).filter((record) => !this.#isDealtWith(record));
    const first = part[0];
    if (first === undefined) return;
    const outcome = await this.#options.send(part);
    if (outcome.kind === 'accepted') return this.#accept(part);
    if (outcome.kind !== 'refused' && outcome.kind !== 'too large') {
      this.#failure = outcome;
      return;
    }
    this.#split ||= outcome.kind === 'too large';
    if (part.length > 1) {
      const middle = Math.ceil(part.length / 2);
      this.#parts.push(part.slice(middle), part.slice(0, middle));
      return;
    }
    this.#refuse(first, outcome);
    if (this.#refusalsOf.get(this.#options.keyOf(first)) === REFUSALS_BEFORE_LAST) this.#putLast();
    const isAll = this.#parts.length === 0 && this.#accepted.size === 0;
    const isLong = (isAll || this.#run.length >= RUN_BEFORE_OTHERS) && !this.#othersTried;
    if (isLong || this.#refusedKeys.size >= REFUSED_KEYS_MAX) await this.#tryOthers(outcome);
  }

  result(): SendResult<T> {
    const open = this.#records.findIndex((record) => !this.#isDealtWith(record));
    return {
      done: open === -1 ? this.#records.length : open,
      accepted: this.#accepted,
      refused: [...this.#refused.values()],
      refusedKeys: this.#refusedKeys,
      failure: this.#failure,
      split: this.#split,
    };
  }

  #isDealtWith(record: T): boolean {
    return this.#accepted.has(record) || this.#refused.has(record);
  }

  #accept(part: readonly T[]): void {
    for (const record of part) this.#accepted.add(record);
    this.#run = [];
    this.#keysBeforeRun = new Set();
    this.#refusedKeys = new Set();
    this.#othersTried = false;
  }

  #refuse(record: T, { status, reason }: { readonly status: number; readonly reason: string }): void {
    const key = this.#options.keyOf(record);
    this.#refused.set(record, { record, status, reason });
    this.#run.push(record);
    this.#refusedKeys.add(key);
    const count = (this.#refusalsOf.get(key) ?? 0) + 1;
    this.#refusalsOf.set(key, count);
    if (count > REFUSALS_BEFORE_LAST) this.#repeats += 1;
  }

  /** The records of keys that were refused again and again go after everybody else's. */
  #putLast(): void {
    const left = this.#left();
    const isLast = (record: T) => (this.#refusalsOf.get(this.#options.keyOf(record)) ?? 0) >= REFUSALS_BEFORE_LAST;
    const others = left.filter((record) => !isLast(record));
    if (others.length > 0) this.#parts = [left.filter(isLast), others];
  }

  #left(): T[] {
    return [...this.#parts]
      .reverse()
      .flat()
      .filter((record) => !this.#isDealtWith(record));
  }

  /** Sends one record of other keys each, from all over what waits, until one is accepted: then those before were bad records. */
  async #tryOthers({ status, reason }: { readonly status: number; readonly reason: string }): Promise<void> {
    this.#othersTried = true;
    const own = this.#firstOfOthers(this.#left());
    const behind = own.length < REFUSED_KEYS_MAX ? await this.#options.behind?.() : [];
    const further = this.#firstOfOthers([...own, ...(behind ?? [])]).slice(own.length);
    const others = [...spread(own, REFUSED_KEYS_MAX), ...spread(further, REFUSED_KEYS_MAX - own.length)];
    for (const record of others) {
      const outcome = await this.#options.send([record]);
      if (outcome.kind === 'accepted') return this.#accept([record]);
      if (outcome.kind !== 'refused' && outcome.kind !== 'too large') return this.#giveUp(outcome);
      // What is behind is only tried: it is met again in its turn.
      if (own.includes(record)) this.#refuse(record, outcome);
      else this.#refusedKeys.add(this.#options.keyOf(record));
    }
    if (this.#refusedKeys.size < REFUSED_KEYS_MAX) return;
    const count = this.#refusedKeys.size;
    this.#giveUp({
      kind: 'misconfigured',
      status,
      reason: `Records of ${count} agents or queues were refused and none accepted, the last with: ${reason}. Check the WFM settings of the connection`,
    });
  }

  /** Not bad records, or nobody knows: these wait with the others instead of being set aside. */
  #giveUp(failure: Failure): void {
    this.#failure = failure;
    for (const record of this.#run) this.#refused.delete(record);
    this.#refusedKeys = new Set(this.#keysBeforeRun);
  }

  /** The first record of each key of which none was refused by this call. */
  #firstOfOthers(records: readonly T[]): T[] {
    const first = new Map<string, T>();
    for (const record of records) {
      const key = this.#options.keyOf(record);
      if (!this.#refusalsOf.has(key) && !first.has(key)) first.set(key, record);
    }
    return [...first.values()];
  }
}

/** At most `countMax` of some items, from all over them. */
function spread<T>(items: readonly T[], countMax: number): T[] {
  if (items.length <= countMax) return [...items];
  return items.filter(
    (_, i) => Math.floor((i * countMax) / items.length) !== Math.floor(((i - 1) * countMax) / items.length),
  );
}
