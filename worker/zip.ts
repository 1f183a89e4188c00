/** A ZIP archive of a few text files, deflated: what a support bundle is sent as. */

export interface ZipEntry {
  /** Path inside the archive, ASCII. */
  readonly name: string;
  readonly text: string;
}

const UTF8_NAMES = 0x0800;
const DEFLATE = 8;
const VERSION = 20;

/** The archive's bytes. `atMs` is the time that every entry carries, in UTC. */
export async function zip(entries: readonly ZipEntry[], atMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const files: { head: Uint8Array; local: Uint8Array; data: Uint8Array }[] = [];
  let offset = 0;
  for (const { name, text } of entries) {
    const bytes = new TextEncoder().encode(text);
    const data = await deflate(bytes);
    const fields = { name: new TextEncoder().encode(name), crc: crc32(bytes), size: bytes.length, packed: data.length };
    const local = record(0x04034b50, fields, atMs, null);
    files.push({ local, data, head: record(0x02014b50, fields, atMs, offset) });
    offset += local.length + data.length;
  }
  const directory = files.map(({ head }) => head);
  const directorySize = directory.reduce((total, { length }) => total + length, 0);
  const end = new DataView(new ArrayBuffer(22));
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, files.length, true);
  end.setUint16(10, files.length, true);
  end.setUint32(12, directorySize, true);
  end.setUint32(16, offset, true);
  const parts = [...files.flatMap(({ local, data }) => [local, data]), ...directory, new Uint8Array(end.buffer)];
  const whole = new Uint8Array(parts.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A local header (`offset` null) or an entry of the directory. */
function record(
  signature: number,
  file: { name: Uint8Array; crc: number; size: number; packed: number },
  atMs: number,
  offset: number | null,
): Uint8Array {
  const isDirectory = offset !== null;
  const fixed = isDirectory ? 46 : 30;
  const bytes = new Uint8Array(fixed + file.name.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, signature, true);
  let at = 4;
  const u16 = (value: number) => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const u32 = (value: number) => {
    view.setUint32(at, value, true);
    at += 4;
  };
  if (isDirectory) u16(VERSION);
  u16(VERSION);
  u16(UTF8_NAMES);
  u16(DEFLATE);
  const date = new Date(atMs);
  u16((date.getUTCHours() << 11) | (date.getUTCMinutes() << 5) | (date.getUTCSeconds() >> 1));
  u16(((date.getUTCFullYear() - 1980) << 9) | ((date.getUTCMonth() + 1) << 5) | date.getUTCDate());
  u32(file.crc);
  u32(file.packed);
  u32(file.size);
  u16(file.name.length);
  if (isDirectory) view.setUint32(42, offset, true);
  bytes.set(file.name, fixed);
  return bytes;
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const packed = new Response(bytes).body?.pipeThrough(new CompressionStream('deflate-raw'));
  if (!packed) throw new Error('The platform gave no stream to compress.');
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return (crc ^ 0xffffffff) >>> 0;
}
