// Fault B6: distinctive secrets go in, the bridge works and fails with them, and then every byte that it has written or
// answered is searched: log, pages, API, exports, metrics, database with its journal, caches, backups, bundle.
import { readdirSync, readFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBridge } from '../host/support/seeded.ts';
import { eventually, Stage, type StartedProcess } from '../host/support/stage.ts';
import { api, CREDENTIALS, connection, createConnection, SECRETS, signIn, startBridge } from './support/bridge.ts';
import { filesBelow, findSecrets, type Place } from './support/search.ts';

const root = path.resolve(import.meta.dirname, '../..');
const USERNAME = 'canary-user@example.com';
const ISSUED = 'canary-issued-token-Ke5wTq0aVd';
const WEBHOOK_PATH = 'canary-webhook-Lx8sGm3yRo';
const PASSPHRASE = 'canary-passphrase-Ti6nBw1cJf';
const PAGES_MAX = 250;

const stage = new Stage();
const answers: Place[] = [];
const secrets: Record<string, string> = {
  ...SECRETS,
  ...CREDENTIALS,
  ISSUED,
  WEBHOOK_PATH,
  PASSPHRASE,
  // Basic credentials as a whole, and the guess of somebody who has mistaken one character.
  basic: Buffer.from(`${USERNAME}:${CREDENTIALS.realTimePassword}`).toString('base64'),
  guess: `${SECRETS.ADMIN_PASSWORD}-almost`,
};
let bridge: StartedProcess;
let mirror: http.Server;
let dataDirectory: string;
let ids: number[];

/** Signs everybody in, and answers everything else with what it was sent: the rudest way to fail. */
async function startMirror(): Promise<http.Server> {
  const server = http.createServer(async (request, response) => {
    const authorization = request.headers.authorization ?? '';
    const body = Buffer.concat(await request.toArray()).toString('utf8');
    const isSignIn = request.url?.includes('token-with-authorities') && !request.headers.host?.startsWith('localhost');
    response.setHeader('content-type', 'application/json');
    if (isSignIn) {
      const { port } = server.address() as AddressInfo;
      return response.end(JSON.stringify({ token: ISSUED, location: `http://127.0.0.1:${port}` }));
    }
    const decoded = Buffer.from(authorization.replace(/^\S+ /, ''), 'base64').toString('utf8');
    const words = `You sent ${authorization} that is ${decoded} with ${body} to ${request.url}`;
    response.writeHead(request.url?.includes('historical') ? 500 : 400, {
      icStatusDescription: words.replaceAll(/[^\x20-\x7e]/g, '?'),
    });
    return response.end(JSON.stringify({ message: words, error: { detail: words } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  dataDirectory = stage.directory();
  const { realTimePassword, accessKeySecret } = CREDENTIALS;
  const [ncc, mpower] = await Promise.all([
    stage.startStandIn('ncc', [
      '--agents',
      '8',
      '--queues',
      '2',
      '--username',
      USERNAME,
      '--password',
      realTimePassword,
    ]),
    stage.startStandIn('mpower', ['--access-key-id', 'canary-key-id', '--access-key-secret', accessKeySecret]),
  ]);
  mirror = await startMirror();
  const { port } = mirror.address() as AddressInfo;
  bridge = await startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true', BACKUP_PASSPHRASE: PASSPHRASE }, dataDirectory);
  const same = { ...CREDENTIALS, historicalPassword: realTimePassword };
  ids = [
    await createConnection(bridge.url, connection('works', ncc.url, mpower.url, same)),
    await createConnection(bridge.url, connection('echoes', `http://127.0.0.1:${port}`, `http://127.0.0.1:${port}`)),
    await createConnection(bridge.url, connection('refused', `http://localhost:${port}`, mpower.url)),
    await createConnection(
      bridge.url,
      connection('wrong', ncc.url, `http://127.0.0.1:${port}`, {
        ...same,
        realTimePassword: 'canary-realtime-Bw4kXs6-old',
      }),
    ),
  ];
  await api(bridge.url, 'POST', '/alert-channels', {
    name: 'Hook',
    kind: 'webhook',
    address: `http://127.0.0.1:${port}/${WEBHOOK_PATH}`,
  });
  await eventually(
    'states are delivered, and failures are told',
    async () => {
      const { rows } = JSON.parse((await api(bridge.url, 'GET', '/status')).text);
      const [works, ...others] = rows;
      const delivered = works.streams.find(({ name }: { name: string }) => name === 'agent-states').account.delivered;
      return (
        delivered > 0 &&
        others.every((row: { feeds: { error: string }[] }) => row.feeds.some(({ error }) => error !== ''))
      );
    },
    60_000,
  );
});
afterAll(async () => {
  mirror?.closeAllConnections();
  mirror?.close();
  await stage.close();
});

async function keep(name: string, response: Response): Promise<string> {
  const text = await response.text();
  answers.push({ name, content: Buffer.from(`${JSON.stringify([...response.headers])}\n${text}`) });
  return text;
}

/** Every page that the site leads to, as the administrator sees it. */
async function walkSite(): Promise<number> {
  const cookie = await signIn(bridge.url);
  secrets.session = cookie.split('.').at(-1) ?? '';
  const waiting = [
    '/',
    '/sign-in',
    '/api/docs',
    '/api/openapi.json',
    '/metrics',
    '/healthz',
    ...ids.map((id) => `/connections/${id}`),
  ];
  const seen = new Set<string>();
  for (const link of waiting) {
    const target = link.replaceAll('&amp;', '&').replace(/#.*/, '');
    if (seen.has(target) || seen.size >= PAGES_MAX) continue;
    seen.add(target);
    const text = await keep(
      `GET ${target}`,
      await fetch(`${bridge.url}${target}`, { headers: { cookie }, redirect: 'manual' }),
    );
    waiting.push(...[...text.matchAll(/(?:href|hx-get)="(\/[^"]*)"/g)].map(([, found = '']) => found));
  }
  return seen.size;
}

/** Every GET of the API by its own document, and changes that are refused. */
async function walkApi(): Promise<void> {
  const document = JSON.parse(
    await (
      await fetch(`${bridge.url}/api/openapi.json`, { headers: { authorization: `Bearer ${SECRETS.API_TOKEN}` } })
    ).text(),
  );
  const range = 'from=2026-01-01T00:00:00Z&to=2030-01-01T00:00:00Z';
  for (const [template, methods] of Object.entries<Record<string, unknown>>(document.paths)) {
    if (!('get' in methods)) continue;
    for (const id of ids) {
      const target = template
        .replace('{connectionId}', String(id))
        .replaceAll(/\{\w+\}/g, '1')
        .replace('/api/v1', '');
      for (const query of ['', `?${range}`, `?${range}&format=csv`]) {
        const { text, headers } = await api(bridge.url, 'GET', `${target}${query}`);
        answers.push({
          name: `GET ${target}${query}`,
          content: Buffer.from(`${JSON.stringify([...headers])}\n${text}`),
        });
      }
    }
  }
  const settings = connection('works', 'https://ncc.example.com', 'https://mpower.example.com');
  for (const [method, target, body] of [
    ['POST', '/connections', { ...settings, timeZone: 'Nowhere' }],
    ['POST', '/connections', settings],
    ['PUT', `/connections/${ids[0]}`, { ...settings, version: 999 }],
    ['POST', '/connections', { ...settings, secrets: { ...CREDENTIALS, pin: CREDENTIALS.accessKeySecret } }],
    ['POST', '/connections', { ...settings, acd: CREDENTIALS.realTimePassword.length }],
  ] as const) {
    const { text, status } = await api(bridge.url, method, target, body);
    expect([target, status >= 400]).toEqual([target, true]);
    answers.push({ name: `${method} ${target}`, content: Buffer.from(text) });
  }
}

async function walkRefusals(): Promise<void> {
  const form = { method: 'POST', headers: { origin: bridge.url }, redirect: 'manual' } as const;
  const guess = new URLSearchParams({ password: secrets.guess ?? '' });
  await keep('wrong password', await fetch(`${bridge.url}/sign-in`, { ...form, body: guess }));
  const headers = { authorization: `Bearer ${SECRETS.API_TOKEN}x` };
  await keep('wrong token', await fetch(`${bridge.url}/api/v1/status`, { headers }));
  const cookie = await signIn(bridge.url);
  const fields = new URLSearchParams({
    name: '',
    ...Object.fromEntries(Object.entries(CREDENTIALS).map(([name, value]) => [`secrets.${name}`, value])),
  });
  await keep(
    'refused form',
    await fetch(`${bridge.url}/connections/new`, { ...form, headers: { ...form.headers, cookie }, body: fields }),
  );
}

describe('after the bridge has worked, failed and answered with distinctive secrets', () => {
  let running: Place[];
  let stopped: Place[];
  let commandLines: Place[];

  beforeAll(async () => {
    const pages = await walkSite();
    expect(pages).toBeGreaterThan(20);
    await walkApi();
    await walkRefusals();
    const { text } = await api(bridge.url, 'POST', '/tokens', { name: 'Made', scope: 'read' });
    secrets.madeToken = JSON.parse(text).token;
    await fetch(`${bridge.url}/api/v1/status`, { headers: { authorization: `Bearer ${secrets.madeToken}` } });
    running = filesBelow(dataDirectory);
    commandLines = bridge
      .tree()
      .map(({ pid }) => ({ name: `command line of ${pid}`, content: readFileSync(`/proc/${pid}/cmdline`) }));
    for (const args of [
      ['backup'],
      ['backup', '--to', path.join(dataDirectory, 'plain')],
      ['support-bundle', '--to', path.join(dataDirectory, 'bundle.tar.gz')],
    ]) {
      const environment = { ...SECRETS, ...(args.includes('--to') ? {} : { BACKUP_PASSPHRASE: PASSPHRASE }) };
      const { code, output } = await runBridge(dataDirectory, args, environment);
      expect([args, code, output]).toEqual([args, 0, expect.any(String)]);
      answers.push({ name: `output of ${args[0]}`, content: Buffer.from(output) });
    }
    await bridge.end();
    stopped = filesBelow(dataDirectory);
  });

  it('the search finds what is there, in files and in answers', () => {
    const known = { user: USERNAME, pattern: 'token_made_nowhere' };
    expect(findSecrets(stopped, known).some((found) => found.startsWith('user in') && found.includes('.sqlite'))).toBe(
      true,
    );
    expect(findSecrets(answers, known).length).toBeGreaterThan(0);
    expect(findSecrets([{ name: 'x', content: Buffer.from(`{"a":"Basic ${secrets.basic}"}`) }], secrets)).toContain(
      'basic in x',
    );
    expect(
      findSecrets(
        [{ name: 'x', content: Buffer.from(Buffer.from(`ab${CREDENTIALS.accessKeySecret}c`).toString('base64')) }],
        secrets,
      ),
    ).toEqual(['accessKeySecret in x']);
  });

  it('no page, answer, export or metric holds one', () => {
    expect(answers.length).toBeGreaterThan(60);
    // The vendor's words are there, with what was secret in them taken out.
    expect(answers.some(({ content }) => content.includes('You sent [removed]'))).toBe(true);
    expect(findSecrets(answers, secrets)).toEqual([]);
  });

  it('no line of the log holds one, and what vendors sent back of them is taken out', () => {
    const log = { name: 'log', content: Buffer.from(bridge.lines.join('\n')) };
    expect(log.content.toString()).toContain('wrong administrator password');
    expect(findSecrets([log], secrets)).toEqual([]);
  });

  it('no byte of the database, its journal, the caches or the scratch files holds one, running or stopped', () => {
    const databases = stopped.filter(({ name }) => name.endsWith('.sqlite'));
    expect(databases.length).toBeGreaterThan(1);
    expect(running.some(({ name }) => name.endsWith('-wal'))).toBe(true);
    expect(findSecrets([...running, ...stopped], secrets)).toEqual([]);
  });

  it('credentials and cached tokens are there, as ciphertext only', () => {
    const text = stopped.map(({ content }) => content.toString('latin1')).join('');
    expect(text.match(/v1\.[0-9a-f]{8}\.[\w-]{40,}/g)?.length).toBeGreaterThan(12);
  });

  it('no process shows one in its command line', () => {
    expect(commandLines.length).toBeGreaterThan(1);
    expect(findSecrets(commandLines, secrets)).toEqual([]);
  });

  it('neither what is deployed nor what browsers load holds any secret, not even one of the tests', () => {
    const places = [...filesBelow(path.join(root, 'dist')), ...filesBelow(path.join(root, 'public'))];
    expect(places.length).toBeGreaterThan(4);
    const inTests = readFileSync(path.join(root, 'vitest.config.ts'), 'utf8');
    const fixed = Object.fromEntries(
      [...inTests.matchAll(/(ENCRYPTION_KEY|ADMIN_PASSWORD|API_TOKEN): '([^']+)'/g)].map(
        ([, name = '', value = '']) => [`test ${name}`, value],
      ),
    );
    expect(Object.keys(fixed)).toHaveLength(3);
    expect(findSecrets(places, { ...secrets, ...fixed })).toEqual([]);
  });

  it('the backups are among what was searched', () => {
    expect(readdirSync(path.join(dataDirectory, 'backups')).some((name) => name.endsWith('.age'))).toBe(true);
    expect(stopped.some(({ name }) => name.includes('/plain/') && name.endsWith('unpacked'))).toBe(true);
  });
});
