/** Somebody who works with the connection while it runs: pauses, saves, backfills, places agents, sends again. */
import { INTERVAL_MS } from '../../src/domain/interval.ts';
import { createBackfill } from '../../src/store/backfill-requests.ts';
import { setPaused, updateConnection } from '../../src/store/connections.ts';
import type { Fault } from './faults.ts';
import { CONNECTION_ID, type World } from './world.ts';

export class Administrator {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Pauses or resumes. */
  async pause(paused: boolean): Promise<void> {
    const world = this.#world;
    await setPaused(world.adminDb(), { id: CONNECTION_ID, paused, nowMs: world.bridgeNowMs(), by: 'test' });
    if (world.collector.process.alive) world.collector.poke();
  }

  /** Does what the fault's choice says. */
  async act({ choice, measure }: Fault): Promise<void> {
    const world = this.#world;
    const db = world.adminDb();
    const nowMs = world.bridgeNowMs();
    if (choice < 0.2) return this.pause(true);
    if (choice < 0.4) {
      const toMs = Math.floor(nowMs / INTERVAL_MS) * INTERVAL_MS - INTERVAL_MS * Math.floor(measure * 8);
      const request = {
        connectionId: CONNECTION_ID,
        fromMs: toMs - INTERVAL_MS * (4 + Math.floor(measure * 150)),
        toMs,
        nowMs,
        by: 'test',
      };
      await createBackfill(db, request);
      // A double click.
      if (measure < 0.3) await createBackfill(db, request);
      return;
    }
    if (choice < 0.5) {
      if (!world.collector.process.alive) return;
      // A database that fails is said to whoever clicked, who clicks again.
      await world.collector.loop
        .askForRoster()
        .catch((error: unknown) => world.verdicts.note(`by hand: ${String(error)}`));
      return;
    }
    if (choice < 0.7) return this.#changeSettings(db, nowMs, measure);
    if (choice < 0.85) return this.placeAgents();
    const [record] = world.database.query<{ id: number }>(
      `SELECT id FROM set_aside WHERE status = 'set aside' ORDER BY id DESC LIMIT 1 OFFSET ?1`,
      Math.floor(measure * 5),
    );
    if (!record || !world.collector.process.alive) return;
    world.judge.states.byHand = world.collector.process;
    await world.collector.loop
      .sendAgain(record.id)
      .catch((error: unknown) => world.verdicts.note(`by hand: ${String(error)}`));
    world.judge.states.byHand = null;
  }

  /** Saves the settings with something changed that the judge's rules do not depend on. */
  async #changeSettings(db: D1Database, nowMs: number, measure: number): Promise<void> {
    const row = await this.#world.connection();
    if (!row) return;
    const settings = JSON.parse(row.settings) as {
      wfm: { advanced: { eventsPerBodyMax: number } };
      acd: { advanced: { windowsPerRequest: number } };
    };
    settings.wfm.advanced.eventsPerBodyMax = [20, 60, 200, 1_000][Math.floor(measure * 4)] ?? 60;
    settings.acd.advanced.windowsPerRequest = [1, 4, 24, 96][Math.floor(measure * 16) % 4] ?? 4;
    const change = {
      id: CONNECTION_ID,
      expectedVersion: row.configVersion,
      name: row.name,
      settings: JSON.stringify(settings),
      secrets: [],
      nowMs,
      by: 'test',
      detail: '',
    };
    const saved = await Promise.all([updateConnection(db, change), updateConnection(db, change)]);
    if (saved.filter(Boolean).length !== 1)
      this.#world.verdicts.violation('administration', 'Of two who saved at once not one was told.');
  }

  /** Gives every agent without a login id one, as somebody does on the roster page. */
  async placeAgents(): Promise<void> {
    const { database, ncc, judge } = this.#world;
    const rows = database.query<{ id: number; source_id: string }>(
      `SELECT id, source_id FROM agent WHERE coalesce(login_id, username) = ''`,
    );
    for (const { id, source_id } of rows) {
      const employee = judge.states.employeeOf(source_id);
      if (employee && employee.username === '' && ncc.employees[employee.index]) {
        database.execute('UPDATE agent SET login_id = ?2 WHERE id = ?1', id, `login.${employee.index}`);
      }
    }
    database.execute('UPDATE connection SET config_version = config_version + 1 WHERE id = ?1', CONNECTION_ID);
  }
}
