import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ask, createConnection, freshSite, ORIGIN, post, signIn } from './site.ts';

let id: number;
let cookie: string;

beforeEach(async () => {
  await freshSite();
  id = await createConnection();
  await api('POST', `/connections/${id}/pause`);
  cookie = await signIn();
  const queue = (key: number, source: string, name: string) =>
    env.DB.prepare(
      `INSERT INTO queue (id, connection_id, source_id, name, in_roster, first_seen_ms) VALUES (?1, ?2, ?3, ?4, 1, 0)`,
    ).bind(key, id, source, name);
  const agent = (key: number, source: string, username: string, name: string) =>
    env.DB.prepare(
      `INSERT INTO agent (id, connection_id, source_id, username, name, in_roster, first_seen_ms) VALUES (?1, ?2, ?3, ?4, ?5, 1, 0)`,
    ).bind(key, id, source, username, name);
  const state = (key: number, name: string, reason: string, reviewed: number, seen: number) =>
    env.DB.prepare(
      `INSERT INTO acd_state (id, connection_id, name, reason, class, reviewed, first_seen_ms, last_seen_ms, seen_count)
       VALUES (?1, ?2, ?3, ?4, 'not ready', ?5, 0, 0, ?6)`,
    ).bind(key, id, name, reason, reviewed, seen);
  await env.DB.batch([
    queue(1, 'q1', 'Sales'),
    queue(2, 'q2', '=HYPERLINK("http://evil")'),
    queue(3, 'q3', '<img src=x>'),
    agent(1, 'a1', 'ann@x', 'Ann'),
    agent(2, 'a2', '', 'Bob'),
    state(1, 'Available', '', 1, 900),
    state(2, 'Lunch', '', 0, 50),
    state(3, 'Pause', 'Training', 0, 70),
  ]);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A second connection, which collects nothing. */
async function otherConnection(): Promise<number> {
  const other = await createConnection({ name: 'Other' });
  await api('POST', `/connections/${other}/pause`);
  return other;
}

const show = async (path: string) => (await ask(`/connections/${id}${path}`, { headers: { cookie } })).text();
const send = (path: string, fields: Record<string, string>) =>
  post(`/connections/${id}${path}`, fields, { headers: { cookie } });
const version = async () =>
  (await env.DB.prepare('SELECT config_version AS v FROM connection WHERE id = ?1').bind(id).first<{ v: number }>())?.v;

/** The table's form as a browser sends it back unchanged. */
async function formOf(page: Response): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  let select = '';
  const rewriter = new HTMLRewriter()
    .on('form.mapping input', {
      element(input) {
        const name = input.getAttribute('name');
        if (!name) return;
        if (input.getAttribute('type') === 'checkbox' && input.getAttribute('checked') === null) return;
        fields[name] = (input.getAttribute('value') ?? '').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
      },
    })
    .on('form.mapping tbody select', {
      element(element) {
        select = element.getAttribute('name') ?? '';
      },
    })
    .on('form.mapping tbody option[selected]', {
      element(option) {
        fields[select] = option.getAttribute('value') ?? '';
      },
    });
  await rewriter.transform(page).text();
  return { ...fields, do: 'save' };
}
const formAt = async (path: string) => formOf(await ask(`/connections/${id}${path}`, { headers: { cookie } }));

async function upload(path: string, content: string): Promise<Response> {
  const form = new FormData();
  form.set('file', new File([content], 'table.csv', { type: 'text/csv' }));
  return ask(`/connections/${id}${path}`, { method: 'POST', headers: { cookie, origin: ORIGIN }, body: form });
}

describe('queues edited in place', () => {
  it('a form sent back unchanged changes nothing', async () => {
    const before = await version();
    const answer = await send('/roster?show=queues', await formAt('/roster'));
    expect(answer.headers.get('location')).toBe(`/connections/${id}/roster?show=queues&done=saved`);
    expect(await version()).toBe(before);
  });

  it('saves what differs, in one step, with a line in the audit', async () => {
    const before = (await version()) ?? 0;
    const form = await formAt('/roster');
    delete form['included.3'];
    const answer = await send('/roster?show=queues', {
      ...form,
      'queueValue.1': ' sales-key ',
      'direction.1': 'outbound',
      'shortPct.1': '82,5',
    });
    expect(answer.headers.get('location')).toContain('done=saved&count=2');
    expect(await version()).toBe(before + 1);
    const { body } = await api<{ rows: object[] }>('GET', `/connections/${id}/queues`);
    expect(body.rows).toMatchObject([
      { queueValue: 'sales-key', isOutbound: true, mixed: false, shortPct: 82.5, included: true },
      { queueValue: null, included: true },
      { included: false },
    ]);
    const { results } = await env.DB.prepare(`SELECT by, detail FROM audit WHERE action = 'mapping changed'`).all();
    expect(results).toEqual([
      {
        by: 'the administrator',
        detail:
          '2 queues: <img src=x> (Included yes → no); Sales (Key in the WFM default → sales-key, ' +
          'Direction inbound → outbound, Answered in time (%) default → 82.5).',
      },
    ]);
  });

  it('says beside each field what is wrong, keeps what was typed, and saves nothing at all', async () => {
    const before = await version();
    const form = { ...(await formAt('/roster')), 'queueValue.1': 'good', 'queueValue.2': 'Köln', 'shortPct.3': '140' };
    const answer = await send('/roster?show=queues', form);
    expect(answer.status).toBe(422);
    const html = await answer.text();
    expect(html).toContain('id="field-queueValue-2-error">A key has 1 to 100 plain ASCII characters.');
    expect(html).toMatch(/id="field-shortPct-3-error">Enter a number from 0 to 100\./);
    expect(html).toContain('value="Köln"');
    expect(html).toContain('value="good"');
    expect(html).not.toContain('<img src=x>');
    expect(await version()).toBe(before);
  });

  it('tells the second of two people what the first one saved, and lets them decide', async () => {
    const [one, two] = [await formAt('/roster'), await formAt('/roster')];
    await send('/roster?show=queues', { ...one, 'queueValue.1': 'theirs', 'queueValue.2': 'also' });
    const second = await send('/roster?show=queues', { ...two, 'queueValue.1': 'mine', 'queueValue.3': 'third' });
    expect(second.status).toBe(422);
    const html = await second.clone().text();
    expect(html).toContain('Somebody else set this to &quot;theirs&quot; meanwhile');
    const third = await send('/roster?show=queues', await formOf(second));
    expect(third.status).toBe(303);
    const { body } = await api<{ rows: { queueValue: string | null }[] }>('GET', `/connections/${id}/queues`);
    // What the second one never touched keeps what the first one saved.
    expect(body.rows.map(({ queueValue }) => queueValue)).toEqual(['mine', 'also', 'third']);
  });

  it('points out a queue that NICE would drop, before the others', async () => {
    await api('PATCH', `/connections/${id}/queues/1`, { mixed: true });
    await api('PATCH', `/connections/${id}/queues/3`, { queueValue: 'q2' });
    const html = await show('/roster?status=attention');
    expect(html).toContain('3 queues have a key or a direction that the WFM refuses or drops');
    expect(html).toContain('NICE drops such records');
    expect(html.match(/key shared/g)).toHaveLength(2);
    expect((await show('/roster')).indexOf('mixes directions')).toBeGreaterThan(0);
  });
});

describe('many rows at once', () => {
  it('sets the ticked ones', async () => {
    await send('/roster?show=queues', { ...(await formAt('/roster')), do: 'bulk', bulkAction: 'mixed', pick: '2' });
    const { body } = await api<{ rows: { mixed: boolean }[] }>('GET', `/connections/${id}/queues`);
    expect(body.rows.map(({ mixed }) => mixed)).toEqual([false, true, false]);
  });

  it('sets all rows of the list as it is filtered', async () => {
    const path = '/roster?show=queues&q=sales';
    const form = { ...(await formAt(path)), do: 'bulk', bulkAction: 'leave-out', bulkScope: 'filter' };
    expect((await send(path, form)).headers.get('location')).toBe(`/connections/${id}${path}&done=saved&count=1`);
    const { body } = await api<{ rows: { included: boolean }[] }>('GET', `/connections/${id}/queues`);
    expect(body.rows.map(({ included }) => included)).toEqual([false, true, true]);
  });

  it('refuses a value that is none', async () => {
    const form = { ...(await formAt('/roster')), do: 'bulk', bulkAction: 'share', bulkValue: 'most', pick: '1' };
    expect((await send('/roster?show=queues', form)).status).toBe(422);
    const none = { ...(await formAt('/roster')), do: 'bulk', bulkAction: '', pick: '1' };
    expect((await send('/roster?show=queues', none)).headers.get('location')).toContain('done=choose');
  });
});

describe('agents', () => {
  it('without a login id come first, and are gone from there once they have one', async () => {
    const html = await show('/roster?show=agents');
    expect(html).toContain('1 agent cannot be placed in the WFM');
    expect(html.indexOf('Bob')).toBeLessThan(html.indexOf('Ann'));
    const form = await formAt('/roster?show=agents');
    await send('/roster?show=agents', { ...form, 'loginId.2': 'bob@x', 'employeeId.2': 'E 7' });
    expect(await show('/roster?show=agents')).not.toContain('cannot be placed');
    expect((await api<{ rows: object[] }>('GET', `/connections/${id}/agents`)).body.rows[1]).toMatchObject({
      loginId: 'bob@x',
      employeeId: 'E 7',
    });
  });

  it('of another connection cannot be changed through this one', async () => {
    const other = await otherConnection();
    const answer = await api('PATCH', `/connections/${other}/agents/1`, { loginId: 'x' });
    expect(answer.status).toBe(404);
    await post(
      `/connections/${other}/roster?show=agents`,
      { do: 'save', 'was.1': '{}', 'loginId.1': 'x', 'included.1': 'yes' },
      { headers: { cookie } },
    );
    expect((await api<{ rows: object[] }>('GET', `/connections/${id}/agents`)).body.rows[0]).toMatchObject({
      loginId: null,
    });
  });
});

describe('a table', () => {
  it('goes out harmless to spreadsheets and comes back the same', async () => {
    const csv = await show('/roster/queues.csv?show=queues');
    expect(csv.split('\r\n')).toEqual([
      'ACD id,Name,Service level (s),Key in the WFM,Direction,Answered in time (%),Included',
      'q3,<img src=x>,,,inbound,,yes',
      'q2,"\'=HYPERLINK(""http://evil"")",,,inbound,,yes',
      'q1,Sales,,,inbound,,yes',
      '',
    ]);
    const kept = await upload('/roster/queues/upload', csv);
    const preview = await ask(kept.headers.get('location') ?? '', { headers: { cookie } });
    expect(await preview.text()).toContain('nothing to apply');
  });

  it('is previewed with its errors by line, and nothing is stored before it is confirmed', async () => {
    const before = await version();
    const csv = [
      '\uFEFFKEY IN THE WFM;acd id;Direction',
      'good;q1;Outbound',
      'Köln;q2;inbound',
      ';q9;inbound',
      'twice;q1;inbound',
      ';q3;sideways',
    ].join('\r\n');
    const kept = await upload('/roster/queues/upload', csv);
    expect(kept.status).toBe(303);
    const location = kept.headers.get('location') ?? '';
    const preview = await ask(location, { headers: { cookie } });
    const text = (await preview.text()).replaceAll(/<[^>]+>/g, ' ').replaceAll(/\s+/g, ' ');
    expect(text).toContain('5 rows read: 1 would change');
    expect(text).toContain('6 &lt;img src=x>, Direction: Write one of: inbound, outbound, mixed.');
    expect(text).toContain(
      '3 =HYPERLINK(&quot;http://evil&quot;), Key in the WFM: A key has 1 to 100 plain ASCII characters.',
    );
    expect(text).toContain('4 There is no queue &quot;q9&quot;.');
    expect(text).toContain('5 The same queue is on line 2.');
    expect(await version()).toBe(before);
  });

  it('once confirmed changes what is in order, and cannot be confirmed twice', async () => {
    const kept = await upload(
      '/roster/agents/upload',
      'ACD id,ACD Login ID,Included\na1,,no\na2,bob@x,TRUE\na7,who,yes\n',
    );
    const location = kept.headers.get('location') ?? '';
    expect(await (await ask(location, { headers: { cookie } })).text()).toContain('Apply 2 changes');
    const done = await post(location, {}, { headers: { cookie } });
    expect(done.headers.get('location')).toBe(`/connections/${id}/roster?show=agents&done=saved&count=2`);
    expect((await post(location, {}, { headers: { cookie } })).status).toBe(404);
    expect((await api<{ rows: object[] }>('GET', `/connections/${id}/agents`)).body.rows).toMatchObject([
      { loginId: null, included: false },
      { loginId: 'bob@x', included: true },
    ]);
  });

  it.each([
    ['no key column', 'Name,Direction\nSales,inbound\n', 'must name the column &quot;ACD id&quot;'],
    ['nothing to change', 'ACD id,Name\nq1,Sales\n', 'No column to change'],
    ['an open quotation mark', 'ACD id,Direction\n"q1,inbound\n', 'never closed'],
  ])('with %s says so', async (_, csv, words) => {
    const kept = await upload('/roster/queues/upload', csv);
    const html = await (await ask(kept.headers.get('location') ?? '', { headers: { cookie } })).text();
    expect(html).toContain(words);
    expect(html).not.toContain('Apply');
  });

  it('that is missing, too large or no text is refused', async () => {
    expect((await upload('/roster/queues/upload', '')).headers.get('location')).toContain('done=no-file');
    expect((await upload('/roster/queues/upload', `ACD id,Direction\n${'q1,inbound\n'.repeat(100_000)}`)).status).toBe(
      413,
    );
    expect((await send('/roster/queues/upload', { file: 'x' })).status).toBe(415);
  });

  it('of another connection cannot be confirmed here', async () => {
    const kept = await upload('/roster/queues/upload', 'ACD id,Included\nq1,no\n');
    const other = await otherConnection();
    const path = (kept.headers.get('location') ?? '').replace(`/connections/${id}/`, `/connections/${other}/`);
    expect((await post(path, {}, { headers: { cookie } })).status).toBe(404);
    expect((await api<{ rows: object[] }>('GET', `/connections/${id}/queues`)).body.rows[0]).toMatchObject({
      included: true,
    });
  });
});

describe('states', () => {
  it('that nobody has looked at come first, the most frequent of them first of all', async () => {
    const html = await show('/states');
    expect(html).toContain('2 states were seen and not reviewed');
    const order = ['aria-label="Tick Pause / Training"', 'aria-label="Tick Lunch"', 'aria-label="Tick Available"'];
    expect(
      order.map((text) => html.indexOf(text)).every((at, i, all) => at > 0 && (i === 0 || at > (all[i - 1] ?? 0))),
    ).toBe(true);
  });

  it('get a class and codes; an empty reason code is not the same as the reason', async () => {
    const form = await formAt('/states');
    await send('/states', {
      ...form,
      'class.3': 'ready',
      'eventCode.3': 'TRN',
      'reasonCode.3': '(none)',
      'reviewed.3': 'yes',
    });
    const { body } = await api<{ rows: object[] }>('GET', `/connections/${id}/states`);
    expect(body.rows[2]).toMatchObject({ class: 'ready', eventCode: 'TRN', reasonCode: '', reviewed: true });
    const again = await send('/states', await formAt('/states'));
    expect(again.headers.get('location')).toContain('done=saved');
    expect(again.headers.get('location')).not.toContain('count');
  });

  it('are marked as reviewed all at once', async () => {
    const form = { ...(await formAt('/states')), do: 'bulk', bulkAction: 'reviewed', bulkScope: 'filter' };
    await send('/states?status=unreviewed', form);
    expect(await show('/states')).not.toContain('not reviewed</span>');
  });

  it('refuse a class that does not exist', async () => {
    const answer = await send('/states', { ...(await formAt('/states')), 'class.2': 'asleep' });
    expect(answer.status).toBe(422);
    expect(await answer.text()).toContain('Write one of: ready, contact');
  });
});

describe('the code book', () => {
  beforeEach(async () => {
    await env.DB.prepare(
      `INSERT INTO code_book VALUES (?1, 'Available', '', 1000, 2000, 1234), (?1, 'Old <code>', 'r', 1, 2, 3)`,
    )
      .bind(id)
      .run();
  });

  it('lists what was sent, with the states that send it, and what would be', async () => {
    const { body } = await api<{ rows: object[] }>('GET', `/connections/${id}/code-book`);
    expect(body.rows).toEqual([
      {
        eventCode: 'Available',
        reasonCode: '',
        states: 'Available',
        firstSentAt: '1970-01-01T00:00:01.000Z',
        lastSentAt: '1970-01-01T00:00:02.000Z',
        sentCount: 1_234,
      },
      expect.objectContaining({ eventCode: 'Old <code>', states: '', sentCount: 3 }),
      expect.objectContaining({ eventCode: 'Lunch', firstSentAt: null, sentCount: 0 }),
      expect.objectContaining({ eventCode: 'Pause', reasonCode: 'Training', states: 'Pause / Training' }),
    ]);
    const html = await show('/code-book');
    expect(html).toContain('1,234');
    expect(html).not.toContain('Old <code>');
  });

  it('filters by its address and goes out as CSV', async () => {
    expect(await show('/code-book?status=former')).not.toContain('Lunch');
    const csv = await show('/code-book.csv?status=former');
    expect(csv).toBe(
      'Event code,Reason code,States,First sent (UTC),Last sent (UTC),Times sent\r\n' +
        'Old <code>,r,,1970-01-01T00:00:00.001Z,1970-01-01T00:00:00.002Z,3\r\n',
    );
  });
});

describe('the API', () => {
  it('maps many rows, all or none', async () => {
    const good = {
      rows: [
        { id: 1, queueValue: 'k1' },
        { id: 2, isOutbound: true },
      ],
    };
    expect((await api('PATCH', `/connections/${id}/queues`, good)).body).toEqual({ changed: 2 });
    const bad = {
      rows: [
        { id: 1, queueValue: 'k2' },
        { id: 99, included: false },
      ],
    };
    expect((await api('PATCH', `/connections/${id}/queues`, bad)).status).toBe(404);
    const twice = {
      rows: [
        { id: 1, included: false },
        { id: 1, included: true },
      ],
    };
    expect((await api('PATCH', `/connections/${id}/queues`, twice)).status).toBe(400);
    const { body } = await api<{ rows: object[] }>('GET', `/connections/${id}/queues`);
    expect(body.rows).toMatchObject([{ queueValue: 'k1', included: true }, { isOutbound: true }, {}]);
  });

  it('keeps the direction that it is not told about', async () => {
    await api('PATCH', `/connections/${id}/queues/1`, { mixed: true });
    await api('PATCH', `/connections/${id}/queues/1`, { included: false });
    expect((await api('PATCH', `/connections/${id}/queues/1`, {})).body).toMatchObject({
      mixed: true,
      isOutbound: false,
    });
    expect((await api('PATCH', `/connections/${id}/queues/1`, { isOutbound: true })).body).toMatchObject({
      mixed: false,
      isOutbound: true,
    });
  });

  it('clears codes with null and sends none with an empty one', async () => {
    await api('PATCH', `/connections/${id}/states`, { rows: [{ id: 3, eventCode: 'E', reasonCode: '' }] });
    const read = async () => (await api<{ rows: object[] }>('GET', `/connections/${id}/states`)).body.rows[2];
    expect(await read()).toMatchObject({ eventCode: 'E', reasonCode: '' });
    await api('PATCH', `/connections/${id}/states/3`, { eventCode: null, reasonCode: null });
    expect(await read()).toMatchObject({ eventCode: null, reasonCode: null });
  });
});

it('importing the roster by hand is in the audit', async () => {
  expect((await send('/roster/import', {})).headers.get('location')).toBe(`/connections/${id}/roster?done=import`);
  await api('POST', `/connections/${id}/roster/import`);
  const { results } = await env.DB.prepare(`SELECT by FROM audit WHERE action = 'roster import asked for'`).all();
  expect(results).toEqual([{ by: 'the administrator' }, { by: 'the API token' }]);
});

it('lists are paged, filtered and counted', async () => {
  const rows = JSON.stringify(Array.from({ length: 250 }, (_, i) => `extra-${String(i).padStart(3, '0')}`));
  await env.DB.prepare(
    `INSERT INTO queue (connection_id, source_id, name, in_roster, first_seen_ms) SELECT ?1, value, value, 1, 0 FROM json_each(?2)`,
  )
    .bind(id, rows)
    .run();
  const second = await show('/roster?q=extra&page=2');
  expect(second).toContain('101–200 of 250');
  expect(second).toContain('extra-150');
  expect(second).not.toContain('extra-099');
  expect(await show('/roster?q=no+such+queue')).toContain('Nothing matches');
  const other = await otherConnection();
  const empty = await (await ask(`/connections/${other}/roster`, { headers: { cookie } })).text();
  expect(empty).toContain('No queues yet');
});
