// Notices an engine that runs but answers nothing, which no exit code tells, and one whose loops or minute job stay silent
// though it answers, and has it replaced. All on the monotonic clock: a stepped one looks like silence.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Log } from './log.ts';

export interface WatchdogTimes {
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
  readonly failuresToReplace: number;
  /** Loops and minute job revive one another within two minutes; what is silent for longer is not revived from inside. */
  readonly silenceToReplaceMs: number;
  /** A replacement that did not help is not repeated sooner. */
  readonly replacedAtMostEveryMs: number;
}

/** The silence is known within 18 s, and a replacement begins within 54 s. */
const TIMES: WatchdogTimes = {
  probeEveryMs: 10_000,
  probeTimeoutMs: 8_000,
  failuresToReplace: 3,
  silenceToReplaceMs: 180_000,
  replacedAtMostEveryMs: 1_800_000,
};

interface WatchdogOptions {
  /** The engine's present address. */
  readonly engineAddress: () => URL;
  /** Replaces the engine; resolves when the new one answers. */
  readonly replace: () => Promise<void>;
  /** Told when a probe is left unanswered, and when one is answered again or the engine was replaced. */
  readonly onSilence?: (isSilent: boolean) => void;
  readonly log: Log;
  readonly times?: WatchdogTimes;
}

/** Starts watching. The function returned ends it. */
export function startWatchdog({ engineAddress, replace, onSilence, log, times = TIMES }: WatchdogOptions): () => void {
  const stopping = new AbortController();

  async function run(): Promise<void> {
    let failures = 0;
    let silentSinceMs: number | undefined;
    let replacedAtMs = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      const ended = await sleep(times.probeEveryMs, true, { signal: stopping.signal }).catch(() => false);
      if (!ended) return; // stopped while waiting
      const probe = await probeEngine(engineAddress(), times.probeTimeoutMs);
      const nowMs = performance.now();
      failures = probe === 'no answer' ? failures + 1 : 0;
      silentSinceMs = probe === 'silent inside' ? (silentSinceMs ?? nowMs) : undefined;
      onSilence?.(failures > 0);
      const isHung = failures >= times.failuresToReplace;
      const isSilent =
        silentSinceMs !== undefined &&
        nowMs - silentSinceMs >= times.silenceToReplaceMs &&
        nowMs - replacedAtMs >= times.replacedAtMostEveryMs;
      if ((!isHung && !isSilent) || stopping.signal.aborted) continue;
      const reason = isHung
        ? `The engine has not answered ${failures} probes.`
        : 'The loops or the minute job give no sign of life, though the engine answers.';
      log('error', `${reason} It is replaced.`);
      await replace();
      replacedAtMs = performance.now();
      failures = 0;
      silentSinceMs = undefined;
      onSilence?.(false);
    }
  }

  void run();
  return () => stopping.abort();
}

const healthSchema = z.object({ silent: z.object({ loops: z.number(), minuteJob: z.boolean() }) });

/** Any answer tells that the engine runs, even a failure; /healthz says whether what it should do by itself is done. */
async function probeEngine(engine: URL, timeoutMs: number): Promise<'no answer' | 'silent inside' | 'well'> {
  let text: string;
  try {
    const response = await fetch(new URL('/healthz', engine), { signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch {
    return 'no answer'; // counted by the caller
  }
  const health = healthSchema.safeParse(parsed(text));
  if (!health.success) return 'well';
  const { loops, minuteJob } = health.data.silent;
  return loops > 0 || minuteJob ? 'silent inside' : 'well';
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the bridge's own answer: then it says nothing about the loops
  }
}
