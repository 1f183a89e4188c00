import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FolderWatch, startFolderWatch } from '../../appliance/intake/folder.ts';
import { checkSettings, readHostPort, readTarget } from '../../appliance/intake/options.ts';
import { chunksOf, PushFailed, type PushTarget, pushRecords } from '../../appliance/intake/push-client.ts';
import { decodeText, pushFile } from '../../appliance/intake/push-file.ts';
import { type FileKind, readRecordFile } from '../../appliance/intake/record-file.ts';
import { PushReceiver, TOKEN } from './push-receiver.ts';

const SETTINGS = checkSettings({ timeZone: 'Europe/Berlin' }, 'The test');
const NOW_MS = Date.parse('2026-06-01T00:00:00Z');
const START = '2026-03-02T14:15:00Z';
const interval = (queueId: string, offered: number) => ({ queueId, start: START, offered, handleTimeMs: 1_000 });

let receiver: PushReceiver;
let directory: string;
let target: PushTarget;
let watch: FolderWatch | undefined;

beforeEach(async () => {
  receiver = await new PushReceiver().listen();
  directory = mkdtempSync(path.join(os.tmpdir(), 'intake-test-'));
  target = { address: () => receiver.to, token: () => TOKEN };
});
afterEach(async () => {
  await watch?.stop();
  watch = undefined;
  await receiver.close();
  rmSync(directory, { recursive: true, force: true });
});

const push = (records: readonly unknown[], key = 'key-1') => pushRecords(target, 'queue-intervals', records, key);

describe('the push protocol', () => {
  it('tells what became of each record, the refused ones with their places', async () => {
    expect(await push([interval('7', 3), { queueId: '8' }, interval('9', 1)])).toMatchObject({
      ...{ added: 2, changed: 0, same: 0, refusedCount: 1 },
      refused: [{ index: 1, reason: expect.stringContaining('start') }],
    });
    expect(await push([interval('7', 4), interval('9', 1)], 'key-2')).toMatchObject({ changed: 1, same: 1 });
  });

  it.each([
    [401, false],
    [404, false],
    [429, false],
    [503, false],
    [400, true],
    [413, true],
    ['not the bridge', false],
    ['lose-answer', false],
  ] as const)('does not take %s for an acceptance; permanent: %s', async (mode, isPermanent) => {
    receiver.mode = mode;
    const failed = await push([interval('7', 3)]).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(PushFailed);
    expect((failed as PushFailed).isPermanent).toBe(isPermanent);
    expect((failed as PushFailed).message).not.toContain(TOKEN);
  });

  it('cuts many records into pieces that one request may bring', () => {
    const records = Array.from({ length: 25_000 }, (_, n) => ({ n }));
    expect([...chunksOf(records)].map(({ from, records: piece }) => [from, piece.length])).toEqual([
      [0, 10_000],
      [10_000, 10_000],
      [20_000, 5_000],
    ]);
    const large = Array.from({ length: 40 }, () => ({ text: 'x'.repeat(500_000) }));
    expect([...chunksOf(large)].map(({ records: piece }) => piece.length)).toEqual([14, 14, 12]);
    expect([...chunksOf([])]).toEqual([]);
  });
});

describe('where to push', () => {
  const check =
    (to: string, allowPrivate = false) =>
    () => {
      const file = path.join(directory, 'token');
      writeFileSync(file, `${TOKEN}\n`);
      return readTarget(to, file, allowPrivate).address();
    };

  it('is a connection over https, or on this machine', () => {
    expect(check('https://bridge.example.com/api/v1/connections/3/')()).toBe(
      'https://bridge.example.com/api/v1/connections/3',
    );
    expect(check('http://127.0.0.1:8787/api/v1/connections/3')()).toBe('http://127.0.0.1:8787/api/v1/connections/3');
    expect(check('http://bridge.example.com/api/v1/connections/3')).toThrow('https://');
    expect(check('http://bridge.example.com/api/v1/connections/3', true)()).toContain('http://bridge');
    expect(check('https://bridge.example.com/')).toThrow('/api/v1/connections/N');
    expect(check('bridge.example.com')).toThrow('/api/v1/connections/N');
  });

  it('and a token that can be read', () => {
    const file = path.join(directory, 'token');
    expect(() => readTarget('https://b.example/api/v1/connections/1', file, false)).toThrow('cannot be read');
    writeFileSync(file, 'two words\n');
    expect(() => readTarget('https://b.example/api/v1/connections/1', file, false)).toThrow('does not hold a token');
  });

  it('reads addresses with ports', () => {
    expect(readHostPort('--listen', '0.0.0.0:7001')).toEqual({ host: '0.0.0.0', port: 7001 });
    expect(readHostPort('--listen', '[::1]:0')).toEqual({ host: '::1', port: 0 });
    for (const wrong of ['7001', 'a:b', '1.2.3.4:70000', '']) {
      expect(() => readHostPort('--listen', wrong)).toThrow('--listen takes an address and a port');
    }
  });
});

describe('files of records', () => {
  const read = (text: string, kind: FileKind = 'queue-intervals') => readRecordFile(text, kind, SETTINGS, NOW_MS);
  const recordsOf = (text: string, kind?: FileKind) => read(text, kind).parts.flatMap(({ records }) => records);

  it.each([
    ['a list', JSON.stringify([interval('7', 3), interval('8', 4)], null, 2)],
    ['an envelope', JSON.stringify({ records: [interval('7', 3), interval('8', 4)] }, null, 2)],
    ['an object a line', `${JSON.stringify(interval('7', 3))}\n\n${JSON.stringify(interval('8', 4))}\n`],
    ['CSV', `queueId,start,offered,handleTimeMs,isIncomplete\n7,${START},3,1000,\n8,${START},4,1000,\n`],
    ['CSV of a spreadsheet', `\uFEFFqueueId;start;offered;handleTimeMs\r\n7;${START};3;1000\r\n8;${START};4;1000\r\n`],
  ])('%s is read', (_, text) => {
    expect(recordsOf(text).map(({ record }) => record)).toEqual([interval('7', 3), interval('8', 4)]);
    expect(read(text).refused).toEqual([]);
  });

  it('one object is one record', () => {
    expect(recordsOf(JSON.stringify(interval('7', 3), null, 2))).toEqual([{ line: 1, record: interval('7', 3) }]);
  });

  it('keeps a cell that fits nothing, so that it is refused and not left out', async () => {
    const csv = `queueId,start,offered,handleTimeMs,isIncomplete\n7,${START},three,1000,\n8,${START},4,1000,true\n`;
    const outcome = await pushFile(target, read(csv), 'a file');
    expect(outcome).toMatchObject({ added: 1, refusedCount: 1, refused: [{ line: 2 }] });
    expect(receiver.storedOf('queue-intervals')).toMatchObject([{ queueId: '8', offered: 4, isIncomplete: true }]);
  });

  it.each([
    ['queueId,begin\n7,1', 'There is no field "begin"'],
    ['[{"queueId":"7"', 'no list of records'],
  ])('%j is refused with a reason', (text, reason) => {
    expect(read(text).refused).toEqual([{ line: 1, reason: expect.stringContaining(reason) }]);
  });

  it('reads what a spreadsheet saved in another encoding', () => {
    expect(decodeText(Buffer.from('\uFEFFqueueId', 'utf16le'))).toBe('queueId');
    expect(decodeText(Buffer.from('Büro', 'latin1'))).toBe('Büro');
    expect(decodeText(Buffer.from('Büro'))).toBe('Büro');
  });
});

const EXPORT = [
  'row_date|starttime|intrvl|acd|split|acdcalls|acdtime|holdtime|abncalls|incomplete',
  '2026-03-02|1515|15|1|7|3|300|0|0|0',
  '2026-03-02|1530|15|1|7|4|400|0|0|0',
];

describe('a watched folder', () => {
  const start = (settleMs = 100) => {
    const kind: FileKind = 'auto';
    const options = { folder: directory, kind, settings: SETTINGS, target, everyMs: 30, settleMs };
    watch = startFolderWatch(options, () => undefined);
  };
  const put = (name: string, lines: readonly string[]) => writeFileSync(path.join(directory, name), lines.join('\n'));
  const namesIn = (name: string) => readdirSync(path.join(directory, name)).sort();
  const has = (name: string) => existsSync(path.join(directory, name));

  it('pushes an export and puts it away', async () => {
    start();
    put('hsplit.csv', EXPORT);
    await expect.poll(() => has('done/hsplit.csv'), { timeout: 4_000 }).toBe(true);
    expect(receiver.storedOf('queue-intervals').map(({ start: at }) => new Date(Number(at)).toISOString())).toEqual([
      '2026-03-02T14:15:00.000Z',
      '2026-03-02T14:30:00.000Z',
    ]);
  });

  it('takes the good lines and says of the others why not, beside the file', async () => {
    start();
    put('hsplit.csv', [...EXPORT, '2026-03-02|1545|60|1|7|4|400|0|0|0']);
    receiver.refuses = (record) => record.offered === 4;
    await expect.poll(() => has('failed/hsplit.csv'), { timeout: 4_000 }).toBe(true);
    const reasons = readFileSync(path.join(directory, 'failed/hsplit.csv.reason.txt'), 'utf8');
    expect(reasons).toContain('1 new, 0 changed, 0 the same, 2 refused');
    expect(reasons).toContain('Line 4: An interval of 60 minutes');
    expect(reasons).toContain('Line 3: Told to refuse this one.');
  });

  it('waits while a file is written, and leaves alone what is not an export yet', async () => {
    start(300);
    put('hsplit.csv.part', EXPORT);
    for (let n = 1; n <= EXPORT.length; n += 1) {
      put('slow.csv', EXPORT.slice(0, n));
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    await expect.poll(() => has('done/slow.csv'), { timeout: 4_000 }).toBe(true);
    expect(receiver.requests).toHaveLength(1);
    expect(has('hsplit.csv.part')).toBe(true);
  });

  it('keeps a file while the bridge is away or does not know the token, and pushes it afterwards', async () => {
    receiver.mode = 401;
    start();
    put('hsplit.csv', EXPORT);
    await expect.poll(() => receiver.requestCount, { timeout: 4_000 }).toBeGreaterThan(1);
    expect(has('hsplit.csv')).toBe(true);
    receiver.mode = 'take';
    await expect.poll(() => has('done/hsplit.csv'), { timeout: 8_000 }).toBe(true);
  }, 15_000);

  it('does not try again what the bridge calls wrong as a whole', async () => {
    receiver.mode = 400;
    start();
    put('hsplit.csv', EXPORT);
    await expect.poll(() => has('failed/hsplit.csv.reason.txt'), { timeout: 4_000 }).toBe(true);
    expect(readFileSync(path.join(directory, 'failed/hsplit.csv.reason.txt'), 'utf8')).toContain(
      '400 (Told to refuse)',
    );
  });

  it('keeps both files of one name', async () => {
    start();
    put('hsplit.csv', EXPORT);
    await expect.poll(() => has('done/hsplit.csv'), { timeout: 4_000 }).toBe(true);
    put('hsplit.csv', EXPORT.slice(0, 2));
    await expect.poll(() => namesIn('done').length, { timeout: 4_000 }).toBe(2);
  });

  it('puts aside what is no export at all', async () => {
    start();
    put('notes.txt', ['Nothing to see here.']);
    await expect.poll(() => has('failed/notes.txt.reason.txt'), { timeout: 4_000 }).toBe(true);
    expect(receiver.requests).toEqual([]);
  });

  it('goes on when the folder is away for a while', async () => {
    start();
    const away = `${directory}-away`;
    renameSync(directory, away);
    await new Promise((resolve) => setTimeout(resolve, 200));
    mkdirSync(directory);
    rmSync(directory, { recursive: true });
    renameSync(away, directory);
    put('hsplit.csv', EXPORT);
    await expect.poll(() => has('done/hsplit.csv'), { timeout: 8_000 }).toBe(true);
  }, 15_000);
});
