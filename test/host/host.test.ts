// The host's own promises, on a Worker of a few lines and real processes.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { StartedProcess } from './support/stage.ts';
import { EndedEarly, eventually, Stage, survivors } from './support/stage.ts';
import { FIRST_MIGRATION, writeTinyWorker } from './support/tiny-worker.ts';

let stage: Stage;
let distDirectory: string;
let dataDirectory: string;

beforeEach(() => {
  stage = new Stage();
  distDirectory = writeTinyWorker(stage.directory());
  dataDirectory = stage.directory();
});
afterEach(() => stage.close());

const start = (environment: Record<string, string> = {}) =>
  stage.startHost({ dataDirectory, distDirectory, environment });

describe('starting', () => {
  it('makes secrets once, tells the password once, and continues with them after a restart', async () => {
    const first = await start();
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
    expect(first.lines.filter((line) => line.includes('password is'))).toHaveLength(1);
    expect(statSync(path.join(dataDirectory, 'secrets.json')).mode & 0o777).toBe(0o600);
    const key = await textAt(first, '/key');
    expect(Buffer.from(key, 'base64')).toHaveLength(32);
    expect(await first.end()).toBe('appliance/main.ts ended with code 0');

    const second = await start();
    expect(await textAt(second, '/key')).toBe(key);
    expect(second.lines.filter((line) => line.includes('password is'))).toHaveLength(0);
  });

  it('takes secrets and variables from the environment and from files, and makes none that it is given', async () => {
    const file = path.join(stage.directory(), 'key');
    writeFileSync(file, 'key-from-file\n');
    const host = await start({
      ENCRYPTION_KEY_FILE: file,
      ADMIN_PASSWORD: 'given-by-the-operator',
      API_TOKEN: 'given-too',
      ALLOW_PRIVATE_NETWORK: 'true',
    });
    expect(await textAt(host, '/key')).toBe('key-from-file');
    expect(JSON.parse(await textAt(host, '/'))).toMatchObject({ variables: { network: 'true', hasToken: true } });
    expect(readdirSync(dataDirectory)).not.toContain('secrets.json');
    expect(host.lines.join('\n')).not.toContain('given-by-the-operator');
  });

  it('refuses to make a new key for data that was sealed with another', async () => {
    await (await start()).end();
    rmSync(path.join(dataDirectory, 'secrets.json'));
    expect(await refusal(start())).toContain('there is no ENCRYPTION_KEY for it');
  });

  it('refuses a data directory that another host uses, and leaves that one alone', async () => {
    const first = await start();
    expect(await refusal(start())).toMatch(/is in use by another bridge \(process \d+\)\. Stop that one first/);
    expect((await fetch(`${first.url}/healthz`)).status).toBe(200);
  });

  it('says which setting changes a busy port, before it touches the database', async () => {
    const first = await start();
    const port = Number(new URL(first.url).port);
    const other = stage.directory();
    const message = await refusal(stage.startHost({ dataDirectory: other, distDirectory, port }));
    expect(message).toContain(`Port ${port} on 127.0.0.1 is already in use`);
    expect(message).toContain('--port');
    expect(readdirSync(other)).not.toContain('v3');
  });
});

describe('the database', () => {
  it('refuses one that a newer version has made, and runs nothing of the Worker on it', async () => {
    const newer = writeTinyWorker(stage.directory(), [
      FIRST_MIGRATION,
      { name: '0002_later.sql', statements: ['CREATE TABLE later (id INTEGER PRIMARY KEY)'] },
    ]);
    const host = await stage.startHost({ dataDirectory, distDirectory: newer });
    await fetch(`${host.url}/start-alarm`);
    await eventually('the alarm has ticked', async () => (await ticks(host)) > 0);
    await host.end();
    const before = storedTicks();
    expect(Number(before)).toBeGreaterThan(0);
    expect(await refusal(start())).toContain('it has 0002_later.sql, which this version does not know');
    // An alarm was due all the time: had the older Worker run, it would have counted on.
    expect(storedTicks()).toBe(before);
  });

  it('applies what a newer version brings and keeps what is there', async () => {
    const host = await start();
    await fetch(`${host.url}/start-alarm`);
    await eventually('the alarm has ticked', async () => (await ticks(host)) > 0);
    await host.end();
    const newer = writeTinyWorker(stage.directory(), [
      FIRST_MIGRATION,
      { name: '0002_note.sql', statements: ["ALTER TABLE tick ADD COLUMN note TEXT NOT NULL DEFAULT ';'"] },
    ]);
    const updated = await stage.startHost({ dataDirectory, distDirectory: newer });
    expect(updated.lines.join('\n')).toContain('Applied the migrations 0002_note.sql.');
    expect(await ticks(updated)).toBeGreaterThan(0);
  });

  it('applies a migration whole or not at all, and says why it failed', async () => {
    const broken = writeTinyWorker(stage.directory(), [
      FIRST_MIGRATION,
      { name: '0002_broken.sql', statements: ['CREATE TABLE half (id INTEGER)', 'INSERT INTO nowhere VALUES (1)'] },
    ]);
    const message = await refusal(stage.startHost({ dataDirectory, distDirectory: broken }));
    expect(message).toMatch(/0002_broken\.sql failed: .*nowhere.* Nothing of it was applied/);
    const mended = writeTinyWorker(stage.directory(), [
      FIRST_MIGRATION,
      { name: '0002_mended.sql', statements: ['CREATE TABLE half (id INTEGER)'] },
    ]);
    const host = await stage.startHost({ dataDirectory, distDirectory: mended });
    expect(host.lines.join('\n')).toContain('Applied the migrations 0002_mended.sql.');
  });

  it('refuses a damaged one and leaves its file as it is', async () => {
    await (await start()).end();
    const file = databaseFile();
    for (const aside of [`${file}-wal`, `${file}-shm`]) rmSync(aside, { force: true });
    const damaged = Buffer.alloc(statSync(file).size, 'damaged ');
    writeFileSync(file, damaged);
    expect(await refusal(start())).toContain('The database cannot be read');
    expect(readFileSync(file).equals(damaged)).toBe(true);
  });
});

describe('the front', () => {
  it('tells the Worker who really calls, passes the body on, and serves static files', async () => {
    const host = await start();
    const response = await fetch(`${host.url}/some/path?x=%20y`, {
      method: 'POST',
      body: 'the body',
      headers: {
        'cf-connecting-ip': '203.0.113.9',
        'cf-access-jwt-assertion': 'forged',
        'mf-original-url': 'http://elsewhere/',
        'x-forwarded-for': '203.0.113.9',
        'x-own': 'kept',
      },
    });
    const seen = JSON.parse(await response.text());
    expect(seen).toMatchObject({ url: `${host.url}/some/path?x=%20y`, body: 'the body' });
    expect(seen.headers).toMatchObject({ 'cf-connecting-ip': '127.0.0.1', 'x-own': 'kept' });
    expect(Object.keys(seen.headers).filter((name) => /^(?:mf-|x-forwarded-|cf-access)/.test(name))).toEqual([]);
    expect(await textAt(host, '/static/hello.txt')).toBe('hello');
  });

  it("answers 404 to the engine's own paths, however they are written", async () => {
    const host = await start();
    const targets = [
      '/cdn-cgi/handler/scheduled',
      '//cdn-cgi/mf/reload', // a doubled slash
      '/a/../cdn-cgi/x', // a detour
      '/x%3F/%2e%2e/cdn-cgi/x', // an encoded detour behind an encoded question mark
      '/%63dn-cgi/x', // an encoded letter
      'http://127.0.0.1/cdn-cgi/x', // the absolute form
    ];
    for (const target of targets) expect([target, await statusOf(host, target)]).toEqual([target, 404]);
    expect(await statusOf(host, '/cdn-cgi-is-only-how-it-begins')).toBe(200);
  });

  it('answers 502 in plain words while the engine is away, and goes on by itself after it', async () => {
    const host = await start();
    const engines = host.tree().filter(({ command }) => command.includes('workerd'));
    expect(engines).toHaveLength(1);
    const waiting = fetch(`${host.url}/wait?ms=60000`);
    await eventually('the request is under way', async () => (await textAt(host, '/healthz')) !== '');
    for (const { pid } of engines) process.kill(pid, 'SIGKILL');
    const response = await waiting;
    expect(response.status).toBe(502);
    expect(await response.text()).toMatch(/^The engine of the bridge does not answer\./);
    await eventually('it answers again', async () => (await fetch(`${host.url}/healthz`)).status === 200);
  });
});

describe('ending', () => {
  it('finishes the answer under way on SIGTERM and leaves no process', async () => {
    const host = await start();
    const tree = host.tree();
    expect(tree.length).toBeGreaterThan(1);
    const waiting = fetch(`${host.url}/wait?ms=1500`);
    await eventually('the request is under way', async () => (await textAt(host, '/healthz')) !== '');
    const ended = host.end('SIGTERM');
    expect(await (await waiting).text()).toBe('waited');
    expect(await ended).toBe('appliance/main.ts ended with code 0');
    expect(await survivors(tree)).toEqual([]);
  });

  it('cuts off an answer that does not end, in time', async () => {
    const host = await start();
    const waiting = fetch(`${host.url}/wait?ms=60000`).catch(() => 'cut off');
    await eventually('the request is under way', async () => (await textAt(host, '/healthz')) !== '');
    expect(await host.end('SIGTERM')).toBe('appliance/main.ts ended with code 0');
    expect(await waiting).toBe('cut off');
  });

  it('takes the engine with it when it is killed, and goes on with alarms at the next start', async () => {
    const host = await start();
    await fetch(`${host.url}/start-alarm`);
    await eventually('the alarm has ticked', async () => (await ticks(host)) > 1);
    const tree = host.tree();
    const before = await ticks(host);
    await host.end('SIGKILL');
    expect(await survivors(tree)).toEqual([]);

    const next = await start();
    await eventually('the alarm goes on without being asked', async () => (await ticks(next)) > before + 2);
    expect(readdirSync(path.join(dataDirectory, 'tmp'))).toHaveLength(1); // the killed run's scratch files are gone
  });
});

function databaseFile(): string {
  const directory = path.join(dataDirectory, 'v3/d1/miniflare-D1DatabaseObject');
  const name = readdirSync(directory).find((file) => file.endsWith('.sqlite') && !file.startsWith('metadata'));
  return path.join(directory, name ?? 'missing');
}

/** What the file of a stopped host holds. */
function storedTicks(): unknown {
  const database = new DatabaseSync(databaseFile(), { readOnly: true });
  try {
    return database.prepare('SELECT count(*) AS ticks FROM tick').get()?.ticks;
  } finally {
    database.close();
  }
}

async function textAt(host: StartedProcess, target: string): Promise<string> {
  return (await fetch(`${host.url}${target}`)).text();
}

async function ticks(host: StartedProcess): Promise<number> {
  return JSON.parse(await textAt(host, '/ticks')).ticks;
}

/** The status for a request target exactly as written; `fetch` would tidy it first. */
function statusOf(host: StartedProcess, target: string): Promise<number | undefined> {
  const { hostname, port } = new URL(host.url);
  return new Promise((resolve, reject) => {
    const request = http.get({ hostname, port, path: target }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    request.once('error', reject);
  });
}

/** What a host wrote that ended instead of starting. */
async function refusal(starting: Promise<StartedProcess>): Promise<string> {
  const outcome = await starting.catch((thrown: unknown) => thrown);
  if (!(outcome instanceof EndedEarly))
    throw new Error('The host was expected to refuse the start.', { cause: outcome });
  return outcome.message;
}
