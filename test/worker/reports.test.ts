import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DAY_MS } from '../../src/domain/interval.ts';
import { PURGE_STEPS, purgeStep } from '../../src/store/purge.ts';
import { API_TOKEN, api, ask, createConnection, freshSite, ORIGIN, post, signIn } from './site.ts';

/** A Monday long past, in a zone without daylight saving. */
const DAY = '2026-01-05';
const DAY_START = Date.UTC(2026, 0, 4, 18, 15);
const HOUR = 3_600_000;
const MINUTE = 60_000;

beforeEach(freshSite);
afterEach(() => {
  vi.restoreAllMocks();
});

async function withCentre(change: Record<string, unknown> = {}): Promise<number> {
  const id = await createConnection({ timeZone: 'Asia/Kathmandu', ...change });
  const run = (sql: string, ...values: unknown[]) => env.DB.prepare(sql).bind(id, ...values);
  await env.DB.batch([
    run(
      `INSERT INTO queue (id, connection_id, source_id, name, first_seen_ms)
       VALUES (7, ?1, 'q7', 'Sales', 0), (8, ?1, 'q8', 'Care <b>', 0)`,
    ),
    // Four quarters of an hour from midnight on, two queues; the week before, half as many.
    run(
      `INSERT INTO queue_interval (connection_id, start_ms, queue_id, offered, abandoned, handle_time_ms, read_at_ms)
       SELECT ?1, ?2 + s.value * 900000 - w.value * 604800000, q.value, iif(w.value = 0, 10, 5), 1, 90000, 0
       FROM json_each('[0,1,2,3]') s, json_each('[7,8]') q, json_each('[0,1]') w`,
      DAY_START,
    ),
    run(
      `INSERT INTO interval_ledger (connection_id, start_ms, status, revision, offered, abandoned, handle_time_ms)
       SELECT connection_id, start_ms, 'collected', 1, sum(offered), sum(abandoned), sum(handle_time_ms)
       FROM queue_interval WHERE connection_id = ?1 GROUP BY start_ms`,
    ),
    run(
      `INSERT INTO agent (id, connection_id, source_id, username, name, employee_id, first_seen_ms)
       VALUES (3, ?1, 'a3', 'u3', 'Ann', 'E-3', 0), (4, ?1, 'a4', 'u4', '=Bob <i>', 'E-4', 0), (5, ?1, 'a5', 'u5', 'Ann', '', 0)`,
    ),
    run(
      `INSERT INTO acd_state (id, connection_id, name, class, first_seen_ms, last_seen_ms)
       VALUES (1, ?1, 'Available', 'ready', 0, 0), (2, ?1, 'Lunch', 'not ready', 0, 0), (3, ?1, 'Logged out', 'signed out', 0, 0)`,
    ),
    // Ann: in at nine and four minutes, lunch from noon to half past twelve, not observed from two to three, out at five.
    env.DB.prepare(
      `INSERT INTO state_change (agent_id, at_ms, state_id) SELECT 3, ?1 + (value ->> 0) * 60000, value ->> 1
       FROM json_each('[[544,1],[720,2],[750,1],[840,0],[900,1],[1020,3],[2000,1]]')`,
    ).bind(DAY_START),
  ]);
  return id;
}

/** Ann's Monday: nine to five, lunch from noon to one. */
const CSV = `agent,activity,start,end
a3,Calls,${DAY} 09:00,${DAY} 12:00
E-3,Lunch,${DAY} 12:00,${DAY} 13:00
u3,Calls,${DAY} 13:00,${DAY} 17:00
`;

const upload = (id: number, body: Record<string, unknown>) =>
  api<Record<string, unknown> & { errors?: unknown[] }>('POST', `/connections/${id}/schedules`, body);

async function get(path: string, cookie: string): Promise<{ status: number; text: string }> {
  const response = await ask(path, { headers: { cookie } });
  return { status: response.status, text: await response.text() };
}

const rowsOf = async (table: string) =>
  (await env.DB.prepare(`SELECT count(*) AS rows FROM ${table}`).first<{ rows: number }>())?.rows;

describe('the report of volume and handle time', () => {
  it('adds up queues by interval, hour and day, beside the week before', async () => {
    const id = await withCentre();
    const path = `/connections/${id}/reports/volume?from=${DAY}&to=${DAY}`;
    const read = async (query: string) =>
      (await api<{ rows: { clock: string; now: unknown; weekBefore: unknown }[] }>('GET', `${path}${query}`)).body.rows;
    const quarters = await read('');
    expect(quarters).toHaveLength(96);
    expect(quarters[0]).toMatchObject({
      clock: '00:00',
      now: { offered: 20, handled: 18, abandoned: 2, handleTimeMs: 180_000, meanHandleTimeMs: 10_000 },
      weekBefore: { offered: 10 },
    });
    expect(quarters[4]).toMatchObject({ clock: '01:00', now: null, weekBefore: null });
    expect((await read('&by=hour'))[0]).toMatchObject({ now: { offered: 80 }, weekBefore: { offered: 40 } });
    expect(await read('&by=day&queues=7')).toMatchObject([{ now: { offered: 40 }, intervalsCollected: 4 }]);
  });

  it('of some queues reads their rows only', async () => {
    const id = await withCentre();
    const { readQueueVolume } = await import('../../src/store/volume.ts');
    const prepare = vi.spyOn(env.DB, 'prepare');
    await readQueueVolume(env.DB, id, [7], [{ startMs: DAY_START, endMs: DAY_START + DAY_MS }]);
    const sql = prepare.mock.calls[0]?.[0] ?? '';
    prepare.mockRestore();
    const { meta } = await env.DB.prepare(sql)
      .bind(id, '[7]', DAY_START, DAY_START + DAY_MS)
      .all();
    // 96 starts, each with a look for one row; four are there.
    expect(meta.rows_read).toBeLessThan(96 * 4);
  });

  it('is a page with chart and table, by time and by queue, that escapes names', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    const page = await get(`/connections/${id}/reports/volume?day=${DAY}`, cookie);
    expect(page.status).toBe(200);
    expect(page.text).toContain('80 offered; where both weeks have figures, 100 % more than a week before.');
    expect(page.text.match(/<svg[^>]*role="img"/g)).toHaveLength(2);
    expect(page.text).toContain('Care &lt;b>');
    const week = await get(`/connections/${id}/reports/volume?day=${DAY}&span=week&by=day`, cookie);
    expect(week.text.match(/<th scope="row"/g)).toHaveLength(8);
    const queues = await get(`/connections/${id}/reports/volume?day=${DAY}&show=queues`, cookie);
    expect(queues.text).toMatch(/Sales<\/a><\/th><td class="n">40<\/td><td class="n quiet">20<\/td>/);
  });

  it('is CSV, too, for page and API alike', async () => {
    const id = await withCentre();
    const page = await ask(`/connections/${id}/reports/volume.csv?day=${DAY}&by=hour`, {
      headers: { cookie: await signIn() },
    });
    const lines = (await page.text()).split('\r\n');
    expect(lines[1]).toBe('2026-01-04T18:15:00.000Z,2026-01-05 00:00,60,4,4,80,72,8,720,10,40,32,8,720,22.5');
    expect(lines[2]).toBe('2026-01-04T19:15:00.000Z,2026-01-05 01:00,60,4,0,,,,,,,,,,');
    const csv = await ask(`/api/v1/connections/${id}/reports/volume?from=${DAY}&to=${DAY}&by=day&format=csv`, {
      headers: { authorization: `Bearer ${API_TOKEN}` },
    });
    expect((await csv.text()).split('\r\n')).toHaveLength(3);
  });

  it.each(['from=2026-01-05&to=2026-01-04', 'from=2026-01-01&to=2026-02-05', 'from=0000-01-01&to=0000-01-01'])(
    'of no or too many days is refused: %s',
    async (range) => {
      const id = await withCentre();
      expect((await api('GET', `/connections/${id}/reports/volume?${range}`)).status).toBe(400);
    },
  );

  it.each(['day=0000-01-01', 'day=9999-12-31&span=week', 'day=x&span=y&by=z&queue=1;&page=-1', 'show=queues&page=999'])(
    'shows a page whatever the address asks for: %s',
    async (query) => {
      const id = await withCentre();
      expect((await get(`/connections/${id}/reports/volume?${query}`, await signIn())).status).toBe(200);
    },
  );
});

describe('an upload of schedules', () => {
  it('stores what agents are to do, and the same again changes nothing', async () => {
    const id = await withCentre();
    expect((await upload(id, { csv: CSV })).body).toMatchObject({ stored: true, added: 3, same: 0, refused: 0 });
    const audits = await rowsOf('audit');
    expect((await upload(id, { csv: CSV })).body).toMatchObject({
      stored: false,
      added: 0,
      changed: 0,
      removed: 0,
      same: 3,
    });
    expect(await rowsOf('audit')).toBe(audits);
    const range = `from=2026-01-04T00:00:00Z&to=2026-01-06T00:00:00Z`;
    const { body } = await api<{ rows: unknown[] }>('GET', `/connections/${id}/schedules?${range}`);
    expect(body.rows).toHaveLength(3);
    expect(body.rows[0]).toMatchObject({ agentSourceId: 'a3', activity: 'Calls', start: '2026-01-05T03:15:00.000Z' });
  });

  it('replaces the days that it names and no others', async () => {
    const id = await withCentre();
    const other = { agent: 'a4', activity: 'Calls', start: `${DAY} 09:00`, end: `${DAY} 10:00` };
    const next = { agent: 'a3', activity: 'Calls', start: '2026-01-06 09:00', end: '2026-01-06 10:00' };
    await upload(id, { csv: CSV });
    await upload(id, { activities: [other, next] });
    const shorter = { agent: 'a3', activity: 'Training', start: `${DAY} 09:00`, end: `${DAY} 10:00` };
    expect((await upload(id, { activities: [shorter] })).body).toMatchObject({ added: 0, changed: 1, removed: 2 });
    const { results } = await env.DB.prepare(
      'SELECT agent_id, activity FROM schedule_activity ORDER BY agent_id, start_ms',
    ).all();
    expect(results).toEqual([
      { agent_id: 3, activity: 'Training' },
      { agent_id: 3, activity: 'Calls' },
      { agent_id: 4, activity: 'Calls' },
    ]);
  });

  it('with a bad line changes nothing and names the line, unless it may be left out', async () => {
    const id = await withCentre();
    const bad = `${CSV}nobody,Calls,${DAY} 09:00,${DAY} 10:00\nAnn,Calls,${DAY} 18:00,${DAY} 19:00\n`;
    const answer = await upload(id, { csv: bad });
    expect([answer.status, answer.body.errors]).toEqual([
      400,
      [
        {
          path: 'line 5',
          message: 'There is no agent "nobody" on the roster: give the id, login id, employee id or name.',
        },
        { path: 'line 6', message: 'Two agents are called "Ann": give the agent\'s id.' },
      ],
    ]);
    expect(await rowsOf('schedule_activity')).toBe(0);
    expect((await upload(id, { csv: bad, trial: true })).body).toMatchObject({ stored: false, added: 3, refused: 2 });
    expect(await rowsOf('schedule_activity')).toBe(0);
    expect((await upload(id, { csv: bad, leaveOut: true })).body).toMatchObject({ stored: true, added: 3, refused: 2 });
  });

  it('takes an id for an id although another agent is called so', async () => {
    const id = await withCentre();
    await env.DB.prepare(`UPDATE agent SET name = 'a3', employee_id = 'u3' WHERE id = 4`).run();
    expect((await upload(id, { csv: CSV })).body).toMatchObject({ stored: true, added: 3 });
    expect((await env.DB.prepare('SELECT DISTINCT agent_id FROM schedule_activity').all()).results).toEqual([
      { agent_id: 3 },
    ]);
  });

  it.each([
    ['nothing', {}],
    ['both forms', { csv: 'x', activities: [] }],
    ['a file without its columns', { csv: 'a,b\n1,2\n' }],
  ])('of %s is refused', async (_, body) => {
    const id = await withCentre();
    expect((await upload(id, body)).status).toBe(400);
  });

  it('is deleted by range and agent, and only there', async () => {
    const id = await withCentre();
    await upload(id, { csv: CSV });
    const range = 'from=2026-01-05T04:00:00Z&to=2026-01-05T08:00:00Z';
    const other = await api('DELETE', `/connections/${id}/schedules?${range}&agent=4`);
    expect(other.body).toEqual({ deleted: 0 });
    expect((await api('DELETE', `/connections/${id}/schedules?${range}`)).body).toEqual({ deleted: 2 });
    expect(await rowsOf('schedule_activity')).toBe(1);
  });

  it('goes with the state changes that it is compared with', async () => {
    const id = await withCentre();
    await upload(id, { csv: CSV });
    const days = { stateChanges: 10, stateLog: 10, queueIntervals: 10, reportBodies: 10, events: 10 };
    const nowMs = DAY_START + 12.5 * HOUR + 10 * DAY_MS;
    for (const step of PURGE_STEPS) await purgeStep(env.DB, id, step, days, nowMs);
    const { results } = await env.DB.prepare('SELECT activity FROM schedule_activity').all();
    // The lunch until one is still being compared with the half hour that is kept.
    expect(results).toEqual([{ activity: 'Lunch' }, { activity: 'Calls' }]);
  });
});

describe('adherence', () => {
  it('is what the states say of the schedule: in, out and not observed', async () => {
    const id = await withCentre();
    await upload(id, { csv: CSV });
    const { body } = await api<{ rows: Record<string, unknown>[] }>(
      'GET',
      `/connections/${id}/reports/adherence?from=${DAY}&to=${DAY}`,
    );
    // Four minutes late is within the grace; half an hour of the lunch was worked; an hour was not observed.
    expect(body.rows).toEqual([
      {
        agentId: 3,
        agentSourceId: 'a3',
        agentName: 'Ann',
        loginId: 'u3',
        employeeId: 'E-3',
        day: DAY,
        scheduledMs: 8 * HOUR,
        // Before her first change nothing is known of her: four minutes that are neither in nor out.
        inMs: 6.5 * HOUR - 4 * MINUTE,
        outMs: 0.5 * HOUR,
        unknownMs: HOUR + 4 * MINUTE,
        adherencePct: expect.closeTo(((6.5 * 60 - 4) / (7 * 60 - 4)) * 100, 6),
      },
    ]);
  });

  it('follows the classes and the grace that a person chose', async () => {
    const id = await withCentre();
    await upload(id, { csv: CSV });
    const outOf = async () => {
      const path = `/connections/${id}/reports/adherence?from=${DAY}&to=${DAY}`;
      return (await api<{ rows: { outMs: number }[] }>('GET', path)).body.rows[0]?.outMs;
    };
    await api('PATCH', `/connections/${id}/adherence-rules`, { graceMs: 30 * MINUTE });
    // Back half an hour early from lunch is within half an hour of grace.
    expect(await outOf()).toBe(0);
    await api('PATCH', `/connections/${id}/adherence-rules`, {
      graceMs: 0,
      activities: [{ activity: 'LUNCH', classes: ['ready', 'not ready'] }],
    });
    expect(await outOf()).toBe(0);
    await api('PATCH', `/connections/${id}/adherence-rules`, { activities: [{ activity: 'lunch', classes: null }] });
    expect(await outOf()).toBe(30 * MINUTE);
    expect((await api('GET', `/connections/${id}/adherence-rules`)).body).toEqual({ graceMs: 0, activities: [] });
  });

  it.each([
    { graceMs: -1 },
    { graceMs: 3_600_001 },
    { activities: [{ activity: 'x', classes: ['asleep'] }] },
    {
      activities: [
        { activity: 'x', classes: [] },
        { activity: 'X ', classes: [] },
      ],
    },
  ])('refuses rules that make no sense: %j', async (change) => {
    const id = await withCentre();
    expect((await api('PATCH', `/connections/${id}/adherence-rules`, change)).status).toBe(400);
  });

  it('of what has not come yet is not judged', async () => {
    const id = await withCentre();
    const iso = (fromNow: number) => new Date(Date.now() + fromNow).toISOString();
    await upload(id, { activities: [{ agent: 'a4', activity: 'Calls', start: iso(60_000), end: iso(600_000) }] });
    const day = (
      await api<{ rows: { start: string }[] }>('GET', `/connections/${id}/schedules?from=${iso(0)}&to=${iso(HOUR)}`)
    ).body;
    expect(day.rows).toHaveLength(1);
    const local = new Date(Date.now() + 60_000 + 5.75 * HOUR).toISOString().slice(0, 10);
    const { body } = await api<{ rows: unknown[] }>(
      'GET',
      `/connections/${id}/reports/adherence?from=${local}&to=${local}`,
    );
    expect(body.rows).toMatchObject([{ scheduledMs: 0, adherencePct: null }]);
  });

  it('is listed agent by agent in pages that join without hole or overlap, and whole as CSV', async () => {
    const id = await withCentre();
    await env.DB.prepare(
      `INSERT INTO agent (connection_id, source_id, name, first_seen_ms)
       SELECT ?1, 'm' || value, 'M' || (value / 2), 0 FROM json_each(?2)`,
    )
      .bind(id, JSON.stringify(Array.from({ length: 20 }, (_, i) => i)))
      .run();
    const activities = Array.from({ length: 20 }, (_, i) => ({
      agent: `m${i}`,
      activity: 'Calls',
      start: `${DAY} 09:00`,
      end: `${DAY} 10:00`,
    }));
    await upload(id, { activities });
    const path = `/connections/${id}/reports/adherence?from=${DAY}&to=2026-02-04`;
    const seen: string[] = [];
    let pages = 0;
    for (let cursor: string | null = ''; cursor !== null; pages++) {
      const page: { body: { rows: { agentSourceId: string }[]; nextCursor: string | null } } = await api(
        'GET',
        `${path}${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.body.rows.map(({ agentSourceId }) => agentSourceId));
      cursor = page.body.nextCursor;
    }
    expect([pages, seen.length, new Set(seen).size]).toEqual([4, 20, 20]);
    const csv = await ask(`/api/v1${path}&format=csv`, { headers: { authorization: `Bearer ${API_TOKEN}` } });
    expect((await csv.text()).trim().split('\r\n')).toHaveLength(21);
    expect((await api('GET', `${path}&cursor=eyJ4`)).status).toBe(400);
  });

  it('is a page with sums and a time line for each agent, and a page for each day of an agent', async () => {
    const id = await withCentre();
    await upload(id, { csv: CSV.replaceAll('Calls', 'Calls <u>') });
    const cookie = await signIn();
    const page = await get(`/connections/${id}/reports/adherence?day=${DAY}`, cookie);
    expect(page.text).toContain('<dt>Scheduled so far</dt><dd>8:00:00</dd>');
    expect(page.text).toContain('For 1:04:00 of the scheduled time the bridge did not see');
    expect(page.text).toContain('aria-label="Ann: 92.7 % in adherence"');
    const agent = await get(`/connections/${id}/reports/adherence/agents/3?day=${DAY}`, cookie);
    expect(agent.text.match(/<svg[^>]*role="img"/g)).toHaveLength(3);
    expect(agent.text).toContain('Calls &lt;u>');
    expect(agent.text).not.toContain('<u>');
    const { body } = await api<{ spans: { verdict: string; activity: string; state: string }[] }>(
      'GET',
      `/connections/${id}/reports/adherence/spans?agent=3&day=${DAY}`,
    );
    expect(body.spans.map(({ verdict, state }) => `${verdict} ${state}`)).toEqual([
      'unknown ',
      'in Available',
      'in Lunch',
      'out Available',
      'in Available',
      'unknown ',
      'in Available',
    ]);
    const nobody = await get(`/connections/${id}/reports/adherence?day=2026-01-09`, cookie);
    expect(nobody.text).toContain('Nobody is scheduled on this day');
    expect((await get(`/connections/${id}/reports/adherence/agents/99`, cookie)).status).toBe(404);
  });

  it('counts only as much of an activity over midnight as lies in the day', async () => {
    const id = await withCentre();
    const night = { agent: 'a3', activity: 'Calls', start: '2026-01-04 22:00', end: `${DAY} 02:00` };
    await upload(id, { activities: [night] });
    const { body } = await api<{ rows: { day: string; scheduledMs: number }[] }>(
      'GET',
      `/connections/${id}/reports/adherence?from=2026-01-03&to=2026-01-06`,
    );
    expect(body.rows.map(({ day, scheduledMs }) => [day, scheduledMs / HOUR])).toEqual([
      ['2026-01-04', 2],
      ['2026-01-05', 2],
    ]);
  });
});

describe('the page of schedules', () => {
  async function send(id: number, cookie: string, text: string, origin = ORIGIN): Promise<Response> {
    const form = new FormData();
    form.set('file', new File([text], 'week <1>.csv', { type: 'text/csv' }));
    const body = new Response(form);
    return ask(`/connections/${id}/reports/schedules`, {
      method: 'POST',
      headers: { cookie, origin, 'content-type': body.headers.get('content-type') ?? '' },
      body: await body.arrayBuffer(),
    });
  }

  it('shows what a file would change and why lines are left out, and stores it once it is confirmed', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    const sent = await send(id, cookie, `${CSV}nobody,Calls,${DAY} 09:00,${DAY} 10:00\n`);
    const preview = sent.headers.get('location') ?? '';
    const page = await get(preview, cookie);
    expect(page.text).toContain('Nothing is stored yet');
    expect(page.text).toContain('week &lt;1>.csv');
    expect(page.text).toContain('There is no agent &quot;nobody&quot; on the roster');
    expect(page.text).toContain('Store 3 activities, leave out 1');
    expect(await rowsOf('schedule_activity')).toBe(0);
    const stored = await post(`${preview}/confirm`, {}, { headers: { cookie } });
    expect(stored.headers.get('location')).toBe(`/connections/${id}/reports/schedules?notice=stored&day=${DAY}`);
    expect(await rowsOf('schedule_activity')).toBe(3);
    expect((await post(`${preview}/confirm`, {}, { headers: { cookie } })).status).toBe(404);
    const list = await get(`/connections/${id}/reports/schedules?day=${DAY}`, cookie);
    expect(list.text.match(/>Ann<\/a>/g)).toHaveLength(3);
    const again = await send(id, cookie, CSV);
    expect((await get(again.headers.get('location') ?? '', cookie)).text).toContain('storing it would change nothing');
  });

  it('knows nothing of a file that broke off while it was being held', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    const preview = (await send(id, cookie, CSV)).headers.get('location') ?? '';
    await env.DB.prepare(`DELETE FROM schedule_upload_part WHERE kind = 'activities'`).run();
    expect((await post(`${preview}/confirm`, {}, { headers: { cookie } })).status).toBe(404);
    expect((await get(preview, cookie)).status).toBe(404);
  });

  it('does not store a file that schedules stored meanwhile have overtaken', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    const early = `agent,activity,start,end\na3,Calls,${DAY} 05:00,${DAY} 09:00\n`;
    const preview = (await send(id, cookie, early)).headers.get('location') ?? '';
    await upload(id, {
      activities: [{ agent: 'a3', activity: 'Night', start: '2026-01-04 22:00', end: `${DAY} 06:00` }],
    });
    const answer = await post(`${preview}/confirm`, {}, { headers: { cookie } });
    expect(answer.status).toBe(409);
    expect(await answer.text()).toContain('Schedules were changed meanwhile');
    expect(await rowsOf('schedule_activity')).toBe(1);
    await post(`${preview}/discard`, {}, { headers: { cookie } });
    expect([await rowsOf('schedule_upload'), await rowsOf('schedule_upload_part')]).toEqual([0, 0]);
  });

  it('refuses a file without its columns, and one from another site', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    const refused = await send(id, cookie, 'a,b\n');
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining('The first line does not name'),
    ]);
    expect((await send(id, cookie, CSV, 'https://evil.example')).status).toBe(403);
    expect(await rowsOf('schedule_upload')).toBe(0);
  });

  it('changes what adheres, and the grace, by its form', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    await upload(id, { csv: CSV });
    const fields = new URLSearchParams([
      ['grace', '2.5'],
      ['activity.0', 'Calls'],
      ['class.0', 'ready'],
      ['class.0', 'contact'],
      ['class.0', 'wrap-up'],
      ['activity.1', 'Lunch'],
    ]);
    const save = (body: URLSearchParams) =>
      ask(`/connections/${id}/reports/schedules/rules`, {
        method: 'POST',
        headers: { cookie, origin: ORIGIN, 'content-type': 'application/x-www-form-urlencoded' },
        body: body.toString(),
      });
    expect((await save(fields)).status).toBe(303);
    expect((await api('GET', `/connections/${id}/adherence-rules`)).body).toEqual({
      graceMs: 150_000,
      activities: [{ activity: 'Lunch', classes: [] }],
    });
    fields.set('grace', '61');
    const refused = await save(fields);
    expect([refused.status, await refused.text()]).toEqual([
      422,
      expect.stringContaining('Enter minutes from 0 to 60.'),
    ]);
  });

  it('deletes whole days by its form', async () => {
    const id = await withCentre();
    const cookie = await signIn();
    await upload(id, { csv: CSV });
    const path = `/connections/${id}/reports/schedules/delete`;
    expect((await post(path, { from: DAY, to: '2026-01-01' }, { headers: { cookie } })).status).toBe(422);
    const deleted = await post(path, { from: DAY, to: DAY }, { headers: { cookie } });
    expect(deleted.headers.get('location')).toContain('notice=deleted&count=3');
    expect(await rowsOf('schedule_activity')).toBe(0);
  });
});

it('the way to the reports leads to the only connection, and lets choose among several', async () => {
  const id = await withCentre();
  const cookie = await signIn();
  const go = (path: string) => ask(path, { headers: { cookie } });
  expect((await go('/reports')).headers.get('location')).toBe(`/connections/${id}/reports/volume`);
  expect((await go('/reports/adherence')).headers.get('location')).toBe(`/connections/${id}/reports/adherence`);
  await createConnection({ name: 'Second' });
  const page = await (await go('/reports')).text();
  expect([page.includes('Acme'), page.includes('Second')]).toEqual([true, true]);
});
