// The relay as a process: what it has read reaches the bridge once the bridge takes it, whatever ends in between.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RelayStatus } from '../../appliance/intake/relay-facts.ts';
import { PushReceiver, TOKEN } from '../node/push-receiver.ts';
import type { StartedProcess } from './support/stage.ts';
import { EndedEarly, freePort, Stage } from './support/stage.ts';

let stage: Stage;
let receiver: PushReceiver;
let directory: string;
let sockets: Socket[] = [];

beforeEach(async () => {
  stage = new Stage();
  receiver = await new PushReceiver().listen();
  directory = stage.directory();
  writeFileSync(path.join(directory, 'token'), `${TOKEN}\n`);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await stage.close();
  await receiver.close();
});

interface StartedRelay {
  readonly process: StartedProcess;
  readonly feedPort: number;
  status(): Promise<RelayStatus & { code: number }>;
}

async function startRelay(...more: string[]): Promise<StartedRelay> {
  const health = await freePort();
  const args = ['--listen', '127.0.0.1:0', '--health', `127.0.0.1:${health}`, '--spool', path.join(directory, 'spool')];
  const where = ['--to', receiver.to, '--token-file', path.join(directory, 'token'), '--log-format', 'text'];
  const started = await stage.startProgram(
    ['appliance/bridge.ts', 'relay', ...args, ...where, '--exit-with-parent', ...more],
    (line) => /Health is told at (http\S+)/.exec(line)?.[1],
  );
  const feedPort = Number(/feed on 127\.0\.0\.1:(\d+)/.exec(started.lines.join('\n'))?.[1]);
  return {
    process: started,
    feedPort,
    async status() {
      const response = await fetch(started.url);
      return { ...((await response.json()) as RelayStatus), code: response.status };
    },
  };
}

async function openFeed(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  sockets.push(socket);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('close', () => reject(new Error('The feed was closed.')));
  });
  return socket;
}

const START_MS = Date.parse('2026-03-02T14:00:00Z');
/** Line n: another agent each time, at another second. */
const lineOf = (n: number) =>
  `${JSON.stringify({ login: String(2_000 + (n % 40)), eventCode: [20, 30, 40, 50][n % 4], time: (START_MS + n * 1_000) / 1_000 })}\n`;
const linesOf = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => lineOf(from + n)).join('');
/** The instants that arrived, as numbers of lines, in the order in which they were first pushed. */
const arrived = () => [
  ...new Set(
    receiver.requests.flatMap(({ records }) => records.map(({ at }) => (Date.parse(String(at)) - START_MS) / 1_000)),
  ),
];
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);
const isBalanced = ({ read, pushed, refused, waiting }: RelayStatus) => read === pushed + refused + waiting;

it('pushes the lines of a feed in their order, and says so', async () => {
  const relay = await startRelay();
  const feed = await openFeed(relay.feedPort);
  feed.write(linesOf(0, 250));
  // A line may come in pieces.
  const [first, second] = [lineOf(250).slice(0, 20), lineOf(250).slice(20)];
  feed.write(first);
  await sleep(50);
  feed.write(second);
  await expect.poll(async () => (await relay.status()).pushed, { timeout: 10_000 }).toBe(251);
  expect(arrived()).toEqual(numbers(251));
  expect(await relay.status()).toMatchObject({
    ...{ code: 200, status: 'ok', problems: [], feeds: 1, read: 251, refused: 0, waiting: 0, oldestWaitingAt: null },
  });
  expect(await relay.process.end()).toBe('appliance/bridge.ts ended with code 0');
});

it('loses nothing that it has read when it is killed again and again, with the bridge away in between', async () => {
  let sent = 0;
  const modes = ['take', 503, 'lose-answer', 'take', 'not the bridge', 503] as const;
  for (const mode of modes) {
    receiver.mode = mode;
    const relay = await startRelay();
    const feed = await openFeed(relay.feedPort);
    feed.write(linesOf(sent, sent + 700));
    sent += 700;
    // Killed right after it has read them: in the middle of a push, of a failure, of what is written down about it.
    await expect.poll(async () => (await relay.status()).read, { timeout: 10_000, interval: 10 }).toBe(sent);
    const status = await relay.status();
    expect(isBalanced(status)).toBe(true);
    await relay.process.end('SIGKILL');
  }
  receiver.mode = 'take';
  const relay = await startRelay();
  await expect.poll(async () => (await relay.status()).waiting, { timeout: 20_000 }).toBe(0);
  expect(await relay.status()).toMatchObject({ read: sent, pushed: sent, refused: 0 });
  expect(arrived()).toEqual(numbers(sent));
  expect(receiver.storedOf('state-changes')).toHaveLength(sent);
});

it('keeps lines while the bridge is away, says since when, and pushes them afterwards', async () => {
  const { port } = receiver;
  await receiver.close();
  const relay = await startRelay();
  const feed = await openFeed(relay.feedPort);
  feed.write(linesOf(0, 50));
  await expect.poll(async () => (await relay.status()).waiting, { timeout: 10_000 }).toBe(50);
  await expect
    .poll(() => relay.process.lines.join('\n'), { timeout: 10_000 })
    .toContain('50 lines wait and are tried again');
  const { oldestWaitingAt } = await relay.status();
  expect(Date.now() - Date.parse(oldestWaitingAt ?? '')).toBeLessThan(60_000);
  receiver = await new PushReceiver().listen(port);
  await expect.poll(async () => (await relay.status()).pushed, { timeout: 20_000 }).toBe(50);
  expect(arrived()).toEqual(numbers(50));
});

it('puts refused lines and records aside with a reason, and goes on with the others', async () => {
  receiver.refuses = (record) => record.agentId === '2003';
  const relay = await startRelay();
  const feed = await openFeed(relay.feedPort);
  feed.write(`${linesOf(0, 10)}hello\n\n  \r\n${'x'.repeat(100_000)}\n${linesOf(10, 20)}{"login":"2001"`);
  feed.end();
  await expect.poll(async () => (await relay.status()).waiting, { timeout: 10_000 }).toBe(0);
  await expect.poll(async () => (await relay.status()).read, { timeout: 10_000 }).toBe(23);
  await expect.poll(async () => (await relay.status()).pushed, { timeout: 10_000 }).toBe(19);
  await expect.poll(async () => (await relay.status()).refused, { timeout: 10_000 }).toBe(4);
  const lines = readFileSync(path.join(directory, 'spool/refused.jsonl'), 'utf8').trim().split('\n');
  expect(lines.map((line) => (JSON.parse(line) as { reason: string }).reason).sort()).toEqual([
    'The connection ended within the line.',
    expect.stringMatching(/^The line does not end within|^The line is longer/),
    'The line is not JSON.',
    'Told to refuse this one.',
  ]);
  expect(arrived()).toEqual(numbers(20));
});

it('reads lines by a pattern out of a settings file, and refuses one that could hold it up', async () => {
  const settings = path.join(directory, 'cms.json');
  const feed = { form: 'pattern', pattern: '(?<time>[\\d:]+) (?<login>\\d+) (?<state>\\d+)(?:/(?<reason>\\d+))?' };
  writeFileSync(settings, JSON.stringify({ timeZone: 'America/Chicago', feed }));
  const relay = await startRelay('--settings', settings);
  (await openFeed(relay.feedPort)).write('1772460300 2001 50/3\n');
  await expect
    .poll(() => receiver.storedOf('state-changes'), { timeout: 10_000 })
    .toMatchObject([{ agentId: '2001', state: '50', reason: '3' }]);
  await relay.process.end();

  writeFileSync(settings, JSON.stringify({ feed: { form: 'pattern', pattern: '(?<login>(a+)+)(?<state>b)' } }));
  const refused = await startRelay('--settings', settings).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(EndedEarly);
  expect((refused as EndedEarly).message).toContain('feed.pattern: A group cannot be repeated');
});

it('takes no feed when the spool is full, says so, and takes it again when there is room', async () => {
  receiver.mode = 503;
  const relay = await startRelay('--spool-mb', '16');
  const feed = await openFeed(relay.feedPort);
  const ended = new Promise<void>((resolve) => feed.once('close', () => resolve()));
  const many = linesOf(0, 5_000);
  let isOpen = true;
  void ended.then(() => {
    isOpen = false;
  });
  while (isOpen) {
    if (!feed.write(many))
      await Promise.race([new Promise<void>((resolve) => feed.once('drain', () => resolve())), ended]);
  }
  const full = await relay.status();
  expect(full).toMatchObject({
    code: 503,
    status: 'troubled',
    feeds: 0,
    problems: [expect.stringContaining('The spool is full')],
  });
  expect(isBalanced(full)).toBe(true);
  expect(full.spoolBytes).toBeLessThan(17 * 1024 * 1024);
  await expect(openFeed(relay.feedPort).then((socket) => closedSoon(socket))).resolves.toBe(true);
  receiver.mode = 'take';
  await expect.poll(async () => (await relay.status()).problems, { timeout: 60_000, interval: 500 }).toEqual([]);
  const again = await openFeed(relay.feedPort);
  expect(await closedSoon(again)).toBe(false);
});

function closedSoon(socket: Socket): Promise<boolean> {
  return Promise.race([
    new Promise<boolean>((resolve) => socket.once('close', () => resolve(true))),
    sleep(1_000).then(() => false),
  ]);
}

it('admits only those that may connect', async () => {
  const relay = await startRelay('--from', '10.1.0.0/16');
  expect(await openFeed(relay.feedPort).then(closedSoon)).toBe(true);
  expect(relay.process.lines.join('\n')).toContain('turned away: it is not among those that may');
});

it('does not share its spool, and says what is missing', async () => {
  await startRelay();
  const second = await startRelay().catch((error: unknown) => error);
  expect((second as EndedEarly).message).toContain('is in use by another bridge');
  const unknown = await startRelay('--to', 'https://bridge.example.com/').catch((error: unknown) => error);
  expect((unknown as EndedEarly).message).toContain("--to takes a connection's address");
});

it('pushes a file from the command line, and fails when a record was refused', async () => {
  const file = path.join(directory, 'intervals.csv');
  const row = (queueId: string, offered: string) => `${queueId},2026-03-02T14:15:00Z,${offered},1000\n`;
  const push = () =>
    stage
      .startProgram(
        [
          ...['appliance/bridge.ts', 'push', file, '--kind', 'queue-intervals', '--to', receiver.to],
          ...['--token-file', path.join(directory, 'token')],
        ],
        () => undefined,
      )
      .catch((error: unknown) => (error instanceof EndedEarly ? error.message : String(error)));
  writeFileSync(file, `queueId,start,offered,handleTimeMs\n${row('7', '3')}${row('8', 'x')}`);
  expect(await push()).toMatch(
    /ended with code 1[\s\S]*Refused, line 3: offered[\s\S]*1 new, 0 changed, 0 the same, 1 refused/,
  );
  writeFileSync(file, `queueId,start,offered,handleTimeMs\n${row('7', '3')}`);
  expect(await push()).toMatch(/ended with code 0[\s\S]*0 new, 0 changed, 1 the same, 0 refused/);
});

it('watches a folder from the command line', async () => {
  const folder = path.join(directory, 'exports');
  mkdirSync(folder);
  writeFileSync(
    path.join(folder, 'a.csv'),
    'starttime_utc|split|acdcalls|abncalls|acdtime|holdtime\n1772460900|7|2|0|100|0\n',
  );
  await stage.startProgram(
    [
      ...['appliance/bridge.ts', 'watch-folder', '--folder', folder, '--settle-s', '1', '--log-format', 'text'],
      ...['--to', receiver.to, '--token-file', path.join(directory, 'token'), '--exit-with-parent'],
    ],
    (line) => /a\.csv was taken: (.*)/.exec(line)?.[1],
  );
  expect(receiver.storedOf('queue-intervals')).toMatchObject([{ queueId: '7', offered: 2 }]);
  expect(readFileSync(path.join(folder, 'done/a.csv'), 'utf8')).toContain('1772460900');
});
