// TLS, proxies in front and behind, and the site's own authorities, on a Worker of a few lines.
import { copyFileSync, readFileSync, utimesSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import net from 'node:net';
import path from 'node:path';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCallers } from '../../appliance/callers.ts';
import { checkHealth } from '../../appliance/health.ts';
import { followTlsFiles, readTlsFiles } from '../../appliance/tls.ts';
import type { StartedProcess } from './support/stage.ts';
import { eventually, Stage } from './support/stage.ts';
import { writeTinyWorker } from './support/tiny-worker.ts';

const fixture = (name: string) => path.join(import.meta.dirname, 'fixtures', name);
const AUTHORITY = fixture('authority.pem');
const ca = readFileSync(AUTHORITY);
const SERVER_ONE = { certificateFile: fixture('server-one.pem'), keyFile: fixture('server-one.key.pem') };
const TLS = { TLS_CERT_FILE: SERVER_ONE.certificateFile, TLS_KEY_FILE: SERVER_ONE.keyFile };

let stage: Stage;
let distDirectory: string;
const servers: Server[] = [];

beforeEach(() => {
  stage = new Stage();
  distDirectory = writeTinyWorker(stage.directory());
});
afterEach(async () => {
  for (const server of servers.splice(0)) {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
  }
  await stage.close();
});

const start = (environment: Record<string, string> = {}) => stage.startHost({ distDirectory, environment });

async function listen<T extends Server>(server: T): Promise<T & { port: number }> {
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return Object.assign(server, { port: (server.address() as AddressInfo).port });
}

/** One request over TLS; resolves to the body and the name on the certificate. */
function getSecurely(url: string): Promise<{ body: string; subject: string }> {
  return new Promise((resolve, reject) => {
    const request = https.get(url, { ca, agent: false }, async (response) => {
      const subject = String((response.socket as TLSSocket).getPeerCertificate().subject.CN);
      const chunks = await response.toArray();
      resolve({ body: Buffer.concat(chunks).toString('utf8'), subject });
    });
    request.once('error', reject);
  });
}

describe('TLS', () => {
  it('is spoken with the given certificate, and the health check of the same machine accepts it', async () => {
    const host = await start(TLS);
    expect(host.url).toMatch(/^https:/);
    const { body, subject } = await getSecurely(`${host.url}/x`);
    expect(JSON.parse(body)).toMatchObject({ body: '' });
    expect(subject).toBe('Server one for tests');
    const port = Number(new URL(host.url).port);
    expect(await checkHealth({ host: '0.0.0.0', port, isTls: true, isStrict: true })).toBe(200);
    await expect(checkHealth({ host: '127.0.0.1', port, isTls: false, isStrict: false })).rejects.toThrow();
  });

  it('takes a renewed certificate over without a restart, and keeps the present one when the files do not fit', async () => {
    const directory = stage.directory();
    const files = { certificateFile: path.join(directory, 'cert.pem'), keyFile: path.join(directory, 'key.pem') };
    const put = (certificate: string, key: string) => {
      copyFileSync(fixture(certificate), files.certificateFile);
      copyFileSync(fixture(key), files.keyFile);
      const later = new Date(Date.now() + servers.length * 1_000 + Math.random() * 1_000_000);
      utimesSync(files.certificateFile, later, later);
    };
    put('server-one.pem', 'server-one.key.pem');
    const server = await listen(https.createServer(readTlsFiles(files), (_request, response) => response.end('ok')));
    const messages: string[] = [];
    const stop = followTlsFiles(server, files, (_level, message) => messages.push(message), 20);
    const subject = async () => (await getSecurely(`https://127.0.0.1:${server.port}/`)).subject;
    expect(await subject()).toBe('Server one for tests');
    put('server-two.pem', 'server-one.key.pem');
    await eventually('the mismatch is told', async () => messages.some((text) => text.includes('stays in use')));
    expect(await subject()).toBe('Server one for tests');
    put('server-two.pem', 'server-two.key.pem');
    await eventually('the new one is used', async () => (await subject()) === 'Server two for tests');
    stop();
  });

  it.each([
    ['only one of the two files', { TLS_CERT_FILE: TLS.TLS_CERT_FILE }, 'TLS needs both'],
    ['a key of another certificate', { ...TLS, TLS_KEY_FILE: fixture('server-two.key.pem') }, 'cannot be used'],
    ['a file that is not there', { ...TLS, TLS_KEY_FILE: '/nowhere/key.pem' }, 'cannot be used'],
    [
      'an authority file without certificate',
      { NODE_EXTRA_CA_CERTS: fixture('README.md') },
      'holds no PEM certificate',
    ],
  ])('refuses to start with %s', async (_what, environment, message) => {
    await expect(start(environment)).rejects.toThrow(message);
  });
});

describe('the address of the caller', () => {
  const request = (remoteAddress: string, forwarded?: string) =>
    ({ socket: { remoteAddress }, headers: { 'x-forwarded-for': forwarded } }) as unknown as IncomingMessage;

  it.each<[string, string, string | undefined, string, string]>([
    ['', '203.0.113.9', '198.51.100.1', '203.0.113.9', 'nobody is trusted by default'],
    ['10.0.0.1', '203.0.113.9', '198.51.100.1', '203.0.113.9', 'another one than the proxy'],
    ['10.0.0.1', '10.0.0.1', '198.51.100.1', '198.51.100.1', 'the proxy tells whom it heard from'],
    ['10.0.0.1', '::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1', 'as a socket for both families writes it'],
    [
      '10.0.0.1',
      '10.0.0.1',
      '1.1.1.1, 198.51.100.1',
      '198.51.100.1',
      'what the caller wrote himself stands further left',
    ],
    ['10.0.0.0/8', '10.9.9.9', '1.1.1.1, 198.51.100.1, 10.2.2.2', '198.51.100.1', 'two proxies of ours in a row'],
    ['10.0.0.1', '10.0.0.1', undefined, '10.0.0.1', 'the proxy itself asks'],
    ['10.0.0.1', '10.0.0.1', 'unknown', '10.0.0.1', 'the proxy does not know'],
    ['10.0.0.1', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1', 'with a port'],
    ['fd00::/8', 'fd00::1', '[2001:db8::7]:4711', '2001:db8::7', 'IPv6, with brackets and a port'],
  ])('trusting "%s", from %s saying %s, is %s (%s)', (trusted, peer, forwarded, expected) => {
    expect(createCallers(trusted).addressOf(request(peer, forwarded))).toBe(expected);
  });

  it.each(['proxy.example', '10.0.0.0/33', '10.0.0.0/8/8', 'fd00::/x'])('refuses %s as a proxy', (entry) => {
    expect(() => createCallers(entry)).toThrow(`TRUSTED_PROXIES has "${entry}"`);
  });

  it('reaches the Worker from a named proxy, with the proof of Cloudflare Access, and from nobody else', async () => {
    const headers = { 'x-forwarded-for': '1.1.1.1, 198.51.100.1', 'cf-access-jwt-assertion': 'signed' };
    const seenBy = async (host: StartedProcess) =>
      JSON.parse(await (await fetch(host.url, { headers })).text()).headers;
    expect(await seenBy(await start({ TRUSTED_PROXIES: '127.0.0.0/8' }))).toMatchObject({
      'cf-connecting-ip': '198.51.100.1',
      'cf-access-jwt-assertion': 'signed',
    });
    const alone = await seenBy(await start());
    expect(alone['cf-connecting-ip']).toBe('127.0.0.1');
    expect(alone['cf-access-jwt-assertion']).toBeUndefined();
  });
});

describe('outgoing requests', () => {
  /** Answers with what it was sent; /redirect, /gzip and /cut as they are called. */
  function startOrigin() {
    const { certificateFile, keyFile } = SERVER_ONE;
    const options = { cert: readFileSync(certificateFile), key: readFileSync(keyFile) };
    const server = https.createServer(options, async (request, response) => {
      const body = Buffer.concat(await request.toArray()).toString('utf8');
      if (request.url === '/redirect') return response.writeHead(302, { location: '/elsewhere' }).end();
      if (request.url === '/gzip')
        return response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('packed'));
      if (request.url === '/cut') {
        response.writeHead(200, { 'content-length': '100' }).write('half of it');
        return setTimeout(() => response.destroy(), 50);
      }
      return response.end(`${request.method} ${request.url} ${request.headers.host} ${body}`);
    });
    return listen(server);
  }

  /** A proxy that knows the names of a site: whatever is asked for is the origin. */
  async function startProxy(originPort: number) {
    const asked: { target: string; authorization: string | undefined }[] = [];
    const proxy = http.createServer();
    proxy.on('connect', (request, socket) => {
      asked.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
      const upstream = net.connect(originPort, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const one of [upstream, socket]) one.on('error', () => upstream.destroy() && socket.destroy());
    });
    return { port: (await listen(proxy)).port, asked };
  }

  async function fetchBy(host: StartedProcess, url: string): Promise<Record<string, unknown>> {
    return JSON.parse(await (await fetch(`${host.url}/fetch?url=${encodeURIComponent(url)}`)).text());
  }

  it.each([
    { by: 'the engine', environment: { ALLOW_PRIVATE_NETWORK: 'true' } },
    { by: 'the host', environment: { PRIVATE_HOSTS: 'ncc.test, localhost,127.0.0.1' } },
  ])('trust the authorities of NODE_EXTRA_CA_CERTS, and no unknown ones, asked by $by', async ({ environment }) => {
    const { port } = await startOrigin();
    const url = `https://127.0.0.1:${port}/x`;
    const trusting = await start({ ...environment, NODE_EXTRA_CA_CERTS: AUTHORITY });
    expect(await fetchBy(trusting, url)).toMatchObject({ body: `POST /x 127.0.0.1:${port} from the Worker` });
    const others = await start({ ...environment, NODE_EXTRA_CA_CERTS: '' });
    expect(await fetchBy(others, url)).toEqual({ failure: expect.any(String) });
  });

  it('reach nobody inside: a name that leads there is not connected to, unless PRIVATE_HOSTS admits it', async () => {
    const { port } = await startOrigin();
    let connections = 0;
    servers.at(-1)?.on('connection', () => {
      connections += 1;
    });
    const closed = await start({ NODE_EXTRA_CA_CERTS: AUTHORITY });
    for (const host of ['localhost', 'LOCALHOST.', '127.0.0.1', '[::1]', '[::ffff:127.0.0.1]']) {
      expect(await fetchBy(closed, `https://${host}:${port}/x`)).toEqual({ failure: expect.any(String) });
    }
    expect(connections).toBe(0);
    const message = 'localhost leads to an address that is not public';
    await eventually('it is told', async () => closed.lines.some((line) => line.includes(message)));
    const admitting = await start({ NODE_EXTRA_CA_CERTS: AUTHORITY, PRIVATE_HOSTS: 'Localhost' });
    await fetchBy(admitting, `https://localhost:${port}/x`);
    expect(connections).toBe(1);
  });

  it('go through HTTPS_PROXY, bytes unchanged, and past it for the hosts of NO_PROXY', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(origin.port);
    const host = await start({
      NODE_EXTRA_CA_CERTS: AUTHORITY,
      HTTPS_PROXY: `http://user:proxy-password@127.0.0.1:${proxy.port}`,
      NO_PROXY: 'localhost,127.0.0.1',
    });
    expect(await fetchBy(host, 'https://ncc.test/a?b=c')).toEqual({
      ...{ status: 200, location: null, body: 'POST /a?b=c ncc.test from the Worker' },
    });
    expect(proxy.asked).toEqual([
      { target: 'ncc.test:443', authorization: `Basic ${Buffer.from('user:proxy-password').toString('base64')}` },
    ]);
    expect(await fetchBy(host, 'https://ncc.test:8443/redirect')).toMatchObject({
      status: 302,
      location: '/elsewhere',
    });
    expect(await fetchBy(host, 'https://ncc.test:8443/gzip')).toMatchObject({ status: 200, body: 'packed' });
    const count = proxy.asked.length;
    expect(await fetchBy(host, `https://127.0.0.1:${origin.port}/x`)).toMatchObject({ status: 200 });
    expect(proxy.asked).toHaveLength(count);
  });

  it('fail visibly when an answer is cut off, the certificate is not known, or the proxy is away', async () => {
    const origin = await startOrigin();
    const proxy = await startProxy(origin.port);
    const HTTPS_PROXY = `http://user:proxy-password@127.0.0.1:${proxy.port}`;
    const host = await start({ NODE_EXTRA_CA_CERTS: AUTHORITY, HTTPS_PROXY });
    expect(await fetchBy(host, 'https://ncc.test/cut')).toEqual({ failure: expect.any(String) });
    const distrusting = await start({ HTTPS_PROXY, NODE_EXTRA_CA_CERTS: '' });
    expect(await fetchBy(distrusting, 'https://ncc.test/x')).toEqual({ failure: expect.any(String) });
    const without = await start({ HTTPS_PROXY: 'http://user:proxy-password@127.0.0.1:1' });
    expect(await fetchBy(without, 'https://ncc.test/x')).toEqual({ failure: expect.any(String) });
    const message = 'A request to ncc.test through the proxy 127.0.0.1:1 failed';
    await eventually('it is told', async () => without.lines.some((line) => line.includes(message)));
    expect(without.lines.join('\n')).not.toContain('proxy-password');
  });
});
