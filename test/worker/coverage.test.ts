import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ask, createConnection, freshSite, post, signIn } from './site.ts';

const QUARTER_MS = 900_000;
/** A day in the past, so that nothing of it is still to come: 2026-03-10 in America/Chicago begins at 05:00 UTC. */
const DAY = '2026-03-10';
const START_MS = Date.parse('2026-03-10T05:00:00Z');

let id: number;
let cookie: string;

beforeEach(async () => {
  await freshSite();
  id = await createConnection();
  await api('POST', `/connections/${id}/pause`);
  cookie = await signIn();
});
afterEach(() => {
  vi.restoreAllMocks();
});

const page = async (path: string) => (await ask(`/connections/${id}/coverage${path}`, { headers: { cookie } })).text();
const send = (fields: Record<string, string>) =>
  post(`/connections/${id}/coverage/orders`, fields, { headers: { cookie } });

async function gzip(text: string): Promise<ArrayBuffer> {
  const body = new Response(text).body;
  if (!body) throw new Error('no body');
  return new Response(body.pipeThrough(new CompressionStream('gzip'))).arrayBuffer();
}

/** Intervals by their place in the day: delivered, revised, waiting, gap, quiet, unconfirmed. */
async function fillDay(): Promise<void> {
  const row = (slot: number, columns: Record<string, string | number | null>) => {
    const all = { connection_id: id, start_ms: START_MS + slot * QUARTER_MS, ...columns };
    const names = Object.keys(all);
    return env.DB.prepare(
      `INSERT INTO interval_ledger (${names.join(', ')}) VALUES (${names.map((_, i) => `?${i + 1}`).join(', ')})`,
    ).bind(...Object.values(all));
  };
  const collected = (slot: number, offered: number, revision = 1) =>
    row(slot, {
      status: 'collected',
      revision,
      offered,
      queue_count: 1,
      collected_at_ms: START_MS + (slot + 1) * QUARTER_MS + 121_000,
    });
  const figure = (slot: number, offered: number, revision = 1) =>
    env.DB.prepare(
      `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, revision, read_at_ms)
       VALUES (?1, ?2, 1, ?3, 0, 60000, ?4, 0)`,
    ).bind(id, START_MS + slot * QUARTER_MS, offered, revision);
  const report = (slot: number, deliveredRevision: number, contacts: number | null) =>
    env.DB.prepare(
      `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count,
                           created_at_ms, accepted_at_ms, delivered_contacts)
       VALUES (?1, 'historical', ?2, ?2 + ${QUARTER_MS}, 1, ?3, 1, 0, ?2 + ${QUARTER_MS} + 125000, ?4)`,
    ).bind(id, START_MS + slot * QUARTER_MS, deliveredRevision, contacts);
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO queue (id, connection_id, source_id, name, in_roster, first_seen_ms) VALUES (1, ?1, 'q1', 'Sales <b>', 1, 0)`,
    ).bind(id),
    collected(0, 10),
    figure(0, 10),
    report(0, 1, 10),
    collected(1, 7, 2),
    figure(1, 7, 2),
    report(1, 1, 7),
    env.DB.prepare(`INSERT INTO queue_interval_revision (connection_id, start_ms, queue_id, revision, offered, abandoned, handle_time_ms, inferred,
         read_at_ms) VALUES (?1, ?2, 1, 1, 6, 0, 60000, 0, 0)`).bind(id, START_MS + QUARTER_MS),
    collected(2, 5),
    figure(2, 5),
    report(2, 0, null),
    row(3, { status: 'gap', reason: 'GET /historical was answered with status 503 <script>' }),
    collected(4, 0),
    figure(4, 0),
    report(4, 1, 0),
    row(5, { status: 'collected', unconfirmed: 1, reason: 'The ACD answered without any row.' }),
    env.DB.prepare(
      `INSERT INTO report_body VALUES (?1, 'historical', ?2, 1, 0, ?2 + 1000000, '200', 'abc123', ?3)`,
    ).bind(id, START_MS, await gzip('{"queueReport":[{"queueValue":"q1","note":"</pre><script>"}]}')),
  ]);
}

/** Classes of the cells of a day's row, by clock time. */
async function cellsOf(html: string): Promise<Map<string, string>> {
  const cells = new Map<string, string>();
  for (const [, state = '', clock = ''] of html.matchAll(
    /<td class="([a-z ]+)"><a href="[^"]+" tabindex="-1" title="(\d\d:\d\d)/g,
  )) {
    cells.set(clock, state);
  }
  return cells;
}

describe('the heat map', () => {
  it('says what will be there before there is anything', async () => {
    expect(await page('')).toContain('No interval yet');
  });

  it('shows each interval in one of six states, with the balance of its day', async () => {
    await fillDay();
    const html = await page(`?to=${DAY}`);
    expect([...(await cellsOf(html))]).toEqual([
      ['00:00', 'delivered'],
      ['00:15', 'late'],
      ['00:30', 'waiting'],
      ['00:45', 'gap'],
      ['01:00', 'quiet'],
      ['01:15', 'unconfirmed'],
    ]);
    const { body } = await api<{ rows: { day: string; contacts: object; intervals: object }[] }>(
      'GET',
      `/connections/${id}/coverage/days?to=${DAY}&days=1`,
    );
    expect(body.rows).toMatchObject([
      {
        day: DAY,
        contacts: { source: 22, stored: 22, delivered: 17, waiting: 5, leftOut: 0, setAside: 0, missing: 0 },
        intervals: { delivered: 1, late: 1, waiting: 1, gap: 1, quiet: 1, unconfirmed: 1 },
      },
    ]);
    expect(html).toContain('5 waiting to be sent');
  });

  it('takes sums from the ledger, says how far they are proved, and adds up a single day’s figures anew', async () => {
    await fillDay();
    await env.DB.batch([
      env.DB.prepare('UPDATE interval_ledger SET sums_version = 1, stored_offered = offered'),
      env.DB.prepare('UPDATE queue_interval SET offered = 4 WHERE start_ms = ?1').bind(START_MS + 2 * QUARTER_MS),
      env.DB.prepare(
        `INSERT INTO ledger_proof SELECT ?1, value, 1773300000000, 1, 0 FROM json_each('[1773100800000,1773187200000]')`,
      ).bind(id),
    ]);
    const days = async (count: number) =>
      (
        await api<{ rows: { contacts: { stored: number }; provedAt: string | null }[] }>(
          'GET',
          `/connections/${id}/coverage/days?to=${DAY}&days=${count}`,
        )
      ).body.rows;
    expect((await days(2))[0]).toMatchObject({
      contacts: { source: 22, stored: 22 },
      provedAt: '2026-03-12T07:20:00.000Z',
    });
    expect((await days(2))[1]?.provedAt).toBeNull();
    expect((await days(1))[0]).toMatchObject({ contacts: { source: 22, stored: 21 } });
    expect(await page(`?to=${DAY}`)).toMatch(/Checked against every figure: 1 of\s+1 days, the longest ago at/);
    expect(await page(`/${DAY}`)).toContain('added up anew for this page');
  });

  it('adds up figures itself where sums do not hold', async () => {
    await fillDay();
    const { body } = await api<{ rows: { contacts: object }[] }>(
      'GET',
      `/connections/${id}/coverage/days?to=${DAY}&days=2`,
    );
    expect(body.rows[0]?.contacts).toMatchObject({ source: 22, stored: 22, delivered: 17 });
  });

  it('brings one state forward by its address, and exports what it shows', async () => {
    await fillDay();
    expect((await cellsOf(await page(`?to=${DAY}&state=gap`))).get('00:00')).toBe('delivered off');
    const csv = await page(`.csv?to=${DAY}&state=gap`);
    expect(csv.split('\r\n').slice(1, -1)).toEqual([
      '2026-03-10T05:45:00.000Z,2026-03-10 00:45,gap,GET /historical was answered with status 503 <script>,0,,,,,,',
    ]);
  });

  it('escapes what the ACD said', async () => {
    await fillDay();
    for (const path of [`?to=${DAY}`, `/${DAY}`, '/2026-03-10T05:45Z', '/2026-03-10T05:00Z']) {
      const html = await page(path);
      expect(html).not.toContain('<script>"');
      expect(html).not.toContain('status 503 <script>');
      expect(html).not.toContain('Sales <b>');
    }
  });

  it.each([
    ['a day too early to exist', '/2026-02-30'],
    ['an instant off the grid', '/2026-03-10T05:07Z'],
    ['anything else', '/yesterday'],
  ])('has no page for %s', async (_, path) => {
    expect((await ask(`/connections/${id}/coverage${path}`, { headers: { cookie } })).status).toBe(404);
  });

  it('has 92 cells on a day of 23 hours and 100 on one of 25', async () => {
    for (const [day, hours] of [
      ['2026-03-08', 23],
      ['2025-11-02', 25],
    ] as const) {
      const { body } = await api<{ rows: { from: string; to: string }[] }>(
        'GET',
        `/connections/${id}/coverage/days?to=${day}&days=1`,
      );
      const [row] = body.rows;
      expect((Date.parse(row?.to ?? '') - Date.parse(row?.from ?? '')) / 3_600_000).toBe(hours);
      expect(await page(`/${day}`)).toContain(`it has ${hours} hours`);
    }
  });
});

describe('an interval', () => {
  beforeEach(fillDay);

  it('shows the figures of each queue in every revision', async () => {
    const html = await page('/2026-03-10T05:15Z');
    expect(html.replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ')).toMatch(
      /Sales &lt;b> q1 2 7 0 7 .*Sales &lt;b> before 1 6 0 6/,
    );
    const { body } = await api<{ queues: { revisions: { revision: number; offered: number }[] }[] }>(
      'GET',
      `/connections/${id}/coverage/intervals/2026-03-10T05:15:00Z`,
    );
    expect(body.queues[0]?.revisions.map(({ revision, offered }) => [revision, offered])).toEqual([
      [2, 7],
      [1, 6],
    ]);
  });

  it('shows the body as it was sent and gives its exact bytes', async () => {
    const html = await page('/2026-03-10T05:00Z');
    expect(html).toContain('abc123');
    const [, href = ''] = /href="(\/connections\/[^"]+\/body\?[^"]+)"/.exec(html) ?? [];
    const download = await ask(href.replaceAll('&amp;', '&'), { headers: { cookie } });
    expect(download.headers.get('content-disposition')).toMatch(/^attachment; filename="historical-/);
    const exact = '{"queueReport":[{"queueValue":"q1","note":"</pre><script>"}]}';
    expect(await download.text()).toBe(exact);
    const query = 'stream=historical&start=2026-03-10T05:00:00Z&revision=1';
    expect((await api('GET', `/connections/${id}/report-bodies?${query}`)).body).toEqual(JSON.parse(exact));
    expect((await api('GET', `/connections/${id}/report-bodies?${query}2`)).status).toBe(404);
  });

  it('belongs to its connection: another one shows nothing of it', async () => {
    const other = await createConnection({ name: 'Other' });
    await api('POST', `/connections/${other}/pause`);
    const html = await (await ask(`/connections/${other}/coverage/2026-03-10T05:00Z`, { headers: { cookie } })).text();
    expect(html).not.toContain('abc123');
    const body = `/connections/${other}/coverage/2026-03-10T05:00Z/body?stream=historical&start=2026-03-10T05:00Z&revision=1&part=0`;
    expect((await ask(body, { headers: { cookie } })).status).toBe(404);
  });
});

describe('an order', () => {
  beforeEach(fillDay);
  const span = { from: '2026-03-10T05:00:00.000Z', to: '2026-03-11T05:00:00.000Z' };
  const due = async () =>
    (
      await env.DB.prepare('SELECT count(*) AS n FROM interval_ledger WHERE next_read_at_ms IS NOT NULL').first<{
        n: number;
      }>()
    )?.n;

  it('to read again makes every known interval of the span due, and says so where it was given', async () => {
    const back = `/connections/${id}/coverage/${DAY}`;
    const answer = await send({ order: 'read-again', back, ...span });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe(`${back}?done=read-again&count=6`);
    expect(await due()).toBe(6);
    const html = await (await ask(answer.headers.get('location') ?? '', { headers: { cookie } })).text();
    expect(html).toContain('6 intervals are read again');
    expect(html).toContain('paused: it happens once it is resumed');
    const { results } = await env.DB.prepare(`SELECT by FROM audit WHERE action = 'read again'`).all();
    expect(results).toEqual([{ by: 'the administrator' }]);
  });

  it('takes whole days of the connection’s zone as well', async () => {
    await send({ order: 'read-again', back: '/', fromDay: DAY, toDay: DAY });
    expect(await due()).toBe(6);
  });

  it('to send again makes the accepted reports wait, and no others', async () => {
    expect((await api<{ count: number }>('POST', `/connections/${id}/coverage/send-again`, span)).body.count).toBe(3);
    const { results } = await env.DB.prepare('SELECT revision FROM report ORDER BY start_ms').all<{
      revision: number;
    }>();
    expect(results.map(({ revision }) => revision)).toEqual([2, 2, 1, 2]);
  });

  it('to confirm as quiet touches the unconfirmed ones only', async () => {
    expect((await api('POST', `/connections/${id}/coverage/confirm-quiet`, span)).body).toEqual({ count: 1 });
    expect((await cellsOf(await page(`?to=${DAY}`))).get('01:15')).toBe('waiting');
    expect(await page('/2026-03-10T06:15Z')).toContain('Confirmed as quiet by the API token.');
  });

  it.each([
    ['names no order', { order: 'drop-everything', ...span }, 400],
    ['has days in the wrong order', { order: 'read-again', fromDay: DAY, toDay: '2026-03-09' }, 303],
    ['has no days', { order: 'read-again', fromDay: '', toDay: '' }, 303],
    ['is off the grid', { order: 'read-again', from: '2026-03-10T05:01:00Z', to: '2026-03-10T06:00:00Z' }, 303],
    ['is longer than a month', { order: 'read-again', fromDay: '2026-01-01', toDay: '2026-03-10' }, 303],
  ])('that %s changes nothing', async (_, fields, status) => {
    const back = `/connections/${id}/coverage`;
    const answer = await send({ back, ...fields });
    expect(answer.status).toBe(status);
    if (status === 303) expect(answer.headers.get('location')).toContain('refused=');
    expect(await due()).toBe(0);
    expect((await env.DB.prepare(`SELECT count(*) AS n FROM audit WHERE action = 'read again'`).first())?.n).toBe(0);
  });

  it('never leads to another site, and needs the site’s own origin', async () => {
    const away = await send({ order: 'read-again', back: 'https://evil.example/', ...span });
    expect(away.headers.get('location')).toBe('/?done=read-again&count=6');
    const foreign = await post(
      `/connections/${id}/coverage/orders`,
      { order: 'send-again', back: '/', ...span },
      { headers: { cookie, origin: 'https://evil.example' } },
    );
    expect(foreign.status).toBe(403);
  });

  it('cannot be forged into a sentence on the page', async () => {
    const html = await page('?done=Your+account+is+locked&count=1&refused=%3Cb%3Ecall+us');
    expect(html).not.toContain('locked');
    expect(html).not.toContain('call us');
  });
});
