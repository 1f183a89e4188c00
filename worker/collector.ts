/**
 * The clock of one connection: a Durable Object whose alarm runs the loop (src/jobs/loop.ts) on a grid of seconds, which
 * cron cannot. It keeps nothing that D1 does not know; the next alarm is always set before anything else is done,
 * because an alarm that throws too often is dropped by the platform without a word.
 */
import { DurableObject } from 'cloudflare:workers';
import type { HandOverAnswer } from '../src/domain/handed-over.ts';
import { type GivenRecords, RecordsRefusedError } from '../src/jobs/apply-records.ts';
import { Loop } from '../src/jobs/loop.ts';
import { nextOnGridMs, TICK_MAX_MS } from '../src/jobs/poll-grid.ts';
import type { PushResult } from './app.ts';
import { log } from './log.ts';
import { readSettings } from './settings.ts';
import { bridgeDeps, systemClock } from './wiring.ts';

/** Where the object keeps what it is for, should it have forgotten. */
const CONNECTION_ID = 'connectionId';
const TICK_MS = 'tickMs';
/** The loop's period until it says its own. */
const FIRST_TICK_MS = 5_000;
/** An alarm older than this was lost. */
const OVERDUE_MS = 30_000;
/** Time left between the end of a tick and the next alarm. */
const MARGIN_MS = 300;
/** A tick waits for its lanes at most so long, whatever the period. */
const LANE_BUDGET_MAX_MS = 20_000;

export class Collector extends DurableObject<Env> {
  #loop: Loop | null = null;

  /** Starts the loop, or revives it when its alarm was lost. Harmless to one that runs. */
  async wake(connectionId?: number): Promise<void> {
    if (connectionId !== undefined && this.#connectionId() !== connectionId) {
      this.ctx.storage.kv.put(CONNECTION_ID, connectionId);
    }
    const alarmMs = await this.ctx.storage.getAlarm();
    const nowMs = systemClock.nowMs();
    if (alarmMs === null || alarmMs < nowMs - OVERDUE_MS || alarmMs > nowMs + 2 * LANE_BUDGET_MAX_MS) {
      await this.ctx.storage.setAlarm(nowMs + 100);
    }
  }

  /** Something changed that should not wait for its turn. */
  async poke(connectionId: number): Promise<void> {
    if (this.#connectionId() !== connectionId) this.ctx.storage.kv.put(CONNECTION_ID, connectionId);
    const alarmMs = await this.ctx.storage.getAlarm();
    const nowMs = systemClock.nowMs();
    if (alarmMs === null || alarmMs > nowMs + 1_000 || alarmMs < nowMs - OVERDUE_MS) {
      await this.ctx.storage.setAlarm(nowMs + 100);
    }
  }

  async importRoster(connectionId: number): Promise<void> {
    await this.#loopOf(connectionId)?.askForRoster();
    await this.poke(connectionId);
  }

  async sendAgain(connectionId: number, setAsideId: number): Promise<{ ok: boolean; message: string }> {
    const loop = this.#loopOf(connectionId);
    if (!loop) return { ok: false, message: 'The bridge is not configured.' };
    return loop.sendAgain(setAsideId);
  }

  async push(connectionId: number, given: GivenRecords): Promise<PushResult> {
    const loop = this.#loopOf(connectionId);
    if (!loop) return { ok: false, message: 'The bridge is not configured.' };
    try {
      return { ok: true, applied: await loop.push(given) };
    } catch (error) {
      if (!(error instanceof RecordsRefusedError)) throw error;
      return { ok: false, message: error.message };
    } finally {
      // Records may come before the first alarm of a connection.
      await this.wake(connectionId);
    }
  }

  /** Takes what another connection hands over to this one. Rejects when nobody knows whether it was stored. */
  async handOver(connectionId: number, from: number, body: string): Promise<HandOverAnswer> {
    const loop = this.#loopOf(connectionId);
    if (!loop) return { ok: false, message: 'The bridge is not configured.' };
    try {
      return await loop.handOver(from, body);
    } finally {
      await this.wake(connectionId);
    }
  }

  override async alarm(): Promise<void> {
    const startedMs = systemClock.nowMs();
    const tickMs = this.ctx.storage.kv.get<number>(TICK_MS) ?? FIRST_TICK_MS;
    const nextMs = nextOnGridMs(startedMs, tickMs);
    await this.ctx.storage.setAlarm(nextMs);
    const connectionId = this.#connectionId();
    const loop = connectionId === undefined ? null : this.#loopOf(connectionId);
    if (!loop) {
      log({
        level: 'error',
        message: 'A collector has no connection or no settings and stops.',
        connectionId: connectionId ?? 0,
      });
      await this.ctx.storage.deleteAlarm();
      return;
    }
    const laneBudgetMs = Math.min(LANE_BUDGET_MAX_MS, nextMs - startedMs - MARGIN_MS);
    const next = await loop.tick(laneBudgetMs, async (earliestMs) => {
      // The platform holds requests back until this is stored: it is safe before the poll leaves. Whoever is killed in the
      // first poll after a wait must not wait as long again.
      if (earliestMs > nextMs || tickMs > TICK_MAX_MS) await this.ctx.storage.setAlarm(earliestMs);
    });
    if (next === null) {
      await this.ctx.storage.deleteAlarm();
      return;
    }
    if (next.inMs === tickMs) return;
    // The period changed, or the loop wants to be left alone for a while.
    this.ctx.storage.kv.put(TICK_MS, next.inMs);
    await this.ctx.storage.setAlarm(nextOnGridMs(systemClock.nowMs(), next.inMs));
  }

  #connectionId(): number | undefined {
    return this.ctx.storage.kv.get<number>(CONNECTION_ID);
  }

  #loopOf(connectionId: number): Loop | null {
    const parsed = readSettings(this.env);
    if (!parsed.ok) return null;
    this.#loop ??= new Loop(bridgeDeps(this.env, parsed.settings), connectionId, log);
    return this.#loop;
  }
}
