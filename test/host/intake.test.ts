// One process for a site with Avaya CMS: the appliance takes the feed and the exports itself, and the WFM gets them.
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { DEMO_ACCOUNTS } from '../../appliance/demo.ts';
import { API_TOKEN } from './support/seeded.ts';
import { EndedEarly, freePort, Stage } from './support/stage.ts';

let stage: Stage;
let directory: string;
beforeEach(() => {
  stage = new Stage();
  directory = stage.directory();
});
afterEach(() => stage.close());

const lines = async (url: string) =>
  (await (await fetch(url)).text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

it('relays the feed and pushes the exports into its own engine, and from there to the WFM', async () => {
  const [feedPort, healthPort] = [await freePort(), await freePort()];
  const exportsFolder = path.join(directory, 'exports');
  mkdirSync(exportsFolder);
  const intake = {
    tokenFile: 'push-token',
    relays: [{ connection: 1, listen: `127.0.0.1:${feedPort}`, from: '127.0.0.1', health: `127.0.0.1:${healthPort}` }],
    folders: [{ connection: 1, folder: 'exports', settleS: 0 }],
  };
  writeFileSync(path.join(directory, 'intake.json'), JSON.stringify(intake));
  const mpower = await stage.startStandIn('mpower');
  const bridge = await stage.startHost({
    dataDirectory: path.join(directory, 'data'),
    environment: { INTAKE_FILE: path.join(directory, 'intake.json'), API_TOKEN, ALLOW_PRIVATE_NETWORK: 'true' },
  });
  const cms = await stage.startProgram(
    [
      ...['simulators/cli.ts', 'cms', '--port', '0', '--exit-with-parent', '--pace', '20', '--agents', '12'],
      ...[
        '--feed',
        `127.0.0.1:${feedPort}`,
        '--folder',
        exportsFolder,
        '--past-intervals',
        '4',
        '--export-delay-s',
        '0',
      ],
    ],
    (line) => / listening on (http\S+)/.exec(line)?.[1],
  );
  const health = async () =>
    (await (await fetch(`http://127.0.0.1:${healthPort}/healthz`)).json()) as Record<string, number>;
  // Lines and files wait until there is a connection and a token.
  await expect.poll(async () => (await health()).waiting, { timeout: 20_000 }).toBeGreaterThan(10);
  const call = async (address: string, body: object) => {
    const response = await fetch(`${bridge.url}/api/v1${address}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${API_TOKEN}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.ok, await response.clone().text()).toBe(true);
    return (await response.json()) as Record<string, unknown>;
  };
  const { accessKeyId, accessKeySecret } = DEMO_ACCOUNTS.mpower;
  const created = await call('/connections', {
    ...{ name: 'Switch', timeZone: 'UTC', acd: { kind: 'avaya-cms' }, secrets: { accessKeySecret } },
    wfm: { kind: 'cxone-mpower', baseUrl: mpower.url, accessKeyId },
  });
  expect(created.id).toBe(1);
  const { token } = await call('/tokens', { name: 'relay', scope: 'push' });
  writeFileSync(path.join(directory, 'push-token'), `${String(token)}\n`);

  await expect.poll(async () => (await health()).pushed, { timeout: 90_000, interval: 500 }).toBeGreaterThan(50);
  const exported = await lines(`${cms.url}/_truth/exports`);
  expect(exported.length).toBeGreaterThan(30);
  await expect
    .poll(() => readdirSync(path.join(exportsFolder, 'done')).length, { timeout: 60_000 })
    .toBeGreaterThanOrEqual(8);
  expect(readdirSync(path.join(exportsFolder, 'failed'))).toEqual([]);
  expect((await health()).refused).toBe(0);
  // Each state that CMS told reaches the WFM, at the instant that CMS gave it.
  const told = (await lines(`${cms.url}/_truth/states`)).slice(0, 50).map(({ login, code, reason, atMs }) => {
    return [login, code, reason || '', new Date(Number(atMs)).toISOString()].join(' ');
  });
  const missing = async () => {
    const accepted = await lines(`${mpower.url}/_truth/agent-states`);
    const states = accepted.map(({ loginId, eventCode, reasonCode, eventUtcTime }) => {
      return [loginId, eventCode, reasonCode, new Date(String(eventUtcTime)).toISOString()].join(' ');
    });
    return told.filter((state) => !states.includes(state));
  };
  await expect.poll(missing, { timeout: 60_000, interval: 1_000 }).toEqual([]);
  expect(bridge.lines.join('\n')).not.toContain(String(token));
  expect(await bridge.end()).toBe('appliance/main.ts ended with code 0');
});

it.each([
  ['no file', undefined, 'cannot be read as JSON'],
  ['an unknown field', { tokenFile: 't', relay: [] }, 'relay'],
  [
    'an address that is none',
    { tokenFile: 't', relays: [{ connection: 1, listen: '7001' }] },
    'relays.0.listen takes an address',
  ],
  [
    'a pattern that could hold it up',
    {
      tokenFile: 't',
      folders: [
        {
          connection: 1,
          folder: 'f',
          settings: { feed: { form: 'pattern', pattern: '(?<login>.*)(?<state>.*)-.*-' } },
        },
      ],
    },
    'folders.0.settings is not usable: feed.pattern',
  ],
])('does not start with %s', async (_, intake, message) => {
  const file = path.join(directory, 'intake.json');
  if (intake !== undefined) writeFileSync(file, JSON.stringify(intake));
  const options = { dataDirectory: path.join(directory, 'data'), environment: { INTAKE_FILE: file } };
  const refused = await stage.startHost(options).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(EndedEarly);
  expect((refused as EndedEarly).message).toContain(message);
});
