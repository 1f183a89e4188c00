/** The vendors' sign-in: tokens with a life, refreshes, refusals, and a record of every try for the judge. */
import type { Random } from '../../simulators/shared/random.ts';

export interface SignInTry {
  readonly atMs: number;
  readonly processId: number;
  readonly refused: boolean;
}

export class TokenOffice {
  readonly tries: SignInTry[] = [];
  readonly #prefix: string;
  readonly #random: Random;
  readonly #live = new Map<string, number>();
  readonly #refreshable = new Map<string, string>();
  #count = 0;

  constructor(prefix: string, random: Random) {
    this.#prefix = prefix;
    this.#random = random;
  }

  issue(nowMs: number, lifeMs: number): { token: string; refreshToken: string } {
    this.#count += 1;
    const expS = Math.floor((nowMs + lifeMs) / 1_000);
    const claims = Buffer.from(JSON.stringify({ exp: expS, iat: Math.floor(nowMs / 1_000), n: this.#count })).toString(
      'base64url',
    );
    const token = `${this.#prefix}.${claims}.${Math.floor(this.#random.next() * 1e9)}`;
    const refreshToken = `r${this.#count}-${Math.floor(this.#random.next() * 1e9)}`;
    if (this.#live.size > 200) this.#live.clear();
    this.#live.set(token, nowMs + lifeMs);
    this.#refreshable.set(refreshToken, token);
    return { token, refreshToken };
  }

  isLive(token: string, nowMs: number): boolean {
    return nowMs < (this.#live.get(token) ?? 0);
  }

  /** Uses a refresh token up; false when it is none. */
  takeRefresh(refreshToken: string): boolean {
    return this.#refreshable.delete(refreshToken);
  }

  forgetTokens(): void {
    this.#live.clear();
  }

  forgetAll(): void {
    this.#live.clear();
    this.#refreshable.clear();
  }
}
