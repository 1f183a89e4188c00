// The relay of a real-time feed: takes lines, maps each, keeps it on disk, and pushes it to the bridge until the bridge has
// it. Each line that was read is pushed, refused with a reason, or waiting; in which order they came stays.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { feedReader } from '../../src/acd/avaya-cms/feed.ts';
import { lockDataDirectory } from '../lock.ts';
import type { Log } from '../log.ts';
import { messageOf, StartRefused } from '../start-refused.ts';
import { backOffMs, waitUnless } from './back-off.ts';
import { type FeedLines, type Feeds, listenForFeeds } from './feeds.ts';
import { type HealthServer, serveHealth } from './health-server.ts';
import { type HostPort, hostPortText } from './options.ts';
import { PushFailed, pushRecords } from './push-client.ts';
import { appendRefused } from './refused-file.ts';
import { type Entry, entryOf, type Relay, type RelayOptions, type RelayStatus, SAMPLE_CHARS } from './relay-facts.ts';
import { type Batch, Spool } from './spool.ts';

/** Few enough that each refused one of a batch is named in the answer. */
const BATCH_RECORDS = 1_000;
/** Lines that come together go together: a request for each would be dear. */
const GATHER_MS = 500;
const LOG_EVERY_MS = 60_000;
const RESUME_CHECK_MS = 2_000;
/** Feeds are taken again when the spool is emptier than this share of its limit. */
const RESUME_SHARE = 0.9;
const OLD_MS = 5 * 60_000;
const WITHOUT_FEED_MS = 60_000;

/** Starts a relay. @throws StartRefused when the spool is in use or an address cannot be listened on */
export async function startRelay(options: RelayOptions, log: Log): Promise<Relay> {
  const relay = new RunningRelay(options, log);
  await relay.start();
  return relay;
}

class RunningRelay implements Relay {
  readonly #options: RelayOptions;
  readonly #log: Log;
  readonly #spool: Spool;
  readonly #unlock: () => void;
  readonly #stopping = new AbortController();
  readonly #readLine: ReturnType<typeof feedReader>;
  #feeds: Feeds | undefined;
  #health: HealthServer | undefined;
  #pushing: Promise<void> = Promise.resolve();
  #wake: (() => void) | undefined;
  #resumeTimer: NodeJS.Timeout | undefined;
  #full = '';
  #failure = '';
  #lastLineMs: number | null = null;
  #lastPushMs: number | null = null;
  #oldestWaitingMs: number | null = null;
  #withoutFeedSinceMs = Date.now();
  #refusedToTell = 0;
  #refusedToldMs = Number.NEGATIVE_INFINITY;

  constructor(options: RelayOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#readLine = feedReader(options.settings);
    mkdirSync(options.spoolDirectory, { recursive: true, mode: 0o700 });
    this.#unlock = lockDataDirectory(options.spoolDirectory, { what: 'spool directory', otherwise: '--spool' });
    this.#spool = new Spool(options.spoolDirectory);
  }

  async start(): Promise<void> {
    const { listen, peers, health } = this.#options;
    const refused = (what: string, address: HostPort) => (cause: unknown) => {
      this.#spool.close();
      this.#unlock();
      throw new StartRefused(`${what} cannot listen on ${hostPortText(address)} (${messageOf(cause)}).`, { cause });
    };
    this.#feeds = await listenForFeeds({
      listen,
      peers,
      onLines: (lines) => this.#take(lines),
      onPeer: (what, peer, reason) => this.#tellPeer(what, peer, reason),
    }).catch(refused('The relay', listen));
    if (health) {
      this.#health = await serveHealth(health, () => this.status()).catch(async (cause: unknown) => {
        await this.#feeds?.close();
        return refused('The health of the relay', health)(cause);
      });
    }
    const { waitingCount } = this.#spool;
    const waiting = waitingCount === 0 ? '' : ` ${waitingCount} lines wait from before.`;
    this.#log('info', `The relay listens for the feed on ${this.address}.${waiting}`);
    this.#pushing = this.#pushAll();
  }

  get address(): string {
    return this.#feeds?.address ?? '';
  }

  get healthUrl(): string | undefined {
    return this.#health?.url;
  }

  status(): RelayStatus {
    const nowMs = Date.now();
    const { appendedCount, takenCount, refusedCount, waitingCount, bytes } = this.#spool;
    const feeds = this.#feeds?.count() ?? 0;
    const problems: string[] = [];
    if (this.#full !== '') problems.push(this.#full);
    else if (feeds === 0 && nowMs - this.#withoutFeedSinceMs > WITHOUT_FEED_MS) problems.push('No feed is connected.');
    if (this.#oldestWaitingMs !== null && nowMs - this.#oldestWaitingMs > OLD_MS) {
      problems.push(`${waitingCount} lines wait, the oldest for more than 5 minutes. ${this.#failure}`.trim());
    }
    const timeOf = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());
    return {
      status: problems.length === 0 ? 'ok' : 'troubled',
      problems,
      feeds,
      read: appendedCount,
      pushed: takenCount,
      refused: refusedCount,
      waiting: waitingCount,
      lastLineAt: timeOf(this.#lastLineMs),
      oldestWaitingAt: timeOf(this.#oldestWaitingMs),
      lastPushAt: timeOf(this.#lastPushMs),
      spoolBytes: bytes,
      spoolBytesMax: this.#options.spoolBytesMax,
    };
  }

  async stop(): Promise<void> {
    clearTimeout(this.#resumeTimer);
    await this.#feeds?.close();
    this.#stopping.abort();
    this.#wake?.();
    await this.#pushing;
    await this.#health?.close();
    this.#spool.close();
    this.#unlock();
  }

  /** Keeps lines on disk; a line counts as read from then on. */
  #take({ lines, problem }: FeedLines): void {
    const at = Date.now();
    const entries = lines.map((line): Entry => {
      const read = problem === '' ? this.#readLine(line, at) : { record: null, reason: problem };
      if (read.record) return { at, record: read.record };
      this.#tellRefused(read.reason, at);
      return { at, line: line.slice(0, SAMPLE_CHARS), problem: read.reason };
    });
    try {
      this.#spool.append(entries.map((entry) => JSON.stringify(entry)));
    } catch (error) {
      this.#refuseFeeds(`The spool cannot be written (${messageOf(error)}): ${lines.length} lines are lost.`);
      throw error;
    }
    this.#lastLineMs = at;
    this.#oldestWaitingMs ??= at;
    this.#wake?.();
    const { bytes } = this.#spool;
    const { spoolBytesMax } = this.#options;
    if (bytes >= spoolBytesMax) {
      this.#refuseFeeds(`The spool is full (${bytes} of ${spoolBytesMax} bytes): no lines are taken. ${this.#failure}`);
    }
  }

  /** No lines are taken until there is room: CMS sees its connection end, which it would not see of lines thrown away. */
  #refuseFeeds(reason: string): void {
    this.#full = reason.trim();
    this.#log('error', this.#full);
    this.#feeds?.pause();
    clearInterval(this.#resumeTimer);
    this.#resumeTimer = setInterval(() => {
      if (this.#spool.bytes >= this.#options.spoolBytesMax * RESUME_SHARE) return;
      clearInterval(this.#resumeTimer);
      this.#full = '';
      this.#feeds?.resume();
      this.#log('info', 'The spool has room again: feeds are taken.');
    }, RESUME_CHECK_MS);
  }

  async #pushAll(): Promise<void> {
    const { signal } = this.#stopping;
    let failures = 0;
    let most = BATCH_RECORDS;
    let toldMs = Number.NEGATIVE_INFINITY;
    while (!signal.aborted) {
      try {
        const batch = this.#spool.next(most);
        if (!batch) {
          this.#oldestWaitingMs = null;
          await this.#nextLines();
          continue;
        }
        await this.#push(batch);
        if (failures > 0) this.#log('info', `The bridge takes lines again, after ${failures} tries.`);
        failures = 0;
        most = BATCH_RECORDS;
        this.#failure = '';
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        const failed = error instanceof PushFailed ? error : undefined;
        if (failed?.status === 413) most = Math.max(1, Math.floor(most / 2));
        this.#failure = messageOf(error);
        const nowMs = performance.now();
        if (nowMs - toldMs >= LOG_EVERY_MS) {
          toldMs = nowMs;
          this.#log('warn', `${this.#failure} ${this.#spool.waitingCount} lines wait and are tried again.`);
        }
        await waitUnless(signal, backOffMs(failures, failed?.retryAfterMs));
      }
    }
  }

  /** Resolves a moment after lines came, so that they go together. */
  async #nextLines(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (this.#stopping.signal.aborted || this.#spool.waitingCount > 0) resolve();
    });
    this.#wake = undefined;
    await waitUnless(this.#stopping.signal, GATHER_MS);
  }

  /** Pushes a batch's records and notes its refused ones, those first: what is counted as refused can be looked up. */
  async #push(batch: Batch): Promise<void> {
    const entries = batch.entries.map(entryOf);
    this.#oldestWaitingMs = entries[0]?.at ?? null;
    const good = entries.flatMap((entry, place) => ('record' in entry ? [{ place, record: entry.record }] : []));
    const refused: object[] = entries.flatMap((entry, place) => {
      if ('record' in entry) return [];
      const { at, line, problem } = entry;
      return [{ number: batch.firstNumber + place, at: new Date(at).toISOString(), reason: problem, line }];
    });
    let refusedCount = refused.length;
    if (good.length > 0) {
      const records = good.map(({ record }) => record);
      const { target } = this.#options;
      const counts = await pushRecords(target, 'state-changes', records, batch.key, this.#stopping.signal);
      this.#lastPushMs = Date.now();
      refusedCount += counts.refusedCount;
      for (const { index, reason } of counts.refused) {
        const one = good[index];
        if (one) refused.push({ number: batch.firstNumber + one.place, reason, record: one.record });
      }
      if (counts.refusedCount > 0) {
        this.#log('warn', `The bridge refused ${counts.refusedCount} of ${records.length} records; see refused.jsonl.`);
      }
    }
    appendRefused(path.join(this.#options.spoolDirectory, 'refused.jsonl'), refused);
    this.#spool.finish(batch, refusedCount);
  }

  /** A feed whose form is not understood refuses every line: told once a while, with the newest reason. */
  #tellRefused(reason: string, atMs: number): void {
    this.#refusedToTell += 1;
    if (atMs - this.#refusedToldMs < LOG_EVERY_MS) return;
    this.#log('warn', `${this.#refusedToTell} lines of the feed were refused. The newest: ${reason}`);
    this.#refusedToTell = 0;
    this.#refusedToldMs = atMs;
  }

  #tellPeer(what: 'connected' | 'gone' | 'refused', peer: string, reason: string): void {
    if (what === 'connected') this.#log('info', `A feed from ${peer} is connected.`);
    else if (what === 'refused') this.#log('warn', `A feed from ${peer} was turned away: ${reason}.`);
    else {
      this.#withoutFeedSinceMs = Date.now();
      this.#log('warn', `The feed from ${peer} is gone: ${reason}.`);
    }
  }
}
