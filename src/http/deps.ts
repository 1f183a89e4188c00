/** What a vendor's client is handed: everything with which it may touch the world, for one connection. */

import type { KeyedSealer } from '../crypto/seal.ts';
import type { HandOverAnswer } from '../domain/handed-over.ts';
import type { Clock, Fetch, SignInMemory, TokenCache } from '../runtime.ts';
import type { TokenKeeper } from './token-keeper.ts';

export interface UpstreamDeps {
  readonly connectionId: number;
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly tokens: TokenCache;
  readonly signIns: SignInMemory;
  readonly sealer: KeyedSealer;
  /**
   * Hands a body from connection `from` over to connection `into`. Rejects when nobody knows whether it was stored. Left
   * out by hosts that run no other connection.
   */
  readonly handOver?: (into: number, from: number, body: string) => Promise<HandOverAnswer>;
  /** Admits http and private-network addresses: development and the demo only. */
  readonly allowPrivateNetwork: boolean;
  /**
   * Keepers of tokens by account: whoever opens clients anew while a sign-in of the old ones is under way waits for that
   * one. Held in memory only; left out where clients are opened once.
   */
  readonly keepers?: Map<string, TokenKeeper>;
}
