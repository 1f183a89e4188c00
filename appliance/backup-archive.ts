// A backup as one file in open formats: a tar of manifest, database and (only when encrypted) secrets, gzipped, and
// encrypted with a passphrase where one is given (age, https://age-encryption.org/v1). Any age and tar can open it.
import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';
import { createGunzip, createGzip } from 'node:zlib';
import { Decrypter, Encrypter } from 'age-encryption';
import { createTarDecoder, createTarPacker } from 'modern-tar';
import * as z from 'zod';
import type { Secrets } from './secrets.ts';
import { parseSecrets } from './secrets.ts';
import { describeIssues, messageOf, StartRefused } from './start-refused.ts';

const MANIFEST = 'manifest.json';
const DATABASE = 'bridge.sqlite';
const SECRETS = 'secrets.json';
const AGE_HEADER = 'age-encryption.org/v1';
/** Manifest and secrets are small; a file that claims otherwise is none of ours. */
const MAX_SMALL_ENTRY_BYTES = 1024 * 1024;
const PASSPHRASE_CHARS_MIN = 12;

const manifestSchema = z.object({
  product: z.literal('acd-wfm-bridge', 'not a backup of this product'),
  format: z.literal(1, 'of a format that this version does not know'),
  version: z.string(),
  createdAt: z.iso.datetime(),
  /** Names of the migrations applied to the database. */
  migrations: z.array(z.string()),
  rowCounts: z.record(z.string(), z.number()),
  databaseBytes: z.number(),
  databaseSha256: z.string(),
  hasSecrets: z.boolean(),
});
export type Manifest = z.infer<typeof manifestSchema>;

export interface BackupContents {
  readonly manifest: Manifest;
  /** Where the database was unpacked to. */
  readonly databaseFile: string;
  /** Undefined in a backup that is not encrypted: it carries none. */
  readonly secrets: Secrets | undefined;
}

/** @throws StartRefused when it is too short to withstand guessing */
export function checkPassphrase(passphrase: string): void {
  if (passphrase.length >= PASSPHRASE_CHARS_MIN) return;
  throw new StartRefused(
    `The passphrase for backups has ${passphrase.length} characters; it needs ${PASSPHRASE_CHARS_MIN}.`,
  );
}

/** Writes `target`; what is not there when this returns was not written. Secrets need a passphrase. */
export async function writeBackup(
  target: string,
  contents: {
    manifest: Omit<Manifest, 'databaseBytes' | 'databaseSha256' | 'hasSecrets'>;
    databaseFile: string;
    secrets: Secrets;
  },
  passphrase: string | undefined,
): Promise<Manifest> {
  const { databaseFile, secrets } = contents;
  const manifest: Manifest = {
    ...contents.manifest,
    databaseBytes: statSync(databaseFile).size,
    databaseSha256: await sha256Of(databaseFile),
    hasSecrets: passphrase !== undefined,
  };
  const { readable, controller } = createTarPacker();
  const mtime = new Date(manifest.createdAt);
  const addText = async (name: string, value: unknown) => {
    const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
    const writer = controller.add({ name, size: bytes.length, mtime, mode: 0o600 }).getWriter();
    await writer.write(bytes);
    await writer.close();
  };
  const pack = async () => {
    try {
      await addText(MANIFEST, manifest);
      const body = controller.add({ name: DATABASE, size: manifest.databaseBytes, mtime, mode: 0o600 });
      await Readable.toWeb(createReadStream(databaseFile)).pipeTo(body);
      if (passphrase !== undefined) await addText(SECRETS, secrets);
      controller.finalize();
    } catch (thrown) {
      controller.error(thrown);
      throw thrown;
    }
  };
  const tar = Readable.fromWeb(readable as NodeReadableStream<Uint8Array>);
  const output = createWriteStream(target, { mode: 0o600, flush: true });
  const [packed, written] = await Promise.allSettled([
    pack(),
    passphrase === undefined
      ? pipeline(tar, createGzip(), output)
      : pipeline(tar, createGzip(), (source) => encrypted(source, passphrase), output),
  ]);
  for (const outcome of [written, packed]) if (outcome.status === 'rejected') throw outcome.reason;
  return manifest;
}

/**
 * Unpacks a backup into `directory` and checks that it is whole: authentic where encrypted, complete, the database
 * byte for byte the one that was saved.
 * @throws StartRefused when it is not, or the passphrase is missing or wrong
 */
export async function readBackup(
  file: string,
  directory: string,
  passphrase: string | undefined,
): Promise<BackupContents> {
  try {
    const source = createReadStream(file);
    const unpacked = (tar: AsyncIterable<Uint8Array>) => unpack(Readable.from(tar), directory);
    if (!(await isEncrypted(file))) return await pipeline(source, createGunzip(), unpacked);
    const given = requirePassphrase(passphrase);
    return await pipeline(source, (sealed) => decrypted(sealed, given), createGunzip(), unpacked);
  } catch (cause) {
    if (cause instanceof StartRefused) throw cause;
    throw new StartRefused(`${file} is not a whole backup: ${messageOf(cause)}.`, { cause });
  }
}

async function unpack(tar: Readable, directory: string): Promise<BackupContents> {
  const databaseFile = path.join(directory, DATABASE);
  let manifest: Manifest | undefined;
  let secrets: Secrets | undefined;
  let sha256 = '';
  const entries = Readable.toWeb(tar).pipeThrough(createTarDecoder({ strict: true }));
  for await (const { header, body } of entries) {
    if (header.name === MANIFEST) manifest = parseManifest(await readJson(body));
    else if (header.name === SECRETS) secrets = parseSecrets(await readJson(body));
    else if (header.name === DATABASE) sha256 = await saveHashed(body, databaseFile);
    else throw new Error(`it holds ${JSON.stringify(header.name)}, which no backup does`);
  }
  if (manifest === undefined || sha256 === '') throw new Error('manifest or database is missing in it');
  if (sha256 !== manifest.databaseSha256) throw new Error('its database is not the one that was saved');
  if (manifest.hasSecrets && secrets === undefined) throw new Error('its secrets are missing');
  return { manifest, databaseFile, secrets };
}

function parseManifest(content: unknown): Manifest {
  const result = manifestSchema.safeParse(content);
  if (result.success) return result.data;
  throw new Error(describeIssues(result.error));
}

async function readJson(body: ReadableStream<Uint8Array>): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_SMALL_ENTRY_BYTES) throw new Error('its manifest or secrets are larger than they can be');
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function saveHashed(body: ReadableStream<Uint8Array>, file: string): Promise<string> {
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  const source = Readable.fromWeb(body as NodeReadableStream<Uint8Array>);
  await pipeline(source, hashing, createWriteStream(file, { mode: 0o600, flush: true }));
  return hash.digest('hex');
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

async function isEncrypted(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer } = await handle.read(Buffer.alloc(AGE_HEADER.length));
    return buffer.toString('latin1') === AGE_HEADER;
  } finally {
    await handle.close();
  }
}

function requirePassphrase(passphrase: string | undefined): string {
  if (passphrase !== undefined) return passphrase;
  throw new StartRefused(
    'The backup is encrypted. Give its passphrase with BACKUP_PASSPHRASE or BACKUP_PASSPHRASE_FILE.',
  );
}

async function* encrypted(plain: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Uint8Array> {
  const encrypter = new Encrypter();
  encrypter.setPassphrase(passphrase);
  yield* await encrypter.encrypt(webStream(plain));
}

async function* decrypted(sealed: AsyncIterable<Uint8Array>, passphrase: string): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  decrypter.addPassphrase(passphrase);
  let plain: ReadableStream<Uint8Array>;
  try {
    plain = await decrypter.decrypt(webStream(sealed));
  } catch (cause) {
    throw new StartRefused('The backup does not open: the passphrase is wrong, or its beginning is damaged.', {
      cause,
    });
  }
  yield* plain;
}

function webStream(source: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  return ReadableStream.from(source);
}
