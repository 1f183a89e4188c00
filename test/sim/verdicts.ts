/** What the judge found, and what happened on the way there. */

export interface Violation {
  readonly atMs: number;
  readonly rule: string;
  readonly message: string;
}

export class Verdicts {
  readonly violations: Violation[] = [];
  /** The last happenings before a violation, for whoever looks into it. */
  readonly trail: string[] = [];
  readonly #nowMs: () => number;
  readonly #onFirst: () => void;

  constructor(nowMs: () => number, onFirst: () => void) {
    this.#nowMs = nowMs;
    this.#onFirst = onFirst;
  }

  violation(rule: string, message: string): void {
    if (this.violations.length === 0) this.#onFirst();
    if (this.violations.length < 50) this.violations.push({ atMs: this.#nowMs(), rule, message });
  }

  note(message: string): void {
    if (this.violations.length > 0) return;
    this.trail.push(`${new Date(this.#nowMs()).toISOString()} ${message}`);
    if (this.trail.length > 400) this.trail.splice(0, 200);
  }
}
