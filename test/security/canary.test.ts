// Fault B6: distinctive secrets go in, the bridge works and fails with them, and then every byte that it has written or
// answered is searched: log, pages, API, exports, metrics, database with its journal, caches, backups, bundles.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Stage } from '../host/support/stage.ts';
import { Answers } from './support/answers.ts';
import { api, signIn } from './support/bridge.ts';
import { CREDENTIALS, DEPLOYMENT, PASSPHRASE, USERNAME } from './support/canaries.ts';
import { type CanaryBridge, runCommand, startCanaryBridge } from './support/canary-bridge.ts';
import { formsOf } from './support/forms.ts';
import { filesBelow, findSecrets, type Place, unpacked } from './support/search.ts';
import { findReal, provoke, walkApi, walkRefusals } from './support/walk-api.ts';
import { pressTests, preview, provokeRefusals, saveAgain, walkSite } from './support/walk-site.ts';

const root = path.resolve(import.meta.dirname, '../..');
const LIMIT_MS = 400_000;
const stage = new Stage();
let bridge: CanaryBridge;
let answers: Answers;

beforeAll(async () => {
  bridge = await startCanaryBridge(stage);
  answers = new Answers(bridge.process.url);
}, LIMIT_MS);
afterAll(async () => {
  bridge?.close();
  await stage.close();
});

/** What of a walk has to have happened, so that the search afterwards means something. */
interface Walked {
  readonly pages: number;
  readonly unanswered: readonly string[];
  readonly notRefused: readonly string[];
  readonly saved: string;
  readonly previews: readonly number[];
}

async function walk(): Promise<Walked> {
  const { url } = bridge.process;
  bridge.addSecret('session', (await answers.cookie()).split('.').at(-1) ?? '');
  const second = await signIn(url, DEPLOYMENT.ADMIN_PASSWORD);
  bridge.addSecret('second session', second.split('.').at(-1) ?? '');
  const made = JSON.parse((await api(url, 'POST', '/tokens', { name: 'Made', scope: 'read' })).text).token;
  bridge.addSecret('made token', made);
  const headers = { authorization: `Bearer ${made}` };
  await answers.keep('made token', await fetch(`${url}/api/v1/status`, { headers }));

  const [, ...otherIds] = bridge.ids;
  const real = await findReal(answers, bridge.worksId);
  for (const id of bridge.ids) await pressTests(answers, id);
  await provoke(answers, bridge.mirror.url, bridge.ids);
  const saved = await saveAgain(answers, bridge.worksId, CREDENTIALS);
  const previews = await preview(answers, bridge.worksId, real.importId);
  await provokeRefusals(answers, `${DEPLOYMENT.ADMIN_PASSWORD}-almost`);
  const notRefused = await walkRefusals(answers, bridge.worksId);
  // Last: what went wrong is shown by now.
  const unanswered = await walkApi(answers, real, otherIds);
  return { pages: await walkSite(answers, bridge.ids), unanswered, notRefused, saved, previews };
}

describe('the search', () => {
  const canary = { canary: CREDENTIALS.realTimePassword };

  it.each(formsOf(CREDENTIALS.realTimePassword).map((form) => [form.toString(), form] as const))(
    'finds %s',
    (_text, form) => {
      expect(findSecrets([{ name: 'x', content: Buffer.concat([Buffer.from('ab'), form, form]) }], canary)).toEqual([
        'canary in x',
      ]);
    },
  );

  it('finds half of one', () => {
    const half = CREDENTIALS.realTimePassword.slice(0, 24);
    expect(findSecrets([{ name: 'x', content: Buffer.from(`- ${half}…`) }], canary)).toEqual(['part of canary in x']);
  });

  it('finds bytes that are no text', () => {
    const key = { key: Buffer.from('00ff10fe20fd30fc40fb', 'hex') };
    const content = Buffer.from(`x${Buffer.from('ab00ff10fe20fd30fc40fb', 'hex').toString('base64')}x`);
    expect(findSecrets([{ name: 'x', content }], key)).toEqual(['key in x']);
  });

  it('finds what is in gzip, once and twice, and in a blob of an export', () => {
    const once = gzipSync(`- ${CREDENTIALS.realTimePassword} -`.repeat(20));
    const sql = `INSERT INTO t VALUES (1, X'${once.toString('hex')}');`;
    const packed = [
      { name: 'once', content: once },
      { name: 'twice', content: gzipSync(once) },
      { name: 'export.sql', content: Buffer.from(sql) },
    ];
    for (const place of packed) {
      expect(findSecrets([place], canary)).toEqual([]);
      expect(findSecrets(unpacked(place), canary)).toHaveLength(1);
    }
  });
});

describe('after the bridge has worked, failed and answered with distinctive secrets', () => {
  let walked: Walked;
  let running: Place[];
  let stopped: Place[];
  let commandLines: Place[];

  beforeAll(async () => {
    walked = await walk();
    const { dataDirectory } = bridge;
    running = filesBelow(dataDirectory);
    commandLines = bridge.process
      .tree()
      .map(({ pid }) => ({ name: `command line of ${pid}`, content: readFileSync(`/proc/${pid}/cmdline`) }));
    const run = async (args: readonly string[], environment = {}) =>
      answers.add(`output of ${args[0]}`, await runCommand(bridge, args, { ...DEPLOYMENT, ...environment }));
    await run(['backup'], { BACKUP_PASSPHRASE: PASSPHRASE });
    await run(['backup', '--to', path.join(dataDirectory, 'plain')]);
    await run(['support-bundle', '--to', path.join(dataDirectory, 'bundle.tar.gz')]);
    await bridge.process.end();
    await run(['verify']);
    await run(['export', path.join(dataDirectory, 'exported'), '--copy']);
    stopped = filesBelow(dataDirectory);
  }, LIMIT_MS);

  it('all was asked that can be asked, and what should have worked did', () => {
    expect(walked).toEqual({
      pages: expect.toSatisfy((count: number) => count > 60),
      unanswered: [],
      notRefused: [],
      saved: `/connections/${bridge.worksId}?notice=saved`,
      previews: [303, 303, 303, 200],
    });
    expect(answers.places.length).toBeGreaterThan(400);
  });

  it('the search finds what is there: in files, answers, blobs, archives and exports', () => {
    const known = { user: USERNAME, pattern: 'token_made_nowhere' };
    const places = findSecrets(stopped, known).filter((found) => found.startsWith('user in'));
    for (const name of ['.sqlite', 'plain', 'exported']) {
      expect(places.some((found) => found.includes(name))).toBe(true);
    }
    expect(findSecrets(answers.places, known).some((found) => found.includes('.zip > '))).toBe(true);
    expect(stopped.some(({ name }) => /report_body\.body_gzip unpacked$/.test(name))).toBe(true);
    expect(stopped.some(({ name }) => /exported.*blob \d+ unpacked$/.test(name))).toBe(true);
    expect(stopped.some(({ name }) => /plain.* > .*report_body\.body_gzip unpacked$/.test(name))).toBe(true);
  });

  it('no page, answer, export or metric holds one', () => {
    // The vendor's words are there, with what was secret in them taken out.
    expect(answers.places.some(({ content }) => content.includes('You sent [removed]'))).toBe(true);
    expect(findSecrets(answers.places, bridge.secrets())).toEqual([]);
  });

  it('no line of the log holds one, and what vendors sent back of them is taken out', () => {
    const log = { name: 'log', content: Buffer.from(bridge.process.lines.join('\n')) };
    expect(log.content.toString()).toContain('wrong administrator password');
    expect(findSecrets([log], bridge.secrets())).toEqual([]);
  });

  it('no byte of the database, its journal, the caches, backups or the export holds one, running or stopped', () => {
    expect(stopped.filter(({ name }) => name.endsWith('.sqlite')).length).toBeGreaterThan(1);
    expect(running.some(({ name }) => name.endsWith('-wal'))).toBe(true);
    expect(readdirSync(path.join(bridge.dataDirectory, 'backups')).some((name) => name.endsWith('.age'))).toBe(true);
    expect(findSecrets([...running, ...stopped], bridge.secrets())).toEqual([]);
  });

  it('credentials and cached tokens are there, as ciphertext only', () => {
    const text = stopped.map(({ content }) => content.toString('latin1')).join('');
    expect(text.match(/v1\.[0-9a-f]{8}\.[\w-]{40,}/g)?.length).toBeGreaterThan(12);
    const names = Object.keys(bridge.secrets());
    for (const field of ['ncc token', 'mpower access_token', 'mpower refresh_token', 'mpower refreshToken']) {
      expect(names.some((name) => name.startsWith(field))).toBe(true);
    }
  });

  it('no process shows one in its command line', () => {
    expect(commandLines.length).toBeGreaterThan(1);
    expect(findSecrets(commandLines, bridge.secrets())).toEqual([]);
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
    expect(findSecrets(places, { ...bridge.secrets(), ...fixed })).toEqual([]);
  });
});
