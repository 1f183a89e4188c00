// Looks for secrets in every byte of files and texts. What is packed is unpacked, as deep as it goes: gzip, ZIP, tar, and
// the blobs in databases and in their exports.
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync, inflateRawSync } from 'node:zlib';
import { formsOf, partsOf, type Secret } from './forms.ts';

export interface Place {
  readonly name: string;
  readonly content: Buffer;
}

const SQLITE_MAGIC = 'SQLite format 3\0';

/** Every file below a directory, and what is packed in it. Databases count with their journal. */
export function filesBelow(directory: string): Place[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true }).flatMap((entry) => {
    if (!entry.isFile()) return [];
    const name = path.join(entry.parentPath, entry.name);
    let content: Buffer;
    try {
      content = readFileSync(name);
    } catch (error) {
      // A file that went while the bridge works was a scratch file of a moment.
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
      throw error;
    }
    return unpacked({ name, content }, name);
  });
}

/** A place, and all that is packed in it. `file`: where it lies on the disk, with its journal beside it. */
export function unpacked(place: Place, file?: string): Place[] {
  return [place, ...contentsOf(place, file).flatMap((inner) => unpacked(inner))];
}

function contentsOf({ name, content }: Place, file: string | undefined): Place[] {
  if (content[0] === 0x1f && content[1] === 0x8b) return [{ name: `${name} unpacked`, content: gunzipSync(content) }];
  if (content.subarray(0, 4).toString('latin1') === 'PK\x03\x04') {
    return zipEntries(name, content);
  }
  if (content.subarray(257, 262).toString('latin1') === 'ustar') return tarEntries(name, content);
  if (content.subarray(0, 16).toString('latin1') === SQLITE_MAGIC) return databaseBlobs(name, content, file);
  return name.endsWith('.sql') ? exportBlobs(name, content) : [];
}

/** By the central directory (APPNOTE.TXT, 4.3.12): stored or deflated. */
function zipEntries(name: string, content: Buffer): Place[] {
  const places: Place[] = [];
  const end = content.lastIndexOf('PK\x05\x06', undefined, 'latin1');
  let at = content.readUInt32LE(end + 16);
  for (let left = content.readUInt16LE(end + 10); left > 0; left -= 1) {
    const [method, bytes] = [content.readUInt16LE(at + 10), content.readUInt32LE(at + 20)];
    const [nameBytes, extraBytes] = [content.readUInt16LE(at + 28), content.readUInt16LE(at + 30)];
    const entry = content.subarray(at + 46, at + 46 + nameBytes).toString();
    const local = content.readUInt32LE(at + 42);
    const start = local + 30 + content.readUInt16LE(local + 26) + content.readUInt16LE(local + 28);
    const packed = content.subarray(start, start + bytes);
    places.push({ name: `${name} > ${entry}`, content: method === 0 ? packed : inflateRawSync(packed) });
    at += 46 + nameBytes + extraBytes + content.readUInt16LE(at + 32);
  }
  return places;
}

function tarEntries(name: string, content: Buffer): Place[] {
  const places: Place[] = [];
  let at = 0;
  while (at + 512 <= content.length && content[at] !== 0) {
    const field = (from: number, bytes: number) =>
      content
        .subarray(at + from, at + from + bytes)
        .toString()
        .replace(/\0.*$/s, '');
    const bytes = Number.parseInt(field(124, 12), 8);
    const entry = content.subarray(at + 512, at + 512 + bytes);
    places.push({ name: `${name} > ${field(0, 100)}`, content: entry });
    at += 512 + Math.ceil(bytes / 512) * 512;
  }
  return places;
}

/** Each blob, and each text that is long enough to lie on several pages: pieces of it are not whole in the file. */
function databaseBlobs(name: string, content: Buffer, file: string | undefined): Place[] {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'search-'));
  try {
    const copy = path.join(scratch, 'copy.sqlite');
    writeFileSync(copy, content);
    if (file !== undefined && existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
    const database = new DatabaseSync(copy);
    const tables = database.prepare(`SELECT name FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL`).all();
    const places = tables
      // Tables of Durable Objects' own that only workerd can read.
      .filter(({ name: table }) => !/^_cf_|^sqlite_/.test(String(table)))
      .flatMap(({ name: table }) => {
        const select = database.prepare(`SELECT * FROM "${String(table)}"`);
        select.setReadBigInts(true);
        return select.all().flatMap((row) =>
          Object.entries(row).flatMap(([column, value]) => {
            const isLong = typeof value === 'string' && value.length > 1_000;
            if (!isLong && !(value instanceof Uint8Array)) return [];
            return [{ name: `${name} > ${String(table)}.${column}`, content: Buffer.from(value) }];
          }),
        );
      });
    database.close();
    return places;
  } finally {
    rmSync(scratch, { recursive: true });
  }
}

/** Blobs as SQL writes them: X'1f8b…'. */
function exportBlobs(name: string, content: Buffer): Place[] {
  return [...content.toString('latin1').matchAll(/X'((?:[0-9a-f]{2})+)'/gi)].map(([, hex = ''], index) => {
    return { name: `${name} > blob ${index}`, content: Buffer.from(hex, 'hex') };
  });
}

interface Wanted {
  readonly name: string;
  readonly form: Buffer;
}

/** "secret in place", for each that is found whole, and "part of secret in place" where only a part of it is. */
export function findSecrets(places: readonly Place[], secrets: Readonly<Record<string, Secret>>): string[] {
  const wanted: Wanted[] = Object.entries(secrets).flatMap(([name, secret]) => [
    ...formsOf(secret).map((form) => ({ name, form })),
    ...partsOf(secret).flatMap((part) => formsOf(part).map((form) => ({ name: `part of ${name}`, form }))),
  ]);
  const byStart = Map.groupBy(wanted, ({ form }) => form.readUInt32LE(0));
  const firstPairs = new Uint8Array(65_536);
  for (const { form } of wanted) firstPairs[form.readUInt16LE(0)] = 1;
  return places.flatMap(({ name, content }) => {
    const found = namesIn(content, byStart, firstPairs);
    const whole = [...found].filter((one) => !one.startsWith('part of ') || !found.has(one.slice('part of '.length)));
    return whole.map((one) => `${one} in ${name}`);
  });
}

/** One pass over the bytes, whatever the number of forms. */
function namesIn(
  content: Buffer,
  byStart: ReadonlyMap<number, readonly Wanted[]>,
  firstPairs: Uint8Array,
): Set<string> {
  const found = new Set<string>();
  for (let at = 0; at + 4 <= content.length; at += 1) {
    const pair = (content[at] ?? 0) | ((content[at + 1] ?? 0) << 8);
    if (firstPairs[pair] === 0) continue;
    for (const { name, form } of byStart.get(content.readUInt32LE(at)) ?? []) {
      if (content.compare(form, 0, form.length, at, Math.min(content.length, at + form.length)) === 0) found.add(name);
    }
  }
  return found;
}
