/** The token cache: KV that can be empty, stale, slow or down. What it does is nobody's failure but its own. */

import type { Random } from '../../simulators/shared/random.ts';
import type { TokenCache } from '../../src/runtime.ts';
import type { BridgeProcess } from './process.ts';
import type { ActiveFaults } from './weather.ts';

export class SimKv {
  readonly #kept = new Map<string, { value: string; before: string | null }>();

  empty(): void {
    this.#kept.clear();
  }

  /** The cache as one process sees it. */
  for(process: BridgeProcess, active: ActiveFaults, random: Random): TokenCache {
    const call = <T>(work: (mode: 'well' | 'stale' | 'down') => T, otherwise: T): Promise<T> =>
      new Promise((resolve) => {
        if (!process.step()) return;
        const choice = active.get('D7')?.[0]?.choice;
        const mode = choice === undefined || choice < 0.3 ? 'well' : choice < 0.6 ? 'stale' : 'down';
        if (mode === 'down' && random.next() < 0.5) return;
        process.after(2 + Math.floor(random.next() * 10), () => {
          const result = mode === 'down' ? otherwise : work(mode);
          if (process.step()) resolve(result);
        });
      });
    return {
      get: (key) =>
        call((mode) => {
          const kept = this.#kept.get(key);
          return (mode === 'stale' ? kept?.before : kept?.value) ?? null;
        }, null),
      put: (key, value) =>
        call(() => {
          this.#kept.set(key, { value, before: this.#kept.get(key)?.value ?? null });
        }, undefined),
      delete: (key) =>
        call(() => {
          this.#kept.delete(key);
        }, undefined),
    };
  }
}
