// Looks for secrets in every byte of files and texts, in the forms in which software writes them down.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';

/** The forms of one text: as it is, escaped, in base64 at each place in a group, in hexadecimal, two bytes a character. */
function formsOf(secret: string): Buffer[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift, 0x78), bytes]).toString('base64');
    // What stands in groups that hold neighbouring bytes, too, is left off.
    const inner = text.slice(shift === 0 ? 0 : 4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    bytes,
    Buffer.from(encodeURIComponent(secret)),
    Buffer.from(JSON.stringify(secret).slice(1, -1)),
    Buffer.from(bytes.toString('hex')),
    Buffer.from(secret, 'utf16le'),
    ...base64.filter((text) => text.length >= 8).map((text) => Buffer.from(text)),
  ];
}

export interface Place {
  readonly name: string;
  readonly content: Buffer;
}

/** Every file below a directory; a compressed one unpacked, too. */
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
    const isGzip = content[0] === 0x1f && content[1] === 0x8b;
    return isGzip
      ? [
          { name, content },
          { name: `${name} unpacked`, content: gunzipSync(content) },
        ]
      : [{ name, content }];
  });
}

/** "secret in place", for each that is found. */
export function findSecrets(places: readonly Place[], secrets: Readonly<Record<string, string>>): string[] {
  const wanted = Object.entries(secrets).flatMap(([name, secret]) => formsOf(secret).map((form) => ({ name, form })));
  return places.flatMap((place) => [
    ...new Set(wanted.filter(({ form }) => place.content.includes(form)).map(({ name }) => `${name} in ${place.name}`)),
  ]);
}
