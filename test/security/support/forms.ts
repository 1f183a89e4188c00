// The forms in which software writes a secret down, and the parts of it that give it away.

/** Shorter pieces of base64 stand in anything by chance. */
const BASE64_CHARS_MIN = 8;
/** A run of plain letters and digits of a secret that is distinctive by itself. */
const PLAIN_RUN = /[\w-]{12,}/g;
/** Longer runs are cut in two: half a token in a message that was cut off is a leak, too. */
const RUN_CHARS_MAX = 40;

/** A secret: text, or raw bytes where that is what it is. */
export type Secret = string | Buffer;

const WAYS: readonly ((secret: string) => string)[] = [
  (secret) => secret,
  encodeURIComponent,
  encodeURI,
  (secret) => new URLSearchParams({ '': secret }).toString().slice(1),
  (secret) => JSON.stringify(secret).slice(1, -1),
  (secret) => JSON.stringify(JSON.stringify(secret).slice(1, -1)).slice(1, -1),
  // As the careful ones write JSON: nothing in it that HTML or an old reader could mistake.
  (secret) => secret.replaceAll(/[^\w .-]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`),
  htmlNamed,
  (secret) => htmlNamed(JSON.stringify(secret).slice(1, -1)),
  (secret) => secret.replaceAll(/[^\w .-]/gu, (char) => `&#${char.codePointAt(0)};`),
  (secret) => secret.replaceAll(/[^\w .-]/gu, (char) => `&#x${char.codePointAt(0)?.toString(16)};`),
  // A header takes no other letters, and UTF-8 that was read as Latin-1 is still readable.
  (secret) => secret.replaceAll(/[^\x20-\x7e]/g, '?'),
  (secret) => Buffer.from(secret).toString('latin1'),
  (secret) => secret.replaceAll('"', '""'),
  (secret) => secret.replaceAll("'", "''"),
];

function htmlNamed(secret: string): string {
  return secret.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** A secret as it is, escaped in each way, in base64 at each place in a group, in hexadecimal, two bytes a character. */
export function formsOf(secret: Secret): Buffer[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift, 0x78), bytes]).toString('base64');
    // What stands in groups that hold neighbouring bytes, too, is left off.
    const inner = text.slice(shift === 0 ? 0 : 4, -4);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  const hex = bytes.toString('hex');
  const forms = [
    bytes,
    Buffer.from(hex),
    Buffer.from(hex.toUpperCase()),
    ...base64.filter((text) => text.length >= BASE64_CHARS_MIN).map((text) => Buffer.from(text)),
    ...(typeof secret === 'string'
      ? [Buffer.from(secret, 'utf16le'), ...WAYS.map((write) => Buffer.from(write(secret)))]
      : []),
  ];
  return [...new Map(forms.map((form) => [form.toString('latin1'), form])).values()];
}

/** The runs of a secret that no escaping touches; whichever way the rest of it was written, they stand there. */
export function partsOf(secret: Secret): string[] {
  if (typeof secret !== 'string') return [];
  return (secret.match(PLAIN_RUN) ?? [])
    .flatMap((run) =>
      run.length < RUN_CHARS_MAX ? [run] : [run.slice(0, run.length >> 1), run.slice(run.length >> 1)],
    )
    .filter((part) => part !== secret);
}
