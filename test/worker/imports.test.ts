// Imports and backfill, the agents and the Overview's charts, through the Worker's own door.
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ask, createConnection, freshSite, ORIGIN, post, signIn } from './site.ts';

beforeEach(freshSite);
afterEach(() => {
  vi.restoreAllMocks();
});

const NOW_MS = Date.now();
const YESTERDAY = new Date(Math.floor((NOW_MS - 86_400_000) / 900_000) * 900_000).toISOString();

async function centre(): Promise<{ id: number; headers: { cookie: string } }> {
  const id = await createConnection();
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO queue (id, connection_id, source_id, name, first_seen_ms, in_roster) VALUES (7, ?1, 'q7', 'Sales', 0, 1)`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO agent (id, connection_id, source_id, username, name, first_seen_ms) VALUES (5, ?1, 'a5', 'ann@example.com', 'Ann <i>', 0)`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO agent (id, connection_id, source_id, username, name, first_seen_ms) VALUES (6, ?1, 'a6', 'bob@example.com', 'Bob', 0)`,
    ).bind(id),
    env.DB.prepare(
      `INSERT INTO acd_state (id, connection_id, name, class, first_seen_ms, last_seen_ms)
       VALUES (1, ?1, 'Available', 'ready', 0, 0), (2, ?1, 'Logged out', 'signed out', 0, 0), (3, ?1, 'Busy', 'contact', 0, 0)`,
    ).bind(id),
  ]);
  // Paused: the loop would take what is confirmed before the test has looked at it.
  await api('POST', `/connections/${id}/pause`);
  return { id, headers: { cookie: await signIn() } };
}

function upload(
  id: number,
  headers: { cookie: string },
  kind: string,
  text: string | null,
  name = 'past.csv',
): Promise<Response> {
  const body = new FormData();
  body.set('kind', kind);
  body.set('file', new File([text ?? ''], text === null ? '' : name, { type: 'text/csv' }));
  return ask(`/connections/${id}/imports`, { method: 'POST', headers: { ...headers, origin: ORIGIN }, body });
}

const FILE = `interval_start_utc,queue,offered,handled,total_handle_time_s
${YESTERDAY},Sales,4,3,600
${YESTERDAY},Nowhere,1,1,60
`;
const rowsOf = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS rows FROM ${table}`).first<{ rows: number }>())?.rows;

describe('an import', () => {
  it('shows what it would change with the errors by line, and stores nothing before it is confirmed', async () => {
    const { id, headers } = await centre();
    const read = await upload(id, headers, 'intervals', FILE, '<b>.csv');
    expect(read.status).toBe(303);
    const address = read.headers.get('location') ?? '';
    const html = await (await ask(address, { headers })).text();
    expect(html).toContain('Nothing is stored yet');
    expect(html).toContain('Import 1 row, leave out 1');
    expect(html).toMatch(/>3<\/th><td>There is no queue &quot;Nowhere&quot; on the roster/);
    expect(html).not.toContain('<b>.csv');
    expect([await rowsOf('queue_interval'), await rowsOf('interval_ledger')]).toEqual([0, 0]);
    const csv = await (await ask(`${address}/refused.csv`, { headers })).text();
    expect(csv.split('\r\n')[1]).toMatch(/^3,/);

    expect((await post(`${address}/confirm`, {}, { headers })).headers.get('location')).toBe(address);
    expect(await (await ask(address, { headers })).text()).toContain('Waiting');
    const list = await (await ask(`/connections/${id}/imports`, { headers })).text();
    expect(list).toContain('Queue figures from a file');
    expect(list).toContain('The connection is paused');
    const audit = await env.DB.prepare(`SELECT detail FROM audit WHERE action = 'import confirmed'`).first<{
      detail: string;
    }>();
    expect(audit?.detail).toMatch(/^Queue figures from "<b>\.csv", 1 rows, SHA-256 [0-9a-f]{64}\.$/);
  });

  it('leaves no trace when it is discarded', async () => {
    const { id, headers } = await centre();
    const address = (await upload(id, headers, 'intervals', FILE)).headers.get('location') ?? '';
    expect((await post(`${address}/cancel`, {}, { headers })).status).toBe(303);
    expect([await rowsOf('import'), await rowsOf('import_part')]).toEqual([0, 0]);
    expect((await ask(address, { headers })).status).toBe(404);
  });

  it.each([
    ['no file', null, 'Choose a file.'],
    ['an empty file', '', 'The file is empty.'],
    ['a head without rows', 'interval_start_utc,queue,offered,handled,total_handle_time_s\n', 'a head and no rows'],
    ['a file of another kind', 'at_utc,agent,state\n2026-01-01T00:00:00Z,a5,Busy\n', 'does not name the columns'],
  ])('refuses %s beside the field, and keeps nothing of it', async (_what, text, message) => {
    const { id, headers } = await centre();
    const refused = await upload(id, headers, 'intervals', text);
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain(message);
    expect(await rowsOf('import')).toBe(0);
  });

  it('is the same by the API, for a token that may push', async () => {
    const { id } = await centre();
    const { body: token } = await api<{ token: string }>('POST', '/tokens', { name: 'loader', scope: 'push' });
    const authorization = { authorization: `Bearer ${token.token}` };
    const file = { kind: 'intervals', fileName: 'past.csv', csv: FILE };
    const read = await api<{ id: number; new: number; refusedLines: unknown[] }>(
      'POST',
      `/connections/${id}/imports`,
      file,
      authorization,
    );
    expect(read.status).toBe(201);
    expect(read.body).toMatchObject({ status: 'read', rows: 1, new: 1, refused: 1, refusedLines: [{ line: 3 }] });
    const confirm = `/connections/${id}/imports/${read.body.id}/confirm`;
    expect((await api('POST', confirm, undefined, authorization)).status).toBe(202);
    expect((await api('POST', confirm, undefined, authorization)).status).toBe(409);
    expect((await api('POST', `/connections/${id}/imports`, { ...file, csv: 'x' }, authorization)).status).toBe(400);
  });

  it('gives templates that name every column', async () => {
    const { id, headers } = await centre();
    const template = async (kind: string) =>
      (await ask(`/connections/${id}/imports/template.csv?kind=${kind}`, { headers })).text();
    expect(await template('intervals')).toBe(
      'interval_start_utc,queue,offered,handled,total_handle_time_s,abandoned\r\n',
    );
    expect(await template('state-changes')).toBe('at_utc,agent,state,reason\r\n');
  });
});

describe('a backfill by the form', () => {
  it('takes days of the connection’s zone, can be paused, resumed and cancelled, and is in the history', async () => {
    const { id, headers } = await centre();
    const address = `/connections/${id}/imports`;
    const asked = await post(`/connections/${id}/backfills`, { from: '2026-03-07', to: '2026-03-08' }, { headers });
    expect(asked.headers.get('location')).toBe(`${address}?notice=backfill`);
    const row = await env.DB.prepare('SELECT from_ms, to_ms FROM backfill').first();
    // Chicago: six hours behind UTC, five from the 8th of March on.
    expect(row).toEqual({ from_ms: Date.parse('2026-03-07T06:00Z'), to_ms: Date.parse('2026-03-09T05:00Z') });
    const shown = (await (await ask(address, { headers })).text()).replaceAll(/<[^>]+>/g, '');
    expect(shown).toContain('0 of 188 intervals (0 %)');
    for (const [order, status] of [
      ['pause', 'paused'],
      ['resume', 'waiting'],
      ['cancel', 'cancelled'],
    ] as const) {
      expect((await post(`/connections/${id}/backfills/1/${order}`, {}, { headers })).status).toBe(303);
      expect(await env.DB.prepare('SELECT status FROM backfill').first()).toEqual({ status });
    }
    expect(await (await ask(`${address}?kind=backfill&status=cancelled`, { headers })).text()).toContain('Cancelled');
    expect(await (await ask(`${address}?status=done`, { headers })).text()).toContain('Nothing fits these filters.');
    const csv = await (await ask(`${address}/history.csv`, { headers })).text();
    expect(csv.split('\r\n')[1]).toMatch(/^Backfill from the ACD,,2026-03-07T06:00:00.000Z/);
  });

  it.each([
    [{ from: '2026-02-30', to: '2026-03-01' }, 'Enter a day'],
    [{ from: '2999-01-01', to: '2999-01-02' }, 'at least one interval that has ended'],
    [{ from: '2019-01-01', to: '2026-01-02' }, 'three years long at most'],
  ])('says beside the field what is wrong with %j', async (fields, message) => {
    const { id, headers } = await centre();
    const refused = await post(`/connections/${id}/backfills`, fields, { headers });
    expect(refused.status).toBe(422);
    const html = await refused.text();
    expect(html).toContain(message);
    expect(html).toContain(`value="${fields.from}"`);
    expect(await rowsOf('backfill')).toBe(0);
  });
});

describe('the agents', () => {
  const at = (minutesAgo: number) => NOW_MS - minutesAgo * 60_000;
  const enter = (agent: number, minutesAgo: number, state: number) =>
    env.DB.prepare('INSERT INTO state_change (agent_id, at_ms, state_id) VALUES (?1, ?2, ?3)')
      .bind(agent, at(minutesAgo), state)
      .run();

  it('are listed with what they do now, narrowed by the address and exported', async () => {
    const { id, headers } = await centre();
    await enter(5, 90, 1);
    await enter(5, 30, 3);
    await enter(6, 60, 2);
    const list = await (await ask(`/connections/${id}/agents`, { headers })).text();
    expect(list).toContain('Ann &lt;i>');
    expect(list).toContain('Busy');
    expect(list).not.toContain('>Bob<');
    expect(await (await ask(`/connections/${id}/agents?show=all&text=bob`, { headers })).text()).toContain('>Bob<');
    const csv = await (await ask(`/connections/${id}/agents.csv?show=all&order=longest`, { headers })).text();
    expect(
      csv
        .trim()
        .split('\r\n')
        .map((line) => line.split(',').slice(1, 4).join()),
    ).toEqual(['name,login_id,state', 'Bob,bob@example.com,Logged out', 'Ann <i>,ann@example.com,Busy']);
    const now = await api<{ rows: { agentName: string; class: string }[] }>('GET', `/connections/${id}/agents/now`);
    expect(now.body.rows.map(({ agentName, class: one }) => [agentName, one])).toEqual([['Ann <i>', 'contact']]);
  });

  it('page through, without a row twice', async () => {
    const { id, headers } = await centre();
    await env.DB.prepare(
      `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150)
       INSERT INTO agent (connection_id, source_id, name, first_seen_ms) SELECT ?1, 'x' || i, 'Same name', 0 FROM n`,
    )
      .bind(id)
      .run();
    const first = await (await ask(`/connections/${id}/agents?show=all`, { headers })).text();
    const older = /href="([^"]+)" rel="next"/.exec(first)?.[1]?.replaceAll('&amp;', '&') ?? '';
    const second = await (await ask(older, { headers })).text();
    const names = (html: string) => [...html.matchAll(/\/agents\/(\d+)"/g)].map(([, one]) => one);
    expect(names(first)).toHaveLength(100);
    expect(new Set([...names(first), ...names(second)]).size).toBe(152);
  });

  it('have a day each, with what was told of every activity', async () => {
    const { id, headers } = await centre();
    const noon = Date.parse('2026-03-10T18:00:00Z');
    await env.DB.batch([
      env.DB.prepare(
        'INSERT INTO state_change (agent_id, at_ms, state_id) VALUES (5, ?1, 1), (5, ?2, 3), (5, ?3, 0), (5, ?4, 2)',
      ).bind(noon, noon + 600_000, noon + 2_000_000, noon + 4_000_000),
      env.DB.prepare(
        `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count, created_at_ms, accepted_at_ms)
         VALUES (?1, 'agent-activity', ?2, ?3, 1, 1, 1, ?3, ?3)`,
      ).bind(id, noon, noon + 900_000),
    ]);
    const html = await (await ask(`/connections/${id}/agents/5?day=2026-03-10`, { headers })).text();
    expect(html).toContain('Tuesday');
    const cells = [...html.matchAll(/<tr><td class="nowrap"><time[^>]*>([^<]*)<.*?<\/tr>/g)].map(([row, from]) => [
      from?.slice(-8),
      />Sent</.test(row),
      /with its window/.test(row),
      /not observed/.test(row),
    ]);
    expect(cells).toEqual([
      ['13:00:00', true, false, false],
      ['13:10:00', false, true, false],
      ['13:33:20', false, false, true],
      ['14:06:40', false, false, false],
    ]);
    expect((await ask(`/connections/${id}/agents/99`, { headers })).status).toBe(404);
  });
});

describe('the Overview’s charts', () => {
  it('show today beside the same weekday before, each with its figures as a table', async () => {
    const { id, headers } = await centre();
    const start = Math.floor(NOW_MS / 900_000) * 900_000 - 900_000;
    const insert = (startMs: number, offered: number) =>
      env.DB.prepare(
        `INSERT INTO interval_ledger (connection_id, start_ms, status, revision, offered, abandoned, handle_time_ms) VALUES (?1, ?2, 'collected', 1, ?3, 1, 660000)`,
      )
        .bind(id, startMs, offered)
        .run();
    await insert(start, 12);
    await insert(start - 7 * 86_400_000, 10);
    const html = await (await ask('/', { headers })).text();
    expect(html).toContain('Contacts offered');
    expect(html).toMatch(/<th scope="row">\d\d:\d\d<\/th><td class="n">(12|–)<\/td><td class="n">(10|–)<\/td>/);
    expect(html).toContain('<title id="contacts-svg-title">Contacts offered</title>');
    const fragment = await (await ask(`/fragments/charts?connection=${id}`, { headers })).text();
    expect(fragment).toContain('id="charts"');
    expect(fragment).not.toContain('<html');
  });
});
