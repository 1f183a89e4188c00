// Fault B6 on an appliance as it comes: its keys are in secrets.json and nowhere else, backups are plain, a proxy with a
// password leads out, and a relay pushes with a token.
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, freePort, Stage, type StartedProcess } from '../host/support/stage.ts';
import { connection, signIn } from './support/bridge.ts';
import { CREDENTIALS, PROXY_PASSWORD } from './support/canaries.ts';
import { runCommand } from './support/canary-bridge.ts';
import type { Secret } from './support/forms.ts';
import { filesBelow, findSecrets, type Place, unpacked } from './support/search.ts';

const PROXY_USER = 'canary-proxy-user';
const LIMIT_MS = 240_000;

const stage = new Stage();
let proxy: http.Server;
let bridge: StartedProcess;
let dataDirectory: string;
let environment: Record<string, string>;
const secrets: Record<string, Secret> = { ...CREDENTIALS, PROXY_PASSWORD };
const answers: Place[] = [];
/** What the proxy was sent, to know that the password was in use. */
const seenByProxy: string[] = [];

/** Refuses every tunnel and says back who asked, in the status line, a header and the body. */
async function startRudeProxy(): Promise<http.Server> {
  const server = http.createServer();
  server.on('connect', (request, socket) => {
    const sent = request.headers['proxy-authorization'] ?? '';
    const decoded = Buffer.from(sent.replace(/^Basic /, ''), 'base64').toString('utf8');
    seenByProxy.push(decoded);
    const ascii = decoded.replaceAll(/[^\x20-\x7e]/g, '?');
    socket.on('error', () => undefined);
    socket.end(
      `HTTP/1.1 407 You sent ${ascii}\r\nx-sent: ${sent}\r\ncontent-length: ${Buffer.byteLength(decoded)}\r\n\r\n${decoded}`,
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

beforeAll(async () => {
  const directory = stage.directory();
  dataDirectory = path.join(directory, 'data');
  const [feedPort, healthPort] = [await freePort(), await freePort()];
  const intake = {
    tokenFile: 'push-token',
    relays: [{ connection: 1, listen: `127.0.0.1:${feedPort}`, from: '127.0.0.1', health: `127.0.0.1:${healthPort}` }],
  };
  writeFileSync(path.join(directory, 'intake.json'), JSON.stringify(intake));
  proxy = await startRudeProxy();
  const address = proxy.address();
  const proxyPort = typeof address === 'object' ? address?.port : undefined;
  const credentials = `${PROXY_USER}:${encodeURIComponent(PROXY_PASSWORD)}`;
  environment = {
    HTTPS_PROXY: `http://${credentials}@127.0.0.1:${proxyPort}`,
    INTAKE_FILE: path.join(directory, 'intake.json'),
  };
  secrets['proxy credentials'] = Buffer.from(`${PROXY_USER}:${PROXY_PASSWORD}`).toString('base64');
  bridge = await stage.startHost({ dataDirectory, environment });
  const made = JSON.parse(readFileSync(path.join(dataDirectory, 'secrets.json'), 'utf8'));
  secrets.ENCRYPTION_KEY = made.ENCRYPTION_KEY;
  secrets['encryption key bytes'] = Buffer.from(made.ENCRYPTION_KEY, 'base64');
  secrets.ADMIN_PASSWORD = made.ADMIN_PASSWORD;
  await work(directory, feedPort, healthPort);
}, LIMIT_MS);
afterAll(async () => {
  proxy?.closeAllConnections();
  proxy?.close();
  await stage.close();
});

/** Tokens by the page, a connection that the relay pushes to and one behind the proxy, and lines good and bad. */
async function work(directory: string, feedPort: number, healthPort: number): Promise<void> {
  const { url } = bridge;
  const cookie = await signIn(url, String(secrets.ADMIN_PASSWORD));
  secrets.session = cookie.split('.').at(-1) ?? '';
  const tokenFor = async (scope: string) => {
    const form = {
      method: 'POST',
      headers: { cookie, origin: url },
      body: new URLSearchParams({ name: scope, scope }),
    };
    const page = await (await fetch(`${url}/access/tokens`, form)).text();
    const token = /<(?:code|output|input)[^>]*>?[^<]*?([\w-]{40,})/.exec(page)?.[1];
    if (token === undefined) throw new Error('The page shows no token.');
    secrets[`${scope} token`] = token;
    return token;
  };
  const headers = { authorization: `Bearer ${await tokenFor('all')}`, 'content-type': 'application/json' };
  const settings = connection('behind', 'https://ncc.example.com', 'https://mpower.example.com', CREDENTIALS);
  const { accessKeySecret } = CREDENTIALS;
  const relayed = { ...settings, name: 'relayed', acd: { kind: 'avaya-cms' }, secrets: { accessKeySecret } };
  for (const body of [relayed, settings]) {
    const answer = await fetch(`${url}/api/v1/connections`, { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.status).toBe(201);
  }
  const pushToken = await tokenFor('push');
  writeFileSync(path.join(directory, 'push-token'), `${pushToken}\n`);
  const feed = net.connect(feedPort, '127.0.0.1');
  feed.end(`no line of a feed\n{"also": "none"}\n`);
  const health = `http://127.0.0.1:${healthPort}/healthz`;
  await eventually('the relay has read', async () => JSON.parse(await (await fetch(health)).text()).read >= 2, 30_000);
  const asked = async (target: string) => {
    const text = await (
      await fetch(`${url}${target}`, { headers: target.startsWith('/api') ? headers : { cookie } })
    ).text();
    answers.push({ name: target, content: Buffer.from(text) });
    return text;
  };
  await eventually(
    'the proxy has refused, and the page says that something failed',
    async () => {
      const { rows } = JSON.parse(await asked('/api/v1/status'));
      const behind = rows.find(({ name }: { name: string }) => name === 'behind');
      return seenByProxy.length > 1 && behind.feeds.some(({ error }: { error: string }) => error !== '');
    },
    60_000,
  );
  for (const target of ['/', '/monitor', '/access', '/connections/2', '/api/v1/connections/2/events']) {
    await asked(target);
  }
  answers.push({ name: health, content: Buffer.from(await (await fetch(health)).text()) });
}

describe('an appliance whose keys are its own', () => {
  const places = () => filesBelow(dataDirectory).filter(({ name }) => path.basename(name) !== 'secrets.json');

  it('tells its password once, to whoever started it, and no other secret in its log or answers', () => {
    const told = bridge.lines.filter((line) => line.includes("The administrator's password is "));
    expect(told).toHaveLength(1);
    const rest = bridge.lines.filter((line) => !told.includes(line)).join('\n');
    expect(rest).toContain('through the proxy 127.0.0.1');
    expect(seenByProxy).toContain(`${PROXY_USER}:${PROXY_PASSWORD}`);
    expect(findSecrets([{ name: 'log', content: Buffer.from(rest) }, ...answers], secrets)).toEqual([]);
  });

  it('keeps none in any other file than secrets.json: not in the spool, not in the log that goes into bundles', () => {
    const files = places();
    for (const part of ['relays', 'bridge.log', '.sqlite']) {
      expect(files.some(({ name }) => name.includes(part))).toBe(true);
    }
    expect(findSecrets(files, secrets)).toEqual([]);
    expect(readFileSync(path.join(dataDirectory, 'secrets.json'), 'utf8')).toContain(String(secrets.ENCRYPTION_KEY));
  });

  it('puts none into a plain backup, a bundle or an export', async () => {
    const outputs: Place[] = [];
    const run = async (...args: string[]) => {
      const output = await runCommand({ dataDirectory }, args, environment);
      outputs.push({ name: `output of ${args[0]}`, content: Buffer.from(output) });
    };
    await run('backup');
    await run('support-bundle', '--to', path.join(dataDirectory, 'bundle.tar.gz'));
    await bridge.end();
    await run('verify');
    await run('export', path.join(dataDirectory, 'exported'), '--copy');
    const files = places();
    for (const part of ['bridge.sqlite', 'database.json', '0001.sql']) {
      expect(files.some(({ name }) => name.includes(part))).toBe(true);
    }
    expect(findSecrets([...files, ...outputs], secrets)).toEqual([]);
    // The key alone opens what they hold: it is there, sealed.
    const exported = files.filter(({ name }) => name.includes('exported')).map(({ content }) => content.toString());
    expect(exported.join('')).toMatch(/v1\.[0-9a-f]{8}\.[\w-]{40,}/);
  });

  it('masks in a bundle what an earlier version has left in the log', async () => {
    appendFileSync(path.join(dataDirectory, 'logs/bridge.log'), `{"message":"left ${secrets.ADMIN_PASSWORD}"}\n`);
    appendFileSync(path.join(dataDirectory, 'logs/bridge.log'), `${JSON.stringify({ left: PROXY_PASSWORD })}\n`);
    const file = path.join(stage.directory(), 'late.tar.gz');
    await runCommand({ dataDirectory }, ['support-bundle', '--to', file], environment);
    const places = unpacked({ name: 'late', content: readFileSync(file) });
    expect(places.some(({ content }) => content.includes('"left":"[secret]"'))).toBe(true);
    expect(findSecrets(places, secrets)).toEqual([]);
  });
});
