// The CMS stand-in against the bridge's own ways in: what it tells is its truth, and all of that arrives.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startFolderWatch } from '../../appliance/intake/folder.ts';
import { checkSettings, readHostPort } from '../../appliance/intake/options.ts';
import { startRelay } from '../../appliance/intake/relay.ts';
import { type RunningCms, startCms } from '../../simulators/cms/start.ts';
import { readCmsExport } from '../../src/acd/avaya-cms/exports.ts';
import { checkRecords } from '../../src/domain/record.ts';
import { PushReceiver, TOKEN } from './push-receiver.ts';

const HOUR_MS = 3_600_000;
let directory: string;
const closing: (() => Promise<unknown>)[] = [];

beforeEach(() => {
  directory = mkdtempSync(path.join(os.tmpdir(), 'cms-test-'));
});
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  rmSync(directory, { recursive: true, force: true });
});

interface ExportRow {
  readonly kind: 'hsplit' | 'hagent';
  readonly startMs: number;
  readonly split: string;
  readonly login?: string;
  readonly [column: string]: unknown;
}
const rowsOf = (cms: RunningCms, kind: string) => (cms.exportRows() as ExportRow[]).filter((row) => row.kind === kind);

describe('its exports', () => {
  it.each([
    ['UTC', 15, true],
    ['America/Chicago', 15, false],
    ['Asia/Kathmandu', 15, false],
    ['Europe/Berlin', 30, false],
  ] as const)(
    'are taken whole: %s, %i minutes, with starttime_utc %s',
    async (timeZone, intervalMinutes, utcColumn) => {
      const nowMs = Date.parse('2026-03-02T18:07:00Z');
      const options = { port: 0, folder: directory, timeZone, intervalMinutes, utcColumn, pastIntervals: 12, pace: 3 };
      const cms = await startCms(options, () => nowMs);
      closing.push(cms.close);
      const settings = checkSettings({ timeZone, intervalMinutes }, 'The test');
      const read = readdirSync(directory).map((name) =>
        readCmsExport(readFileSync(path.join(directory, name), 'utf8'), settings, nowMs),
      );
      expect(read.length).toBe(24);
      expect(read.flatMap(({ refused, adjusted }) => [...refused, ...adjusted])).toEqual([]);
      const quarters = intervalMinutes / 15;
      const splits = read.flatMap(({ records }) => records['queue-intervals'].map(({ record }) => record));
      const truth = rowsOf(cms, 'hsplit');
      expect(splits).toHaveLength(truth.length * quarters);
      const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
      expect(sum(splits.map(({ offered }) => offered))).toBe(
        sum(truth.map(({ acdcalls, abncalls }) => Number(acdcalls) + Number(abncalls))),
      );
      const agents = read.flatMap(({ records }) => records['agent-intervals'].map(({ record }) => record));
      expect(checkRecords('agent-intervals', agents).refused).toEqual([]);
      const staffS = sum(rowsOf(cms, 'hagent').map(({ ti_stafftime }) => Number(ti_stafftime)));
      expect(staffS).toBeGreaterThan(0);
      expect(sum(agents.map(({ loginTimeMs }) => loginTimeMs))).toBe(staffS * 1_000);
    },
  );

  it('are the same for the same seed', async () => {
    const nowMs = () => Date.parse('2026-03-02T18:07:00Z');
    const [one, two] = [await startCms({ port: 0 }, nowMs), await startCms({ port: 0 }, nowMs)];
    closing.push(one.close, two.close);
    expect(one.exportRows()).toEqual(two.exportRows());
  });
});

it.each(['json', 'text'] as const)(
  'everything that it tells as %s and exports arrives, over a connection that breaks',
  async (form) => {
    const timeZone = 'America/New_York';
    const feed = { form: 'pattern', pattern: '(?<time>[^|]+)\\|(?<login>\\d+)\\|(?<state>\\d+)\\|(?<reason>\\d*)$' };
    const settings = checkSettings({ timeZone, ...(form === 'text' && { feed }) }, 'The test');
    const receiver = await new PushReceiver().listen();
    const target = { address: () => receiver.to, token: () => TOKEN };
    const log = () => undefined;
    const relay = await startRelay(
      {
        ...{ listen: readHostPort('--listen', '127.0.0.1:0'), peers: undefined, health: undefined },
        ...{ spoolDirectory: path.join(directory, 'spool'), spoolBytesMax: 64 * 1024 * 1024, settings, target },
      },
      log,
    );
    const folder = path.join(directory, 'exports');
    const watch = startFolderWatch({ folder, kind: 'auto', settings, target, everyMs: 50, settleMs: 50 }, log);
    let nowMs = Date.now() - 2 * HOUR_MS;
    const cms = await startCms({ port: 0, feed: relay.address, form, folder, timeZone, pastIntervals: 2 }, () => nowMs);
    closing.push(
      () => receiver.close(),
      () => relay.stop(),
      () => watch.stop(),
      cms.close,
    );

    const allRead = () => expect.poll(() => relay.status().read, { timeout: 5_000 }).toBe(cms.summary().linesSent);
    await expect.poll(() => cms.summary().feedConnected, { timeout: 5_000 }).toBe(1);
    for (let minute = 1; minute <= 110; minute += 1) {
      nowMs += 60_000;
      cms.tick();
      if (minute !== 40) continue;
      // Nothing is in flight: what a broken connection takes with it, neither side can know.
      await allRead();
      cms.cut();
      await expect.poll(() => cms.summary().feedConnected, { timeout: 5_000 }).toBe(0);
    }
    await expect.poll(() => cms.summary().feedConnections, { timeout: 5_000 }).toBe(2);
    await allRead();
    await expect.poll(() => relay.status().waiting, { timeout: 5_000 }).toBe(0);
    const told = new Map(
      cms.sent().map(({ login, atMs, code, reason }) => [`${login} ${atMs}`, `${code} ${reason || ''}`]),
    );
    const arrived = receiver
      .storedOf('state-changes')
      .map(
        ({ agentId, at, state, reason }) =>
          [`${String(agentId)} ${String(at)}`, `${String(state)} ${String(reason)}`] as const,
      );
    expect(told.size).toBeGreaterThan(500);
    expect(new Map(arrived)).toEqual(told);
    expect(relay.status().refused).toBe(0);

    const files = cms.summary().filesWritten;
    await expect.poll(() => readdirSync(path.join(folder, 'done')).length, { timeout: 10_000 }).toBe(files);
    expect(receiver.storedOf('queue-intervals')).toHaveLength(rowsOf(cms, 'hsplit').length);
    expect(receiver.storedOf('agent-queue-intervals')).toHaveLength(rowsOf(cms, 'hagent').length);
  },
  40_000,
);
