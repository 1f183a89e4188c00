/** The published views against the document that publishes them: a migration that changes one fails here. */
import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import schema from '../../docs/wfm-schema.md?raw';
import { createConnection, freshSite } from './site.ts';

interface Column {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
}

/** The document's views: a heading, and under it a table with a row a column. */
function documented(): Map<string, Column[]> {
  const sections = schema.split(/^## /m).filter((section) => section.startsWith('wfm_'));
  return new Map(
    sections.map((section) => [
      section.split('\n')[0]?.trim() ?? '',
      [...section.matchAll(/^\| `(\w+)` \| (\w+)(, null)? \|/gm)].map(([, name = '', type = '', nullable]) => ({
        name,
        type,
        nullable: nullable !== undefined,
      })),
    ]),
  );
}

const AT = Date.UTC(2026, 0, 5, 12);

beforeAll(async () => {
  await freshSite();
  const id = await createConnection();
  const run = (sql: string, ...values: unknown[]) => env.DB.prepare(sql).bind(...values);
  await env.DB.batch([
    run(
      `INSERT INTO queue (id, connection_id, source_id, name, queue_value, in_roster, first_seen_ms, removed_at_ms)
       VALUES (7, ?1, 'q7', 'Seven', NULL, 1, ?2, ?2 + 999), (8, ?1, 'q8', 'Eight', 'W8', 1, ?2, NULL)`,
      id,
      AT,
    ),
    run(
      `INSERT INTO agent (id, connection_id, source_id, username, name, employee_id, in_roster, first_seen_ms, removed_at_ms)
       VALUES (3, ?1, 'a3', 'u3', 'Ann', 'E3', 1, ?2, ?2), (4, ?1, 'a4', '', '', '', 1, ?2, NULL)`,
      id,
      AT,
    ),
    run(
      `INSERT INTO acd_state (id, connection_id, name, reason, class, first_seen_ms, last_seen_ms)
       VALUES (1, ?1, 'Available', '', 'ready', ?2, ?2)`,
      id,
      AT,
    ),
    run(
      `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, handled_short,
         handled_long, abandoned_short, work_time_ms, queue_delay_time_ms, hold_time_ms, read_at_ms)
       VALUES (?1, ?2, 7, 10, 1, 60000, 5, 4, 0, 1000, 2000, 3000, ?2), (?1, ?2, 99, 1, 2, 0, NULL, NULL, NULL, NULL, NULL, NULL, ?2)`,
      id,
      AT,
    ),
    run(
      'INSERT INTO agent_interval VALUES (?1, ?2, 3, 900000, 600000, 1, 1, ?2), (?1, ?2, 99, 0, 0, 0, 1, ?2)',
      id,
      AT,
    ),
    run(
      'INSERT INTO agent_queue_interval VALUES (?1, ?2, 7, 3, 2, 1, 1, 1, 1, ?2), (?1, ?2, 99, 99, 0, 0, 0, 0, 1, ?2)',
      id,
      AT,
    ),
    run(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, revision, collected_at_ms, read_at_ms)
       VALUES (?1, ?2, 'collected', 1, ?2 + 1020000, ?2 + 1020000), (?1, ?2 + 900000, 'waiting', 0, NULL, NULL)`,
      id,
      AT,
    ),
    run(
      'INSERT INTO state_change (agent_id, at_ms, state_id, since_ms) VALUES (3, ?1, 1, ?1 - 1), (3, ?1 + 60000, 0, NULL)',
      AT,
    ),
    run(`INSERT INTO schedule_activity VALUES (?1, 3, ?2, ?2 + 3600000, 'Calls')`, id, AT),
  ]);
});

it('every view that is there is documented, and none is documented that is not there', async () => {
  const { results } = await env.DB.prepare(
    `SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE 'wfm%' ORDER BY name`,
  ).all<{ name: string }>();
  expect(results.map(({ name }) => name)).toEqual([...documented().keys()].sort());
  expect(results.length).toBeGreaterThan(0);
});

describe.each([...documented()])('%s', (view, columns) => {
  it('has the columns of the document, in its order', async () => {
    const { results } = await env.DB.prepare(`PRAGMA table_info(${view})`).all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual(columns.map(({ name }) => name));
  });

  it('has values of the documented types, missing only where the document allows it', async () => {
    const types = columns.map(({ name }) => `typeof(${name}) AS ${name}`).join(', ');
    const { results } = await env.DB.prepare(`SELECT ${types} FROM ${view}`).all<Record<string, string>>();
    expect(results.length).toBeGreaterThan(0);
    for (const { name, type, nullable } of columns) {
      const seen = new Set(results.map((row) => row[name]));
      // Every type that may occur does occur in the rows above: nothing is promised that no row shows.
      expect([name, [...seen].sort()]).toEqual([name, nullable ? [type, 'null'].sort() : [type]]);
    }
  });

  it('tells each instant twice, the same', async () => {
    const pairs = columns.flatMap(({ name }) => (name.endsWith('_utc') ? [[name, name.replace(/_utc$/, '_ms')]] : []));
    const { results } = await env.DB.prepare(`SELECT * FROM ${view}`).all<Record<string, string | number | null>>();
    for (const row of results) {
      for (const [text = '', ms = ''] of pairs) {
        const atMs = row[ms];
        expect(row[text]).toBe(typeof atMs === 'number' ? new Date(atMs).toISOString() : null);
      }
    }
  });
});

it('the figures of a queue that was forgotten are still there, and never below zero', async () => {
  const { results } = await env.DB.prepare(
    'SELECT queue_id, queue_key, handled FROM wfm_queue_interval_v1 ORDER BY queue_id',
  ).all();
  expect(results).toEqual([
    { queue_id: 7, queue_key: 'q7', handled: 9 },
    { queue_id: 99, queue_key: null, handled: 0 },
  ]);
});
