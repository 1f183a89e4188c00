/**
 * LiveVox's sign-in: client, user and password with the access token of the subscription for a session, which lives while
 * it is used. The same user with the same token gets the same session for as long as it lives.
 */
import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { type Answer, json } from '../shared/answer.ts';
import { parseJson } from '../shared/parse.ts';
import type { SimRequest } from '../shared/server.ts';
import type { LiveVoxOptions } from './options.ts';

const signInSchema = z.strictObject({ clientName: z.string(), userName: z.string(), password: z.string() });

export class LiveVoxSessions {
  signIns = 0;
  refusedSignIns = 0;
  readonly #options: LiveVoxOptions;
  readonly #nowMs: () => number;
  #password: string;
  /** The one session, and when it was used last. */
  #session: { readonly id: string; usedMs: number } | null = null;

  constructor(options: LiveVoxOptions, nowMs: () => number) {
    this.#options = options;
    this.#nowMs = nowMs;
    this.#password = options.password;
  }

  /** `POST /session/v5.0/login`. */
  signIn(request: SimRequest): Answer {
    const { clientName, username, accessToken, accessTokenHeader, passwordDays } = this.#options;
    const sent =
      accessTokenHeader === 'LV-Access'
        ? request.headers['lv-access']
        : /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (sent !== accessToken)
      return this.#refuse(401, `The access token in ${accessTokenHeader} is missing or unknown.`);
    const parsed = parseJson(request.body, signInSchema);
    if (!parsed.ok) return this.#refuse(400, parsed.message);
    const { value } = parsed;
    if (value.clientName !== clientName || value.userName !== username || value.password !== this.#password) {
      return this.#refuse(401, 'The client, the user or the password is wrong.');
    }
    this.signIns += 1;
    if (!this.#isAlive()) this.#session = { id: randomUUID(), usedMs: this.#nowMs() };
    return json(200, {
      sessionId: this.#session?.id,
      clientId: 1_001,
      userId: 2_002,
      ...(passwordDays === undefined ? {} : { daysUntilPasswordExpires: passwordDays }),
    });
  }

  /** Whether the call carries a living session; being used keeps it alive. */
  isSignedIn({ headers }: SimRequest): boolean {
    if (!this.#isAlive() || this.#session === null || headers['lv-session'] !== this.#session.id) return false;
    this.#session.usedMs = this.#nowMs();
    return true;
  }

  /** Ends the session. */
  revoke(): void {
    this.#session = null;
  }

  /** Another password; the session dies with the old one. */
  changePassword(password: string): void {
    this.#password = password;
    this.revoke();
  }

  #isAlive(): boolean {
    return this.#session !== null && this.#nowMs() - this.#session.usedMs < this.#options.sessionIdleS * 1_000;
  }

  #refuse(status: number, message: string): Answer {
    this.refusedSignIns += 1;
    return refused(status, message);
  }
}

export function refused(status: number, message: string): Answer {
  return json(status, { code: status, message });
}
