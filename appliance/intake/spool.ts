// A queue on disk between a feed and the bridge: appended and synced before anything else happens, read in order, removed
// when the bridge has it. Killed at any moment it knows every entry that was appended, and at most repeats a batch.
import { randomUUID } from 'node:crypto';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { syncEntry, writeDurably } from '../durable-file.ts';
import { StartRefused } from '../start-refused.ts';

const POSITION_FILE = 'position.json';
const SEGMENT_BYTES = 4 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
const LINE_BREAK = 10;

const positionSchema = z.object({
  /** Names this spool for good: keys of batches begin with it. */
  id: z.string(),
  segment: z.int(),
  /** Bytes of that segment that are done with. */
  offset: z.int(),
  /** Entries that are done with since the beginning, and how many of them were refused. */
  done: z.int(),
  refused: z.int(),
});
type Position = z.infer<typeof positionSchema>;

export interface Batch {
  /** The entries as they were appended, oldest first. */
  readonly entries: readonly string[];
  /** Counted from the spool's beginning, from 1. */
  readonly firstNumber: number;
  /** The same for the same entries, also after a restart. */
  readonly key: string;
  readonly end: Pick<Position, 'segment' | 'offset'>;
}

export class Spool {
  readonly #directory: string;
  readonly #segmentBytes: number;
  #position: Position;
  /** Segments with entries, oldest first; the last one is written to. */
  #segments: number[];
  #descriptor: number | undefined;
  #lastBytes = 0;
  #olderBytes = 0;
  #appended: number;

  /** Opens a directory, which nobody else may use meanwhile; it is made when it is missing. */
  constructor(directory: string, segmentBytes = SEGMENT_BYTES) {
    this.#directory = directory;
    this.#segmentBytes = segmentBytes;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#position = this.#readPosition();
    this.#segments = readdirSync(directory)
      .flatMap((name) => /^(\d{12})\.spool$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
    this.#dropDone();
    const [last] = this.#segments.slice(-1);
    if (last !== undefined) this.#openLast(last);
    this.#appended = this.#position.done + this.#countWaiting();
  }

  /** Entries since the spool's beginning: done and waiting ones. */
  get appendedCount(): number {
    return this.#appended;
  }

  get waitingCount(): number {
    return this.#appended - this.#position.done;
  }

  get refusedCount(): number {
    return this.#position.refused;
  }

  /** Entries that the bridge has taken. */
  get takenCount(): number {
    return this.#position.done - this.#position.refused;
  }

  /** Bytes on disk. */
  get bytes(): number {
    return this.#olderBytes + this.#lastBytes;
  }

  /**
   * Appends entries, texts without line breaks, all or none, and returns when the disk has them.
   * @throws the system's error (a full disk); nothing was appended then
   */
  append(entries: readonly string[]): void {
    if (entries.length === 0) return;
    if (this.#descriptor === undefined || this.#lastBytes >= this.#segmentBytes) this.#beginSegment();
    const descriptor = this.#descriptor;
    if (descriptor === undefined) throw new Error('The spool is closed.');
    const content = Buffer.from(`${entries.join('\n')}\n`);
    try {
      for (let at = 0; at < content.length; ) at += writeSync(descriptor, content, at);
      fdatasyncSync(descriptor);
    } catch (error) {
      ftruncateSync(descriptor, this.#lastBytes);
      throw error;
    }
    this.#lastBytes += content.length;
    this.#appended += entries.length;
  }

  /** The oldest entries that wait, at most so many; undefined when none do. */
  next(entriesMax: number): Batch | undefined {
    for (const segment of this.#segments) {
      const offset = segment === this.#position.segment ? this.#position.offset : 0;
      const content = this.#read(segment, offset, READ_BYTES);
      let length = 0;
      let count = 0;
      while (count < entriesMax) {
        const end = content.indexOf(LINE_BREAK, length);
        if (end < 0) break;
        length = end + 1;
        count += 1;
      }
      if (count === 0) continue;
      const entries = content.toString('utf8', 0, length - 1).split('\n');
      const end = { segment, offset: offset + length };
      const key = `${this.#position.id}-${segment}-${offset}-${end.offset}`;
      return { entries, firstNumber: this.#position.done + 1, key, end };
    }
    return undefined;
  }

  /** Notes that a batch is done with; so many of its entries were refused. What is done with is removed. */
  finish(batch: Batch, refusedCount: number): void {
    const position = {
      ...this.#position,
      ...batch.end,
      done: this.#position.done + batch.entries.length,
      refused: this.#position.refused + refusedCount,
    };
    writeDurably(this.#file(POSITION_FILE), JSON.stringify(position), 0o600);
    this.#position = position;
    this.#dropDone();
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }

  #readPosition(): Position {
    const file = this.#file(POSITION_FILE);
    if (existsSync(file)) {
      try {
        return positionSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
      } catch (cause) {
        throw new StartRefused(
          `${file} is damaged. Remove it: what is in the spool is then pushed from its beginning, which changes nothing.`,
          { cause },
        );
      }
    }
    const position = { id: randomUUID(), segment: 0, offset: 0, done: 0, refused: 0 };
    writeDurably(file, JSON.stringify(position), 0o600);
    return position;
  }

  /** Removes the segments before the position; the one that it lies in is kept, it may be the last. */
  #dropDone(): void {
    const done = this.#segments.filter((segment) => segment < this.#position.segment);
    for (const segment of done) rmSync(this.#segmentFile(segment), { force: true });
    this.#segments = this.#segments.filter((segment) => segment >= this.#position.segment);
    this.#olderBytes = this.#segments
      .slice(0, -1)
      .map((segment) => statSync(this.#segmentFile(segment)).size)
      .reduce((sum, size) => sum + size, 0);
  }

  /** An entry whose end is missing was never said to be appended: it goes. */
  #openLast(segment: number): void {
    const file = this.#segmentFile(segment);
    const content = readFileSync(file);
    const wholeBytes = content.lastIndexOf(LINE_BREAK) + 1;
    this.#descriptor = openSync(file, 'r+');
    if (wholeBytes < content.length) ftruncateSync(this.#descriptor, wholeBytes);
    closeSync(this.#descriptor);
    this.#descriptor = openSync(file, 'a');
    this.#lastBytes = wholeBytes;
  }

  #beginSegment(): void {
    const segment = Math.max(this.#position.segment, this.#segments.at(-1) ?? 0) + 1;
    const file = this.#segmentFile(segment);
    const descriptor = openSync(file, 'a', 0o600);
    syncEntry(this.#directory);
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = descriptor;
    this.#olderBytes += this.#lastBytes;
    this.#lastBytes = 0;
    this.#segments.push(segment);
  }

  #countWaiting(): number {
    let count = 0;
    for (const segment of this.#segments) {
      let offset = segment === this.#position.segment ? this.#position.offset : 0;
      for (;;) {
        const content = this.#read(segment, offset, READ_BYTES);
        if (content.length === 0) break;
        for (const byte of content) if (byte === LINE_BREAK) count += 1;
        offset += content.length;
      }
    }
    return count;
  }

  #read(segment: number, offset: number, bytes: number): Buffer {
    const descriptor = openSync(this.#segmentFile(segment), 'r');
    try {
      const content = Buffer.allocUnsafe(bytes);
      return content.subarray(0, readSync(descriptor, content, 0, bytes, offset));
    } finally {
      closeSync(descriptor);
    }
  }

  #file(name: string): string {
    return path.join(this.#directory, name);
  }

  #segmentFile(segment: number): string {
    return this.#file(`${String(segment).padStart(12, '0')}.spool`);
  }
}
