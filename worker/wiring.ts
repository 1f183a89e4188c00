/** Settings, bindings and the real clock put together: what the jobs are handed. The only place that knows them all. */
import { createSealer } from '../src/crypto/seal.ts';
import { checkAlerts } from '../src/jobs/check-alerts.ts';
import { runMinute } from '../src/jobs/run-minute.ts';
import type { BridgeDeps } from '../src/jobs/session.ts';
import type { Clock, TokenCache } from '../src/runtime.ts';
import type { CollectorCalls } from './app.ts';
import { withDeadline } from './d1-deadline.ts';
import { log } from './log.ts';
import type { Settings } from './settings.ts';

/** A Durable Object is kept running, and billed, while a timer is pending: one that nobody waits for is taken back. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  sleep: (ms, released) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      onAbort(released, () => {
        clearTimeout(timer);
        resolve();
      });
    }),
  deadline: (ms, released) => {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(new DOMException('The deadline has passed.', 'TimeoutError')), ms);
    onAbort(released, () => clearTimeout(timer));
    return controller.signal;
  },
  random: () => Math.random(),
};

function onAbort(signal: AbortSignal | undefined, run: () => void): void {
  if (signal?.aborted) run();
  else signal?.addEventListener('abort', run, { once: true });
}

/** KV as a token cache: whatever goes wrong with it is no more than a cache that is empty. */
function kvTokenCache(kv: KVNamespace): TokenCache {
  const ignore = (what: string) => (error: unknown) => {
    const detail = error instanceof Error ? error.message : String(error);
    log({ level: 'warn', message: `The token cache cannot be ${what}.`, detail });
    return null;
  };
  return {
    get: (key) => kv.get(key).catch(ignore('read')),
    put: async (key, value, ttlS) => {
      if (ttlS < 60) return;
      await kv.put(key, value, { expirationTtl: Math.floor(ttlS) }).catch(ignore('written'));
    },
    delete: async (key) => {
      await kv.delete(key).catch(ignore('emptied'));
    },
  };
}

export function bridgeDeps(env: Env, settings: Settings): BridgeDeps {
  return {
    db: withDeadline(env.DB, systemClock),
    fetch: (request) => fetch(request),
    clock: systemClock,
    tokens: kvTokenCache(env.TOKENS),
    sealer: createSealer(settings.encryptionKey),
    handOver: (into, from, body) => env.COLLECTOR.getByName(String(into)).handOver(into, from, body),
    allowPrivateNetwork: settings.allowPrivateNetwork,
  };
}

/** The collector of a connection, as pages and API call it. */
export function collectorOf(env: Env, connectionId: number): CollectorCalls {
  const stub = env.COLLECTOR.getByName(String(connectionId));
  return {
    wake: () => stub.poke(connectionId),
    importRoster: () => stub.importRoster(connectionId),
    sendAgain: (setAsideId) => stub.sendAgain(connectionId, setAsideId),
    push: (given) => stub.push(connectionId, given),
  };
}

/** The minute job and the alerts, with their failures in the log: neither keeps the other from its turn. */
export async function runScheduledMinute(env: Env, settings: Settings): Promise<void> {
  const logFailure = (message: string) => log({ level: 'error', message, connectionId: 0 });
  const wake = async (connectionId: number) => {
    await env.COLLECTOR.getByName(String(connectionId)).wake(connectionId);
  };
  try {
    const { failures } = await runMinute({ db: env.DB, clock: systemClock }, wake);
    for (const message of failures) logFailure(message);
  } catch (error) {
    logFailure(`The minute's work could not be done: ${error instanceof Error ? error.message : String(error)}`);
  }
  try {
    await checkAlerts(bridgeDeps(env, settings));
  } catch (error) {
    logFailure(`The alerts could not be checked: ${error instanceof Error ? error.message : String(error)}`);
  }
}
