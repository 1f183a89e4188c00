import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { INTERVAL_MS } from '../../../src/domain/interval.ts';
import { noteAgents, noteStates } from '../../../src/jobs/note-seen.ts';
import { openSession, replaceConfig } from '../../../src/jobs/session.ts';
import { emptyConnectionStep } from '../../../src/store/empty-connection.ts';
import { addSeenAgents } from '../../../src/store/mapping.ts';
import { readOverview } from '../../../src/store/overview.ts';
import { setAside } from '../../../src/store/set-aside.ts';
import { noteTouched } from '../../../src/store/touched-intervals.ts';
import { openBridge, settings } from '../../support/bridge.ts';

const NINE_MS = Date.parse('2026-03-02T09:00:00Z');

/** What D1 takes as one value in production; the local engine takes more. */
const VALUE_BYTES_MAX = 2_000_000;

let largestBytes = 0;
let statementCount = 0;
beforeEach(() => {
  largestBytes = 0;
  const prepare = env.DB.prepare.bind(env.DB);
  vi.spyOn(env.DB, 'prepare').mockImplementation((sql) => {
    statementCount += 1;
    const statement = prepare(sql);
    const bind = statement.bind.bind(statement);
    statement.bind = (...values) => {
      for (const value of values) {
        if (typeof value === 'string')
          largestBytes = Math.max(largestBytes, new TextEncoder().encode(value).byteLength);
      }
      return bind(...values);
    };
    return statement;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const count = (sql: string) => env.DB.prepare(`SELECT count(*) AS n FROM ${sql}`).first('n');

describe('what D1 takes as one value', () => {
  it('is enough for the roster of 12,000 agents, and for the same roster with every name changed', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    const list = (mark: string) => {
      for (let i = 0; i < 12_000; i++) {
        const id = `5f1e0000000000000000${String(i).padStart(6, '0')}`;
        bridge.ncc.users.set(id, { username: `${mark}.given.and.family.name.${i}@contact-centre.example` });
      }
    };
    list('first');
    await bridge.run(15_000);
    expect(await count(`agent WHERE in_roster = 1 AND username LIKE 'first.%'`)).toBe(12_000);
    list('second');
    await env.DB.prepare(`UPDATE feed SET success_at_ms = NULL WHERE name = 'roster'`).run();
    bridge.crash();
    await bridge.run(15_000);
    expect(await count(`agent WHERE in_roster = 1 AND username LIKE 'second.%'`)).toBe(12_000);
    expect(largestBytes).toBeGreaterThan(500_000);
    expect(largestBytes).toBeLessThan(VALUE_BYTES_MAX);
    expect(bridge.logged).toEqual([]);
  });

  it('is enough for 20,000 agents that nobody listed', async () => {
    await openBridge(NINE_MS);
    const name = (i: number) => `given.and.family.name.${'ä'.repeat(40)}.${i}@contact-centre.example`;
    const seen = Array.from({ length: 20_000 }, (_, i) => ({ sourceId: name(i), username: name(i) }));
    const agents = await addSeenAgents(env.DB, 1, seen, NINE_MS);
    expect(new Set(agents.map(({ sourceId }) => sourceId)).size).toBe(20_000);
    expect(largestBytes).toBeLessThan(VALUE_BYTES_MAX);
  });

  it('is enough for thousands of records that the WFM refused', async () => {
    await openBridge(NINE_MS);
    const records = Array.from({ length: 5_000 }, (_, i) => ({
      stream: 'agent-states' as const,
      atMs: NINE_MS + i,
      windowStartMs: null,
      recordKey: `agent-${i}@contact-centre.example`,
      record: { loginId: `agent-${i}` },
      httpStatus: 400,
      reason: 'ü'.repeat(400),
    }));
    await setAside(env.DB, 1, records).run();
    await setAside(env.DB, 1, records).run();
    expect(await count('set_aside')).toBe(5_000);
    expect(largestBytes).toBeLessThan(VALUE_BYTES_MAX);
  });

  it('is enough for a state that lasted for ten years', async () => {
    await openBridge(NINE_MS);
    const starts = Array.from({ length: 350_000 }, (_, i) => NINE_MS - i * INTERVAL_MS);
    await noteTouched(env.DB, 1, starts).run();
    expect(await count('touched_interval')).toBe(350_000);
    expect(largestBytes).toBeLessThan(VALUE_BYTES_MAX);
  });
});

describe('thousands of unreadable rows beside a good one', () => {
  it('keep no figure from being stored: a hundred are kept with their reasons, and how many more there were', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.queues.add('sales');
    bridge.ncc.agents.set('a1', { status: 'Available' });
    const good = { 'queue-id': 'sales', enteredCount: 5, abandonedCount: 0, sumHandleTime: 60 };
    const bad = Array.from({ length: 3_000 }, (_, i) => ({ ...good, 'queue-id': `q${i}`, enteredCount: -1 }));
    bridge.ncc.figures.set(NINE_MS, [good, ...bad]);
    await bridge.run(INTERVAL_MS + 4 * 60_000);
    expect(await env.DB.prepare(`SELECT sum(offered) AS n FROM queue_interval`).first('n')).toBe(5);
    expect(await count('set_aside')).toBe(101);
    const last = await env.DB.prepare('SELECT record_key, reason FROM set_aside ORDER BY id DESC LIMIT 1').first();
    expect(last).toEqual({
      record_key: 'queue figures: further rows',
      reason: expect.stringMatching(/^2900 further rows of the same answer could not be read; the first of them: /),
    });
  });
});

describe('a roster that the database does not take', () => {
  it('fails by itself: figures are read on, and it is tried again', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.queues.add('sales');
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    bridge.ncc.figures.set(NINE_MS, [{ 'queue-id': 'sales', enteredCount: 5, abandonedCount: 0, sumHandleTime: 60 }]);
    await env.DB.prepare(
      `CREATE TRIGGER full BEFORE UPDATE OF username ON agent BEGIN SELECT RAISE(ABORT, 'string or blob too big'); END`,
    ).run();
    await env.DB.prepare(
      `CREATE TRIGGER full_too BEFORE INSERT ON agent WHEN NEW.in_roster BEGIN SELECT RAISE(ABORT, 'string or blob too big'); END`,
    ).run();
    await bridge.run(INTERVAL_MS + 4 * 60_000);
    expect(await count('queue_interval WHERE offered = 5')).toBe(1);
    const roster = () => env.DB.prepare(`SELECT error, error_kind FROM feed WHERE name = 'roster'`).first();
    expect(await roster()).toEqual({
      error_kind: 'not stored',
      error: expect.stringContaining('The database did not take what the ACD answered: '),
    });
    expect(bridge.logged).toEqual([]);
    await env.DB.batch([env.DB.prepare('DROP TRIGGER full'), env.DB.prepare('DROP TRIGGER full_too')]);
    await bridge.run(60_000);
    expect(await roster()).toEqual({ error_kind: '', error: '' });
    expect(bridge.mpower.events.at(-1)).toMatchObject({ loginId: 'a1@x.test' });
  });
});

describe('agents and states seen for the first time', () => {
  it('are known although a reload came while they were stored', async () => {
    const { deps } = await openBridge(NINE_MS);
    const session = await openSession(deps, 1);
    if (!session) throw new Error('There is no session.');
    const reload = () => {
      const { config } = session;
      replaceConfig(session, {
        ...config,
        agents: new Map(config.agents),
        agentsByName: new Map(config.agentsByName),
        states: new Map(config.states),
        statesByName: new Map(config.statesByName),
      });
    };
    const noted = Promise.all([
      noteAgents(deps, session, ['a1']),
      noteStates(deps, session, [{ name: 'Busy', reason: '' }]),
    ]);
    reload();
    await noted;
    expect(session.config.agentsByName.get('a1')?.sourceId).toBe('a1');
    expect(session.config.statesByName.get('Busy')?.name).toBe('Busy');
  });
});

describe('a late change that touches thousands of closed intervals', () => {
  it('is worked off turn by turn, each with a fraction of the questions that D1 answers a run', async () => {
    const bridge = await openBridge(NINE_MS, settings({ intervalS: 15 }));
    bridge.ncc.users.set('a1', { username: 'a1@x.test' });
    bridge.ncc.agents.set('a1', { status: 'Available' });
    await bridge.run(60_000);
    const starts = Array.from({ length: 600 }, (_, i) => NINE_MS - (i + 1) * INTERVAL_MS);
    await env.DB.prepare(`UPDATE feed SET through_ms = ${NINE_MS} WHERE name = 'agent-states'`).run();
    await noteTouched(env.DB, 1, starts).run();
    bridge.crash();
    const left: unknown[] = [];
    for (let turn = 0; turn < 10 && left.at(-1) !== 0; turn++) {
      statementCount = 0;
      await bridge.run(15_000);
      expect(statementCount).toBeLessThan(500);
      left.push(await count('touched_interval'));
    }
    expect(left[0]).toBeLessThan(600);
    expect(left.at(-1)).toBe(0);
  });
});

describe('the Overview, which asks every few seconds', () => {
  it('counts records set aside no further than it says', async () => {
    await openBridge(NINE_MS);
    const add = (status: string, count: number) =>
      env.DB.prepare(
        `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, reason, status)
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
         SELECT 1, 'acd', i, ?1, '{}', '', ?1 FROM n`,
      )
        .bind(status, count)
        .run();
    const open = async () => (await readOverview(env.DB, NINE_MS))[0]?.setAsideOpen;
    await add('sent again', 3);
    await add('set aside', 7);
    expect(await open()).toBe(7);
    await env.DB.prepare('DELETE FROM set_aside').run();
    await add('set aside', 12_000);
    expect(await open()).toBe(10_000);
  });
});

describe('a connection that is deleted', () => {
  it('loses what members told and files brought in small steps before it goes itself', async () => {
    await openBridge(NINE_MS);
    await env.DB.prepare(`INSERT INTO agent (id, connection_id, source_id, first_seen_ms) VALUES (1, 1, 'a', 0)`).run();
    const numbers = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)';
    await env.DB.batch([
      env.DB.prepare(`INSERT INTO member_state_change ${numbers} SELECT 1, 2, i, 1 FROM n`),
      env.DB.prepare(`INSERT INTO imported_state_change ${numbers} SELECT 1, i FROM n`),
      env.DB.prepare(`INSERT INTO imported_state_interval ${numbers} SELECT 1, i * 900000 FROM n`),
      env.DB.prepare(`INSERT INTO member_interval ${numbers} SELECT 1, i * 900000, 2, 0 FROM n`),
      env.DB.prepare(`INSERT INTO member_agent_interval ${numbers} SELECT 1, i * 900000, 1, 2, 0, 0, 0 FROM n`),
    ]);
    let steps = 1;
    while (await emptyConnectionStep(env.DB, 1)) steps += 1;
    expect(steps).toBe(6);
    expect(await count('member_state_change')).toBe(0);
    expect(await count('imported_state_interval')).toBe(0);
  });
});
