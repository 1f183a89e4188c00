// Fault A5: the encryption key is lost, changed or rotated, and a stored secret is damaged. The bridge says so, overwrites
// nothing, and works again once the secrets are entered anew or the key is back.
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { SEALED_PLACES } from '../../appliance/credentials.ts';
import { findDatabase } from '../../appliance/data-directory.ts';
import { runBridge } from '../host/support/seeded.ts';
import { eventually, Stage, type StartedProcess } from '../host/support/stage.ts';
import { api, CREDENTIALS, connection, createConnection, SECRETS, signIn, startBridge } from './support/bridge.ts';
import { filledForm } from './support/form.ts';

const OTHER_KEY = Buffer.from('another-key-of-32-bytes-exactly!').toString('base64');
const USERNAME = 'canary-user@example.com';

const stage = new Stage();
const running: StartedProcess[] = [];
let ncc: StartedProcess;
let mpower: StartedProcess;
let dataDirectory: string;
let settings: ReturnType<typeof connection>;

beforeAll(async () => {
  const { realTimePassword, accessKeySecret } = CREDENTIALS;
  [ncc, mpower] = await Promise.all([
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
  dataDirectory = stage.directory();
  settings = connection('Centre', ncc.url, mpower.url, { ...CREDENTIALS, historicalPassword: realTimePassword });
  const bridge = await start();
  await createConnection(bridge.url, settings);
  await works(bridge);
  await end(bridge);
});
afterEach(async () => {
  for (const bridge of running.splice(0)) await bridge.end();
});
afterAll(() => stage.close());

async function start(environment: Readonly<Record<string, string>> = {}): Promise<StartedProcess> {
  const bridge = await startBridge(stage, { ALLOW_PRIVATE_NETWORK: 'true', ...environment }, dataDirectory);
  running.push(bridge);
  return bridge;
}

/** Ends a bridge before the end of its test. */
async function end(bridge: StartedProcess): Promise<void> {
  running.splice(running.indexOf(bridge), 1);
  await bridge.end();
}

interface Row {
  readonly lastPollAt: string | null;
  readonly findings: readonly { readonly what: string; readonly action: string | null }[];
}

async function statusOf(bridge: StartedProcess): Promise<Row> {
  return JSON.parse((await api(bridge.url, 'GET', '/status')).text).rows[0];
}

/**
 * Polls go on: the last one is newer than this call. Asking for the roster wakes the loop: one that found that it cannot
 * run looks again by itself after 30 s only.
 */
async function works(bridge: StartedProcess): Promise<void> {
  const since = Date.now();
  const { rows } = JSON.parse((await api(bridge.url, 'GET', '/connections')).text);
  for (const { id } of rows) await api(bridge.url, 'POST', `/connections/${id}/roster/import`);
  await eventually(
    'the bridge polls',
    async () => Date.parse((await statusOf(bridge)).lastPollAt ?? '') > since,
    75_000,
  );
}

function sealed(): unknown[] {
  return onDatabase((database) => database.prepare('SELECT * FROM credential ORDER BY name').all());
}

function onDatabase<T>(work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(findDatabase(dataDirectory) ?? path.join(dataDirectory, 'missing'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

async function saysWhatIsWrong(bridge: StartedProcess): Promise<void> {
  const cookie = await signIn(bridge.url);
  await eventually(
    'the page says what is wrong',
    async () => {
      const page = await fetch(bridge.url, { headers: { cookie } });
      return /cannot be opened with the present ENCRYPTION_KEY/.test(await page.text());
    },
    30_000,
  );
  const { findings } = await statusOf(bridge);
  expect(JSON.stringify(findings)).toContain('enter the secret again on the connection page');
}

it('with another key it says so, changes nothing stored, and works once the key is back', async () => {
  const before = sealed();
  const bridge = await start({ ENCRYPTION_KEY: OTHER_KEY });
  await saysWhatIsWrong(bridge);
  await end(bridge);
  expect(sealed()).toEqual(before);
  const back = await start();
  await works(back);
  await end(back);
  expect(sealed()).toEqual(before);
});

it('with one byte of a stored secret changed it says so, and keeps the others', async () => {
  const before = sealed();
  onDatabase((database) =>
    database.exec(`UPDATE credential SET sealed = substr(sealed, 1, 30) || iif(substr(sealed, 31, 1) = 'A', 'B', 'A') || substr(sealed, 32)
                   WHERE name = 'realTimePassword'`),
  );
  const changed = sealed();
  expect(changed).not.toEqual(before);
  const bridge = await start();
  await saysWhatIsWrong(bridge);
  await end(bridge);
  expect(sealed()).toEqual(changed);
  onDatabase((database) => {
    for (const row of before as { sealed: string; name: string }[]) {
      database.prepare('UPDATE credential SET sealed = ? WHERE name = ?').run(row.sealed, row.name);
    }
  });
});

it('with the key lost, secrets that are entered again on the page are sealed with the new one, and the bridge works', async () => {
  const bridge = await start({ ENCRYPTION_KEY: OTHER_KEY });
  await saysWhatIsWrong(bridge);
  const [{ id }] = JSON.parse((await api(bridge.url, 'GET', '/connections')).text).rows;
  const before = JSON.parse((await api(bridge.url, 'GET', `/connections/${id}`)).text);
  const address = `/connections/${id}`;
  const headers = { cookie: await signIn(bridge.url), origin: bridge.url };
  const page = await (await fetch(`${bridge.url}${address}`, { headers })).text();
  const { realTimePassword, accessKeySecret } = CREDENTIALS;
  const body = filledForm(page, address, {
    'secrets.realTimePassword': realTimePassword,
    'secrets.historicalPassword': realTimePassword,
    'secrets.accessKeySecret': accessKeySecret,
  });
  const saved = await fetch(`${bridge.url}${address}`, { method: 'POST', redirect: 'manual', headers, body });
  expect(saved.status).toBe(303);
  await works(bridge);
  // What the form held besides is what it was.
  const after = JSON.parse((await api(bridge.url, 'GET', `/connections/${id}`)).text);
  expect({ ...after, version: 0, updatedAt: '' }).toEqual({ ...before, version: 0, updatedAt: '' });
  await end(bridge);
  expect(await runBridge(dataDirectory, ['verify'], { ...SECRETS, ENCRYPTION_KEY: OTHER_KEY })).toMatchObject({
    code: 0,
  });
});

it('with the new key first and the old one after it everything opens; what is entered is sealed with the new one', async () => {
  const bridge = await start({ ENCRYPTION_KEY: `${SECRETS.ENCRYPTION_KEY},${OTHER_KEY}` });
  await works(bridge);
  const [{ id, version }] = JSON.parse((await api(bridge.url, 'GET', '/connections')).text).rows;
  await api(bridge.url, 'PUT', `/connections/${id}`, { ...settings, version });
  await works(bridge);
  await end(bridge);
  const alone = await start();
  await works(alone);
  await end(alone);
});

it('rotation seals anew every column in which the schema keeps a sealed text', () => {
  const columns = onDatabase((database) =>
    database
      .prepare(
        `SELECT m.name || '.' || c.name AS place FROM sqlite_master m JOIN pragma_table_info(m.name) c
         WHERE m.type = 'table' AND c.name LIKE '%sealed%' ORDER BY place`,
      )
      .all(),
  );
  expect(columns.map(({ place }) => place)).toEqual(
    SEALED_PLACES.map(({ table, column }) => `${table}.${column}`).sort(),
  );
});

it('rotation keeps the addresses of alerts: they open with the new key alone', async () => {
  const bridge = await start();
  const channel = { name: 'Hook', kind: 'webhook', address: `${mpower.url}/hook` };
  const made = await api(bridge.url, 'POST', '/alert-channels', channel);
  expect(made.status).toBe(201);
  await end(bridge);
  const both = { ...SECRETS, ENCRYPTION_KEY: `${OTHER_KEY},${SECRETS.ENCRYPTION_KEY}` };
  expect(await runBridge(dataDirectory, ['rotate-key'], both)).toMatchObject({ code: 0 });
  expect(await runBridge(dataDirectory, ['verify'], { ...SECRETS, ENCRYPTION_KEY: OTHER_KEY })).toMatchObject({
    code: 0,
  });
});
