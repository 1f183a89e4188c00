// The Monitor and alerts, through the Worker's own door: what a rule finds is told once, signed, and told again when solved.

import { createScheduledController } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import packageJson from '../../package.json';
import worker from '../../worker/index.ts';
import { answersSeen, api, ask, createConnection, freshSite, post, signIn } from './site.ts';

/** What was sent anywhere, newest last. */
let sent: { url: string; headers: Headers; body: string }[];
let answer: () => Response;

beforeEach(async () => {
  await freshSite();
  sent = [];
  answer = () => new Response('ok');
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const request = new Request(input as RequestInfo, init);
    if (!request.url.includes('hook')) throw new TypeError('There is no network in this test.');
    sent.push({ url: request.url, headers: request.headers, body: await request.text() });
    return answer();
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});

const minute = async () => {
  await worker.scheduled(createScheduledController(), env);
};

/** Makes the connection's agent-states feed fail with refused credentials, or go well again. */
async function setRefused(connectionId: number, refused: boolean): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(`INSERT INTO feed (connection_id, name) VALUES (?1, 'agent-states') ON CONFLICT DO NOTHING`).bind(
      connectionId,
    ),
    env.DB.prepare(
      `UPDATE feed SET failures = ?2, failing_since_ms = ?3, error_kind = ?4, error = ?4 WHERE connection_id = ?1 AND name = 'agent-states'`,
    ).bind(connectionId, refused ? 1 : 0, refused ? Date.now() : null, refused ? 'sign-in' : ''),
  ]);
}

async function pausedConnection(name = 'Acme'): Promise<number> {
  const id = await createConnection({ name });
  // The loop would try to reach NCC: only what is stored matters here. A paused connection gives no alerts, so it goes on.
  await env.DB.prepare('UPDATE connection SET paused = 0 WHERE id = ?1').bind(id).run();
  return id;
}

describe('an alert', () => {
  it('is told a channel once, stays silent while it holds, and is told again when it is solved', async () => {
    const id = await pausedConnection();
    await api('POST', '/alert-channels', {
      name: 'On call',
      kind: 'slack',
      address: 'https://hooks.example.com/hook/s3cret',
    });
    await api('POST', '/alert-rules', { connectionId: null, kind: 'sign-in', threshold: 0 });
    await setRefused(id, true);
    await minute();
    await minute();
    expect(sent.map(({ url, body }) => [url, JSON.parse(body)])).toEqual([
      [
        'https://hooks.example.com/hook/s3cret',
        {
          text: '*Alert: Acme*\nThe ACD refuses the credentials that agent states are read with. Correct them on the connection page.',
        },
      ],
    ]);
    await setRefused(id, false);
    await minute();
    await minute();
    expect(sent).toHaveLength(2);
    expect(JSON.parse(sent[1]?.body ?? '').text).toMatch(/^\*Solved: Acme\*/);
    const { body } = await api<{ rows: { solvedAt: string | null }[] }>('GET', '/alerts');
    expect(body.rows.map(({ solvedAt }) => solvedAt !== null)).toEqual([true]);
  });

  it('waits for a channel that does not answer and reaches it later, without a word of its address', async () => {
    const id = await pausedConnection();
    await api('POST', '/alert-channels', {
      name: 'On call',
      kind: 'teams',
      address: 'https://hooks.example.com/hook/s3cret-path',
    });
    await api('POST', '/alert-rules', { connectionId: id, kind: 'sign-in', threshold: 0 });
    await setRefused(id, true);
    answer = () => new Response('no such /hook/s3cret-path', { status: 500 });
    await minute();
    const failing = await api<{ rows: { error: string; failures: number }[] }>('GET', '/alert-channels');
    expect(failing.body.rows[0]?.failures).toBe(1);
    expect(failing.body.rows[0]?.error).toMatch(/^The channel answered 500/);
    answer = () => new Response(null, { status: 202 });
    await env.DB.prepare('UPDATE alert_message SET retry_at_ms = 0').run();
    await minute();
    expect(sent).toHaveLength(2);
    expect(JSON.parse(sent[1]?.body ?? '').attachments[0].contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(answersSeen.join()).not.toContain('s3cret-path');
  });

  it('is not told in a maintenance window, and is told at its end when it still holds', async () => {
    const id = await pausedConnection();
    await api('POST', '/alert-channels', { name: 'On call', kind: 'slack', address: 'https://hooks.example.com/hook' });
    await api('POST', '/alert-rules', { connectionId: null, kind: 'sign-in', threshold: 0 });
    const window = {
      from: new Date(Date.now() - 60_000).toISOString(),
      to: new Date(Date.now() + 600_000).toISOString(),
    };
    const { body } = await api<{ id: number }>('POST', '/maintenance', { connectionId: id, ...window, note: 'Switch' });
    await setRefused(id, true);
    await minute();
    expect(sent).toEqual([]);
    expect((await api('DELETE', `/maintenance/${body.id}`)).status).toBe(204);
    await minute();
    expect(sent).toHaveLength(1);
  });

  it('carries a signature that its receiver can check', async () => {
    const id = await pausedConnection();
    const made = await api<{ id: number; secret: string }>('POST', '/alert-channels', {
      name: 'Own',
      kind: 'webhook',
      address: 'https://hooks.example.com/hook',
    });
    expect(made.body.secret).toMatch(/^whsec_/);
    await api('POST', '/alert-rules', { connectionId: id, kind: 'sign-in', threshold: 0 });
    await setRefused(id, true);
    await minute();
    const { headers, body } = sent[0] ?? { headers: new Headers(), body: '' };
    const key = await crypto.subtle.importKey(
      'raw',
      Uint8Array.from(atob(made.body.secret.slice(6)), (char) => char.charCodeAt(0)),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    const signature = Uint8Array.from(atob((headers.get('webhook-signature') ?? '').slice(3)), (char) =>
      char.charCodeAt(0),
    );
    const signed = `${headers.get('webhook-id')}.${headers.get('webhook-timestamp')}.${body}`;
    expect(await crypto.subtle.verify('HMAC', key, signature, new TextEncoder().encode(signed))).toBe(true);
    expect(JSON.parse(body)).toMatchObject({
      type: 'alert.opened',
      data: { kind: 'sign-in', connection: { id, name: 'Acme' } },
    });
    const stored = await env.DB.prepare('SELECT address_sealed || secret_sealed AS sealed FROM alert_channel').first<{
      sealed: string;
    }>();
    expect(stored?.sealed).not.toContain('hooks.example.com');
    expect(stored?.sealed).not.toContain(made.body.secret);
  });
});

describe('the channels page', () => {
  it('adds, tries and removes a channel, and never shows its address again', async () => {
    const headers = { cookie: await signIn() };
    const added = await post(
      '/monitor/channels',
      {
        'channel.name': '<b>Ops</b>',
        'channel.kind': 'slack',
        'channel.address': 'https://hooks.example.com/hook/xyz',
      },
      { headers },
    );
    expect([added.status, added.headers.get('location')]).toEqual([303, '/monitor?show=settings&notice=channel']);
    const page = await (await ask('/monitor?show=settings', { headers })).text();
    expect(page).toContain('hooks.example.com');
    expect(page).not.toContain('hook/xyz');
    expect(page).toContain('&lt;b>Ops&lt;/b>');
    expect((await post('/monitor/channels/1/test', {}, { headers })).headers.get('location')).toBe(
      '/monitor?show=settings&notice=tested',
    );
    expect(JSON.parse(sent[0]?.body ?? '').text).toContain('This is a test');
    answer = () => new Response('gone', { status: 410 });
    expect(await (await post('/monitor/channels/1/test', {}, { headers })).text()).toContain(
      'The channel answered 410: gone.',
    );
    expect((await post('/monitor/channels/1/remove', {}, { headers })).status).toBe(303);
    expect((await api<{ rows: unknown[] }>('GET', '/alert-channels')).body.rows).toEqual([]);
    const audit = await env.DB.prepare(`SELECT action FROM audit WHERE action LIKE 'alert%' ORDER BY id`).all();
    expect(audit.results).toEqual([{ action: 'alert channel added' }, { action: 'alert channel removed' }]);
  });

  it.each([
    ['channel', { name: '', kind: 'slack', address: 'https://hooks.example.com/h' }, 'Enter a name.'],
    ['channel', { name: 'A', kind: 'slack', address: 'ftp://hooks.example.com/h' }, 'must begin with'],
    ['rule', { kind: 'stale', threshold: 'soon', connectionId: '' }, 'Enter a'],
    ['rule', { kind: 'stale', threshold: '0', connectionId: '' }, 'Enter 1 or more.'],
    ['rule', { kind: 'stale', threshold: '5', connectionId: '99' }, 'There is no such connection.'],
    ['maintenance', { from: '2026-01-01', to: 'later', connectionId: '' }, 'Enter day and time'],
    [
      'maintenance',
      { from: '2020-01-01T10:00', to: '2020-01-01T11:00', connectionId: '' },
      'The end has passed already.',
    ],
  ])('says what is wrong with a %s and stores nothing', async (form, fields, message) => {
    const headers = { cookie: await signIn() };
    const path = { channel: 'channels', rule: 'rules', maintenance: 'maintenance' }[form];
    const named = Object.fromEntries(Object.entries(fields).map(([name, value]) => [`${form}.${name}`, value]));
    const refused = await post(`/monitor/${path}`, named, { headers });
    expect(refused.status).toBe(422);
    expect(await refused.text()).toContain(message);
    const stored = await env.DB.prepare(
      'SELECT (SELECT count(*) FROM alert_channel) + (SELECT count(*) FROM alert_rule) + (SELECT count(*) FROM maintenance) AS rows',
    ).first();
    expect(stored).toEqual({ rows: 0 });
  });
});

describe('the diary', () => {
  it('is narrowed by the address, exported as CSV, and harmless whatever a name holds', async () => {
    const headers = { cookie: await signIn() };
    const id = await createConnection({ name: '=cmd <script>' });
    const write = (kind: string, severity: string, atMs: number) =>
      env.DB.prepare('INSERT INTO event (connection_id, at_ms, kind, severity, message) VALUES (?1, ?2, ?3, ?4, ?5)')
        .bind(id, atMs, kind, severity, `A line of kind ${kind}.`)
        .run();
    await write('reading failed', 'error', Date.now());
    await write('reading recovered', 'info', Date.now());
    await write('reading failed', 'error', Date.parse('2020-01-01T12:00:00Z'));
    const whole = await (await ask('/monitor', { headers })).text();
    expect(whole).not.toContain('<script>');
    expect(whole.match(/A line of kind/g)).toHaveLength(3);
    const errors = await (await ask(`/connections/${id}/monitor?severity=error&from=2026-01-01`, { headers })).text();
    expect(errors.match(/A line of kind reading failed/g)).toHaveLength(1);
    expect(errors).not.toContain('A line of kind reading recovered');
    const csv = await (await ask(`/monitor.csv?kind=reading+recovered`, { headers })).text();
    expect(csv.trim().split('\r\n')).toEqual([
      'at_utc,connection,severity,kind,message',
      expect.stringMatching(/Z,'=cmd <script>,info,reading recovered,A line of kind reading recovered\.$/),
    ]);
  });
});

describe('the support bundle', () => {
  it('holds settings and trouble, and no secret', async () => {
    const headers = { cookie: await signIn() };
    await createConnection();
    const response = await ask('/support-bundle.zip', { headers });
    expect(response.headers.get('content-type')).toBe('application/zip');
    const files = await unzip(new Uint8Array(await response.arrayBuffer()));
    expect([...files.keys()].map((name) => name.split('/')[1])).toEqual(
      expect.arrayContaining([
        'README.txt',
        'about.json',
        'connections.json',
        'ledger.csv',
        'trouble.csv',
        'alerts.json',
      ]),
    );
    const about = [...files].find(([name]) => name.endsWith('about.json'))?.[1] ?? '';
    expect(JSON.parse(about)).toMatchObject({
      version: packageJson.version,
      migrations: expect.arrayContaining(['0001_bridge.sql']),
      rows: { connection: 1 },
    });
    const all = [...files.values()].join('\n');
    expect(all).toContain('ncc.example.com');
    for (const secret of ['canary-', 'correct horse', 'test-api-token']) expect(all).not.toContain(secret);
  });

  it('is for those who are signed in', async () => {
    expect((await ask('/support-bundle.zip')).status).toBe(401);
  });
});

/** Reads an archive by its local headers, as a stream reader does. */
async function unzip(bytes: Uint8Array<ArrayBuffer>): Promise<Map<string, string>> {
  const view = new DataView(bytes.buffer);
  const files = new Map<string, string>();
  let at = 0;
  while (view.getUint32(at, true) === 0x04034b50) {
    const packed = view.getUint32(at + 18, true);
    const nameEnd = at + 30 + view.getUint16(at + 26, true);
    const name = new TextDecoder().decode(bytes.slice(at + 30, nameEnd));
    const stream = new Response(bytes.slice(nameEnd, nameEnd + packed)).body?.pipeThrough(
      new DecompressionStream('deflate-raw'),
    );
    const text = stream ? await new Response(stream).text() : '';
    expect(new TextEncoder().encode(text).length).toBe(view.getUint32(at + 22, true));
    files.set(name, text);
    at = nameEnd + packed;
  }
  expect(view.getUint32(at, true)).toBe(0x02014b50);
  return files;
}
