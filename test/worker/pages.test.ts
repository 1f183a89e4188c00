import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { answersSeen, api, ask, CANARIES, createConnection, freshSite, post, signIn } from './site.ts';

beforeEach(freshSite);
afterEach(() => {
  vi.restoreAllMocks();
});

const FORM = {
  name: 'Acme',
  timeZone: 'America/Chicago',
  'acd.realTime.baseUrl': 'https://ncc.example.com',
  'acd.realTime.username': 'rt@example.com',
  'secrets.realTimePassword': CANARIES.realTimePassword,
  'acd.realTime.collectionIntervalS': '5',
  'acd.historical.baseUrl': 'https://ncc.example.com',
  'acd.historical.username': 'hist@example.com',
  'secrets.historicalPassword': CANARIES.historicalPassword,
  'wfm.baseUrl': 'https://na1.nice-incontact.com',
  'wfm.accessKeyId': 'KEY-ID',
  'secrets.accessKeySecret': CANARIES.accessKeySecret,
};

/** The fields of a form as a browser would send them back unchanged. */
async function formOf(page: Response): Promise<Record<string, string>> {
  const fields: Record<string, string> = {};
  let select = '';
  const rewriter = new HTMLRewriter()
    .on('form.settings input', {
      element(input) {
        const name = input.getAttribute('name');
        if (!name) return;
        if (input.getAttribute('type') === 'checkbox' && input.getAttribute('checked') === null) return;
        // HTMLRewriter gives attributes as they are written.
        const value = input.getAttribute('value') ?? '';
        fields[name] = value.replaceAll('&quot;', '"').replaceAll('&amp;', '&');
      },
    })
    .on('form.settings select', {
      element(element) {
        select = element.getAttribute('name') ?? '';
      },
    })
    .on('form.settings option[selected]', {
      element(option) {
        fields[select] = option.getAttribute('value') ?? '';
      },
    });
  await rewriter.transform(page).text();
  return fields;
}

/** The controls that a page marks as wrong, with the sentence that it ties to each. */
async function markedFields(page: Response): Promise<Record<string, string>> {
  const html = await page.clone().text();
  const marked: Record<string, string> = {};
  const sentences: Record<string, string> = {};
  for (const [, id = '', text = ''] of html.matchAll(/<p class="field-error" id="([^"]+)">([^<]*)</g))
    sentences[id] = text;
  await new HTMLRewriter()
    .on('[aria-invalid=true]', {
      element(control) {
        const [id = ''] = (control.getAttribute('aria-describedby') ?? '').split(' ');
        marked[control.getAttribute('name') ?? ''] = sentences[id] ?? 'nothing';
      },
    })
    .transform(page)
    .text();
  return marked;
}

describe('the connection form', () => {
  it('carries the labels of the source document, in its order', async () => {
    const cookie = await signIn();
    const html = await (await ask('/connections/new', { headers: { cookie } })).text();
    const labels = [
      'Real-time adherence integration',
      'Base URL',
      'Username',
      'Password',
      'Transaction Collection Interval (seconds)',
      'Historical contact volume data collection',
      'Base URL',
      'UserName',
      'Password',
      'CXone Mpower WFM',
    ];
    let from = 0;
    for (const label of labels) {
      const at = html.indexOf(`>${label}<`, from);
      expect([label, at > from]).toEqual([label, true]);
      from = at;
    }
    expect(html.indexOf('>Save<', from)).toBeGreaterThan(from);
  });

  it('creates a connection, sealed, and shows it again without its secrets', async () => {
    const cookie = await signIn();
    const fields = { ...(await formOf(await ask('/connections/new', { headers: { cookie } }))), ...FORM };
    const saved = await post('/connections/new', fields, { headers: { cookie } });
    expect([saved.status, saved.headers.get('location')]).toEqual([303, '/?notice=saved']);
    const html = await (await ask('/connections/1', { headers: { cookie } })).text();
    expect(html).toContain('value="rt@example.com"');
    expect(html.match(/stored, leave empty to keep/g)).toHaveLength(3);
    for (const secret of Object.values(CANARIES)) expect(answersSeen.join()).not.toContain(secret);
  });

  it('works with nothing but the fields of the source document and of the WFM', async () => {
    const cookie = await signIn();
    const fields = await formOf(await ask('/connections/new', { headers: { cookie } }));
    expect(fields['collection.settleDelayS']).toBe('120');
    expect((await post('/connections/new', { ...fields, ...FORM }, { headers: { cookie } })).status).toBe(303);
    const stored = await api<{ collection: { reReadAfterMinutes: number[] } }>('GET', '/connections/1');
    expect(stored.body.collection.reReadAfterMinutes).toEqual([15, 60, 1440]);
  });

  it('says beside each field what is wrong, keeps what was typed and stores nothing', async () => {
    const cookie = await signIn();
    const empty = await formOf(await ask('/connections/new', { headers: { cookie } }));
    const wrong = {
      ...empty,
      ...FORM,
      name: '<script>alert(1)</script>',
      timeZone: 'Mars/Olympus',
      'acd.realTime.username': '',
      'acd.realTime.collectionIntervalS': '2',
      'secrets.historicalPassword': '',
      'collection.settleDelayS': 'soon',
    };
    const page = await post('/connections/new', wrong, { headers: { cookie } });
    expect(page.status).toBe(422);
    const html = await page.clone().text();
    expect(await markedFields(page)).toEqual({
      timeZone: 'Enter an IANA time zone, such as America/Chicago.',
      'acd.realTime.username': 'Enter the user name.',
      'acd.realTime.collectionIntervalS': 'The shortest interval is 3 seconds.',
      'secrets.historicalPassword': 'Enter the password.',
      'collection.settleDelayS': 'Enter a number.',
    });
    expect(html).toContain('value="Mars/Olympus"');
    expect(html).not.toContain('<script>alert');
    expect(html).not.toContain(CANARIES.accessKeySecret);
    expect((await api<{ rows: unknown[] }>('GET', '/connections')).body.rows).toEqual([]);
  });

  it('tells the second of two administrators what differs, and lets them decide', async () => {
    const id = await createConnection();
    const cookie = await signIn();
    const [one, two] = await Promise.all(
      [0, 1].map(async () => formOf(await ask(`/connections/${id}`, { headers: { cookie } }))),
    );
    const first = await post(`/connections/${id}`, { ...one, 'wfm.acdId': 'Theirs' }, { headers: { cookie } });
    expect(first.status).toBe(303);
    const second = await post(`/connections/${id}`, { ...two, 'wfm.acdId': 'Mine' }, { headers: { cookie } });
    expect(second.status).toBe(409);
    const html = await second.clone().text();
    expect(html).toMatch(/ACD id<\/th><td>Theirs<\/td><td>Mine</);
    const third = await post(`/connections/${id}`, await formOf(second), { headers: { cookie } });
    expect(third.status).toBe(303);
    expect((await api<{ wfm: { acdId: string } }>('GET', `/connections/${id}`)).body.wfm.acdId).toBe('Mine');
  });

  it('is not disturbed by a roster import in between', async () => {
    const id = await createConnection();
    const cookie = await signIn();
    const fields = await formOf(await ask(`/connections/${id}`, { headers: { cookie } }));
    await env.DB.prepare('UPDATE connection SET config_version = config_version + 1').run();
    const saved = await post(`/connections/${id}`, { ...fields, name: 'Renamed' }, { headers: { cookie } });
    expect(saved.status).toBe(303);
  });

  it('of a connection that is gone says so', async () => {
    const cookie = await signIn();
    const page = await ask('/connections/7', { headers: { cookie } });
    expect(page.status).toBe(404);
    expect(await page.text()).toContain('There is no such connection');
  });
});

describe('the Overview', () => {
  it('says what to do when there is nothing yet', async () => {
    const cookie = await signIn();
    expect(await (await ask('/', { headers: { cookie } })).text()).toContain('Create a connection');
  });

  it('shows the account of each stream from what is stored, and warns when it does not add up', async () => {
    const id = await createConnection();
    await api('POST', `/connections/${id}/pause`);
    await env.DB.batch([
      env.DB.prepare(
        `INSERT INTO stream (connection_id, name, read_count, delivered_count, set_aside_count)
         VALUES (?1, 'agent-states', 0, 0, 0), (?1, 'historical', 1234567, 1234000, 7), (?1, 'agent-activity', 10, 4, 0) ON CONFLICT DO UPDATE SET read_count = excluded.read_count, delivered_count = excluded.delivered_count, set_aside_count = excluded.set_aside_count`,
      ).bind(id),
      env.DB.prepare(
        `INSERT INTO state_log (connection_id, log_id, from_ms, until_ms, polls, read_count, change_count, changes,
                                cursor_log_id, cursor_offset, delivered_count, set_aside_count)
         VALUES (?1, 1, 0, 0, 1, 5, 5, '[]', 1, 0, 0, 0), (?1, 2, 0, 0, 1, 9, 4, '[]', 1, 3, 2, 1)`,
      ).bind(id),
      env.DB.prepare(
        `INSERT INTO report (connection_id, stream, start_ms, end_ms, revision, delivered_revision, record_count, held_count, created_at_ms)
         VALUES (?1, 'historical', 0, 900000, 1, 0, 500, 0, 0), (?1, 'historical', 900000, 1800000, 1, 1, 90, 60, 0)`,
      ).bind(id),
    ]);
    const { body } = await api<{ rows: { streams: { name: string; account: unknown }[] }[] }>('GET', '/status');
    const accounts = Object.fromEntries(body.rows[0]!.streams.map(({ name, account }) => [name, account]));
    expect(accounts).toEqual({
      'agent-states': { read: 9, delivered: 2, setAside: 1, waiting: 6, held: 0 },
      historical: { read: 1_234_567, delivered: 1_234_000, setAside: 7, waiting: 560, held: 60 },
      'agent-activity': { read: 10, delivered: 4, setAside: 0, waiting: 0, held: 0 },
    });
    const html = await (await ask('/', { headers: { cookie: await signIn() } })).text();
    expect(html).toContain('1,234,567');
    expect(html.match(/Adds up/g)).toHaveLength(2);
    expect(html.match(/Does not add up/g)).toHaveLength(1);
  });

  it('escapes every name', async () => {
    await createConnection({ name: '<img src=x onerror=alert(1)>' });
    const html = await (await ask('/fragments/overview', { headers: { cookie: await signIn() } })).text();
    expect(html).toContain('&lt;img src=x onerror=alert(1)>');
    expect(html).not.toContain('<img');
  });
});

describe('/healthz', () => {
  it('is open to everybody, tells no name, and is 503 when a connection has stalled', async () => {
    expect(await (await ask('/healthz')).json()).toEqual({
      status: 'ok',
      connections: {},
      silent: { loops: 0, minuteJob: false },
    });
    await createConnection();
    await env.DB.prepare('UPDATE connection SET created_at_ms = 0').run();
    const stalled = await ask('/healthz');
    expect(stalled.status).toBe(503);
    expect(await stalled.json()).toEqual({
      status: 'stalled',
      connections: { stalled: 1 },
      silent: { loops: 1, minuteJob: true },
    });
  });
});

it('a record set aside is listed with its reason and a button to send it again', async () => {
  const id = await createConnection();
  await env.DB.prepare(
    `INSERT INTO set_aside (connection_id, stream, at_ms, record_key, record, http_status, reason)
     VALUES (?1, 'agent-states', 0, 'u3', '{"loginId":"u3"}', 400, 'unknown <login> id')`,
  )
    .bind(id)
    .run();
  const cookie = await signIn();
  const found = await ask('/set-aside', { headers: { cookie } });
  expect(found.headers.get('location')).toBe(`/connections/${id}/set-aside`);
  const html = await (await ask(`/connections/${id}/set-aside`, { headers: { cookie } })).text();
  expect(html).toContain('unknown &lt;login');
  expect(html).toContain(`action="/connections/${id}/set-aside/1/send-again"`);
});
