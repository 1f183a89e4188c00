import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { API_TOKEN, api, ask, createConnection, freshSite } from './site.ts';

interface Page<T> {
  rows: T[];
  nextCursor: string | null;
}

const AT = Date.UTC(2026, 0, 5, 12);

beforeEach(freshSite);
afterEach(() => {
  vi.restoreAllMocks();
});

describe('figures', () => {
  async function withFigures(): Promise<number> {
    const id = await createConnection();
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO queue (id, connection_id, source_id, name, first_seen_ms) VALUES (7, ?1, 'q7', '=HYPERLINK("x"),"', ?2)`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms)
         SELECT ?1, ?2 + value * 900000, 7, 10 + value, 1, 60000, ?2 FROM json_each('[0,1,2]')`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO interval_ledger (connection_id, start_ms, status, reason, revision)
         SELECT ?1, ?2 + value * 900000, iif(value = 1, 'gap', 'collected'), iif(value = 1, 'NCC did not answer', ''), value
         FROM json_each('[0,1,2]')`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count, created_at_ms)
         VALUES (?1, 'historical', ?2, ?2 + 1800000, 2, 1, 5, ?2)`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO agent (id, connection_id, source_id, username, name, first_seen_ms) VALUES (3, ?1, 'a3', 'u3', 'Ann', ?2)`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO acd_state (id, connection_id, name, class, first_seen_ms, last_seen_ms)
         VALUES (1, ?1, 'Available', 'ready', ?2, ?2), (2, ?1, 'Busy', 'contact', ?2, ?2), (5, ?1, 'Logged out', 'signed out', ?2, ?2)`,
      ).bind(id, AT),
      // Available for a minute, Busy for two, then not observed for a minute, Available, and out.
      env.DB.prepare(
        `INSERT INTO state_change (agent_id, at_ms, state_id)
         VALUES (3, ?1, 1), (3, ?1 + 60000, 2), (3, ?1 + 180000, 0), (3, ?1 + 240000, 1), (3, ?1 + 300000, 5), (3, ?1 + 400000, 1)`,
      ).bind(AT),
    ]);
    return id;
  }
  const range = `from=${new Date(AT).toISOString()}&to=${new Date(AT + 3_600_000).toISOString()}`;

  it("of state changes tell the source's own time, which is stored once where it is the change's instant", async () => {
    const id = await withFigures();
    await env.DB.prepare(
      `UPDATE state_change SET since_ms = CASE at_ms WHEN ?1 THEN 0 WHEN ?1 + 60000 THEN ?1 + 59000 END`,
    )
      .bind(AT)
      .run();
    const path = `/connections/${id}/state-changes?${range}&limit=3`;
    const { body } = await api<Page<{ since: string | null }>>('GET', path);
    expect(body.rows.map(({ since }) => since)).toEqual([
      new Date(AT).toISOString(),
      new Date(AT + 59_000).toISOString(),
      null,
    ]);
  });

  it('of intervals come in pages that join without hole or overlap', async () => {
    const id = await withFigures();
    const starts: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const path: string = `/connections/${id}/intervals?${range}&limit=2${cursor && `&cursor=${cursor}`}`;
      const { body } = await api<Page<{ start: string; offered: number }>>('GET', path);
      starts.push(...body.rows.map(({ start, offered }) => `${start.slice(11, 16)} ${offered}`));
      cursor = body.nextCursor;
    }
    expect(starts).toEqual(['12:00 10', '12:15 11', '12:30 12']);
  });

  it('as CSV hold the whole range, and no cell that a spreadsheet would run', async () => {
    const id = await withFigures();
    for (const [path, accept] of [
      [`${range}&format=csv&limit=1`, '*/*'],
      [`${range}`, 'text/csv'],
    ] as const) {
      const response = await ask(`/api/v1/connections/${id}/intervals?${path}`, {
        headers: { authorization: `Bearer ${API_TOKEN}`, accept },
      });
      expect(response.headers.get('content-type')).toContain('text/csv');
      const lines = (await response.text()).split('\r\n');
      expect(lines).toHaveLength(5);
      expect(lines[0]).toBe(
        'start,queueId,queueSourceId,queueName,offered,abandoned,handleTimeMs,inferred,revision,readAt,handledShort,handledLong,abandonedShort,workTimeMs,queueDelayTimeMs,holdTimeMs',
      );
      expect(lines[1]).toContain(`7,q7,"'=HYPERLINK(""x""),""",10,1,60000,false`);
    }
  });

  it('of states are changes, with the time in which nobody looked, and activities without it', async () => {
    const id = await withFigures();
    const changes = await api<Page<{ state: string; observed: boolean }>>(
      'GET',
      `/connections/${id}/state-changes?${range}&limit=1000`,
    );
    expect(changes.body.rows.map(({ state, observed }) => (observed ? state : null))).toEqual([
      'Available',
      'Busy',
      null,
      'Available',
      'Logged out',
      'Available',
    ]);
    const activities = await api<Page<{ state: string; durationMs: number; loginId: string }>>(
      'GET',
      `/connections/${id}/activities?${range}`,
    );
    expect(activities.body.rows.map(({ state, durationMs }) => [state, durationMs])).toEqual([
      ['Available', 60_000],
      ['Busy', 120_000],
      ['Available', 60_000],
    ]);
    const paged = await api<Page<{ state: string }>>('GET', `/connections/${id}/activities?${range}&limit=2`);
    const rest = await api<Page<{ state: string }>>(
      'GET',
      `/connections/${id}/activities?${range}&limit=2&cursor=${paged.body.nextCursor}`,
    );
    expect(rest.body.rows).toEqual(activities.body.rows.slice(2));
  });

  it('of agents come by interval, and by queue, in pages that join without hole or overlap and whole as CSV', async () => {
    const id = await withFigures();
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO agent_interval SELECT ?1, ?2 + s.value * 900000, a.value, 900000, 600000, 300000, 1, ?2
         FROM json_each('[0,1,2]') s, json_each('[3,4]') a`,
      ).bind(id, AT),
      env.DB.prepare(
        `INSERT INTO agent_queue_interval SELECT ?1, ?2 + s.value * 900000, q.value, a.value, 3, 180000, 30000, 10000, 1, ?2
         FROM json_each('[0,1]') s, json_each('[7,9]') q, json_each('[3,4]') a`,
      ).bind(id, AT),
    ]);
    for (const [path, count, one] of [
      ['agent-intervals', 6, { agentName: 'Ann', loginTimeMs: 900_000, readyTimeMs: 600_000, notReadyTimeMs: 300_000 }],
      [
        'agent-queue-intervals',
        8,
        { agentName: 'Ann', queueId: 7, handled: 3, handleTimeMs: 180_000, workTimeMs: 30_000 },
      ],
    ] as const) {
      const address = `/connections/${id}/${path}?${range}`;
      const rows: Record<string, unknown>[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: { body: Page<Record<string, unknown>> } = await api(
          'GET',
          `${address}&limit=3${cursor && `&cursor=${cursor}`}`,
        );
        rows.push(...page.body.rows);
        cursor = page.body.nextCursor;
      }
      expect(new Set(rows.map((row) => JSON.stringify([row.start, row.queueId, row.agentId]))).size).toBe(count);
      expect(rows).toHaveLength(count);
      expect(rows[0]).toMatchObject(one);
      const some = await api<Page<{ agentId: number }>>('GET', `${address}&agent=4`);
      expect(some.body.rows.map(({ agentId }) => agentId)).toEqual(Array.from({ length: count / 2 }, () => 4));
      const csv = await ask(`/api/v1${address}&format=csv`, { headers: { authorization: `Bearer ${API_TOKEN}` } });
      expect((await csv.text()).trim().split('\r\n')).toHaveLength(count + 1);
    }
  });

  it('of coverage say what is a gap and why, and what was delivered', async () => {
    const id = await withFigures();
    const { body } = await api<Page<Record<string, unknown>>>('GET', `/connections/${id}/coverage?${range}`);
    expect(body.rows).toMatchObject([
      { status: 'collected', reports: [{ stream: 'historical', revision: 2, deliveredRevision: 1 }] },
      { status: 'gap', reason: 'NCC did not answer', reports: [{ stream: 'historical' }] },
      { status: 'collected', reports: [] },
    ]);
  });

  it.each([
    ['of a thousand and one rows', 'limit=1001'],
    ['after a cursor that is made up', 'cursor=WyJ4Il0'],
    ['of a range that is empty', `to=${new Date(AT).toISOString()}`],
    ['from a time without its offset', 'from=2026-01-05T12:00:00'],
  ])('in pages %s are refused', async (_, change) => {
    const id = await createConnection();
    const query = new URLSearchParams(range);
    for (const [name, value] of new URLSearchParams(change)) query.set(name, value);
    expect((await api('GET', `/connections/${id}/intervals?${query}`)).status).toBe(400);
  });
});
