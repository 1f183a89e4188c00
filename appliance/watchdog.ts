// Notices an engine that runs but answers nothing, which no exit code tells, and has it replaced.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from './log.ts';

export interface WatchdogTimes {
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
  readonly failuresToReplace: number;
}

/** A replacement begins within 75 s of the silence. */
const TIMES: WatchdogTimes = { probeEveryMs: 15_000, probeTimeoutMs: 10_000, failuresToReplace: 3 };

interface WatchdogOptions {
  /** The engine's present address. */
  readonly engineAddress: () => URL;
  /** Replaces the engine; resolves when the new one answers. */
  readonly replace: () => Promise<void>;
  readonly log: Log;
  readonly times?: WatchdogTimes;
}

/** Starts watching. The function returned ends it. */
export function startWatchdog({ engineAddress, replace, log, times = TIMES }: WatchdogOptions): () => void {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    while (!stopping.signal.aborted) {
      const ended = await sleep(times.probeEveryMs, true, { signal: stopping.signal }).catch(() => false);
      if (!ended) return; // stopped while waiting
      failures = (await answersAnything(engineAddress(), times.probeTimeoutMs)) ? 0 : failures + 1;
      if (failures < times.failuresToReplace || stopping.signal.aborted) continue;
      log('error', `The engine has not answered ${failures} probes. It is replaced.`);
      await replace();
      failures = 0;
    }
  }

  void run();
  return () => stopping.abort();
}

/** Any answer will do, even a failure: what it says is the bridge's health, that it comes is the engine's. */
async function answersAnything(engine: URL, timeoutMs: number): Promise<boolean> {
  try {
    const response = await fetch(new URL('/healthz', engine), { signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return true;
  } catch {
    return false; // counted by the caller
  }
}
