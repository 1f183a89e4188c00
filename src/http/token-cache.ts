/**
 * Keeps one account's token in the shared cache, sealed and bound to its key. A cache may lose, garble or hang: whatever
 * it does, reading gives a token or null, and nothing waits for it longer than 2 seconds.
 */
import * as z from 'zod';
import type { UpstreamDeps } from './deps.ts';

/** What a sign-in brought. */
export interface Token {
  readonly value: string;
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  /** What renews it without the credentials; '' when only a sign-in does. */
  readonly refreshValue: string;
  readonly refreshExpiresAtMs: number;
  /** Where later calls go, without a trailing slash; '' when they go to the base URL. */
  readonly location: string;
  /** How the vendor wants it in `Authorization`: 'raw' or 'Bearer'; '' while nobody knows. */
  readonly scheme: string;
  /** When the credentials themselves end, where the sign-in said so. */
  readonly credentialsExpireAtMs?: number | null | undefined;
}

const tokenSchema = z.strictObject({
  value: z.string().min(1),
  issuedAtMs: z.number(),
  expiresAtMs: z.number(),
  refreshValue: z.string(),
  refreshExpiresAtMs: z.number(),
  location: z.string(),
  scheme: z.string(),
  credentialsExpireAtMs: z.number().nullish(),
});

const CACHE_TIMEOUT_MS = 2_000;
/** The cache takes nothing that lives shorter. */
const TTL_MIN_S = 60;
/** A token leaves the cache a little before it ends. */
const TTL_MARGIN_S = 1;

export interface AccountTokenCache {
  read(): Promise<Token | null>;
  /** Keeps a token that has more than a minute to live; others are not worth it. */
  keep(token: Token): Promise<void>;
  forget(): Promise<void>;
}

/** The place of one account in the cache: `token:{connection}:{side}:{fingerprint of the credentials}`. */
export function createAccountTokenCache(
  { side, fingerprint }: { readonly side: 'acd' | 'wfm'; readonly fingerprint: () => Promise<string> },
  deps: Pick<UpstreamDeps, 'clock' | 'tokens' | 'sealer' | 'connectionId'>,
): AccountTokenCache {
  const { clock, tokens, sealer, connectionId } = deps;
  const keyOf = async () => `token:${connectionId}:${side}:${await fingerprint()}`;

  /** A call that fails or takes too long gives `otherwise`: the cache's failures are not its users'. */
  async function inTime<T>(call: Promise<T>, otherwise: T): Promise<T> {
    const answered = new AbortController();
    const signal = clock.deadline(CACHE_TIMEOUT_MS, answered.signal);
    const late = new Promise<T>((resolve) => {
      signal.addEventListener('abort', () => resolve(otherwise), { once: true });
    });
    return Promise.race([call.catch(() => otherwise), late]).finally(() => answered.abort());
  }

  return {
    async read() {
      const key = await keyOf();
      const sealed = await inTime(tokens.get(key), null);
      if (sealed === null) return null;
      try {
        const parsed = tokenSchema.safeParse(JSON.parse(await sealer.open(sealed, key)));
        return parsed.success ? parsed.data : null;
      } catch {
        // Sealed with a key that is gone, or garbled: the next sign-in replaces it.
        return null;
      }
    },

    async keep(token) {
      const ttlS = Math.floor((token.expiresAtMs - clock.nowMs()) / 1_000) - TTL_MARGIN_S;
      if (ttlS < TTL_MIN_S) return;
      const key = await keyOf();
      await inTime(tokens.put(key, await sealer.seal(JSON.stringify(token), key), ttlS), undefined);
    },

    async forget() {
      await inTime(tokens.delete(await keyOf()), undefined);
    },
  };
}
