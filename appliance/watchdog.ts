// Notices an engine that runs but answers nothing, which no exit code tells, and one whose loops or minute job stay silent
// though it answers, and has it replaced. All on the monotonic clock: a stepped one looks like silence.
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import type { Log } from './log.ts';

export interface WatchdogTimes {
  readonly probeEveryMs: number;
  readonly probeTimeoutMs: number;
  readonly failuresToReplace: number;
  /**
   * The minute job revives a loop within a minute of its last sign of life, and silence is known after 45 s: what is
   * silent for so much longer is not revived from inside.
   */
  readonly loopSilenceToReplaceMs: number;
  /** The same for the minute job, which is the business of this process: the engine is the less likely cause. */
  readonly jobSilenceToReplaceMs: number;
  /** A replacement that did not help is not repeated sooner. */
  readonly replacedAtMostEveryMs: number;
}

/**
 * An engine that answers nothing is known to within 18 s, and its replacement begins within 54 s; that of one whose loops are
 * silent within 95 s of their last sign of life.
 */
const TIMES: WatchdogTimes = {
  probeEveryMs: 10_000,
  probeTimeoutMs: 8_000,
  failuresToReplace: 3,
  loopSilenceToReplaceMs: 30_000,
  jobSilenceToReplaceMs: 180_000,
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
    let loopsSilentSinceMs: number | undefined;
    let jobSilentSinceMs: number | undefined;
    let replacedAtMs = Number.NEGATIVE_INFINITY;
    while (!stopping.signal.aborted) {
      const ended = await sleep(times.probeEveryMs, true, { signal: stopping.signal }).catch(() => false);
      if (!ended) return; // stopped while waiting
      const probe = await probeEngine(engineAddress(), times.probeTimeoutMs);
      const nowMs = performance.now();
      failures = probe.answered ? 0 : failures + 1;
      loopsSilentSinceMs = probe.loopsSilent ? (loopsSilentSinceMs ?? nowMs) : undefined;
      jobSilentSinceMs = probe.jobSilent ? (jobSilentSinceMs ?? nowMs) : undefined;
      onSilence?.(failures > 0);
      const isHung = failures >= times.failuresToReplace;
      const isSilent =
        (lasts(loopsSilentSinceMs, times.loopSilenceToReplaceMs, nowMs) ||
          lasts(jobSilentSinceMs, times.jobSilenceToReplaceMs, nowMs)) &&
        nowMs - replacedAtMs >= times.replacedAtMostEveryMs;
      if ((!isHung && !isSilent) || stopping.signal.aborted) continue;
      const reason = isHung
        ? `The engine has not answered ${failures} probes.`
        : 'The loops or the minute job give no sign of life, though the engine answers.';
      log('error', `${reason} It is replaced.`);
      await replace();
      replacedAtMs = performance.now();
      failures = 0;
      loopsSilentSinceMs = undefined;
      jobSilentSinceMs = undefined;
      onSilence?.(false);
    }
  }

  void run();
  return () => stopping.abort();
}

function lasts(sinceMs: number | undefined, forMs: number, nowMs: number): boolean {
  return sinceMs !== undefined && nowMs - sinceMs >= forMs;
}

interface Probe {
  readonly answered: boolean;
  readonly loopsSilent: boolean;
  readonly jobSilent: boolean;
}

const healthSchema = z.object({ silent: z.object({ loops: z.number(), minuteJob: z.boolean() }) });

/** Any answer tells that the engine runs, even a failure; /healthz says whether what it should do by itself is done. */
async function probeEngine(engine: URL, timeoutMs: number): Promise<Probe> {
  let text: string;
  try {
    const response = await fetch(new URL('/healthz', engine), { signal: AbortSignal.timeout(timeoutMs) });
    text = await response.text();
  } catch {
    return { answered: false, loopsSilent: false, jobSilent: false }; // counted by the caller
  }
  const health = healthSchema.safeParse(parsed(text));
  if (!health.success) return { answered: true, loopsSilent: false, jobSilent: false };
  const { loops, minuteJob } = health.data.silent;
  return { answered: true, loopsSilent: loops > 0, jobSilent: minuteJob };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the bridge's own answer: then it says nothing about the loops
  }
}
