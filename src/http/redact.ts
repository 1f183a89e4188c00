/**
 * Takes secrets out of what another company's server says, however it writes them down: escaped for HTML, JSON or
 * addresses, once or one in the other, with letters that it could not write, or cut off at the end. Pure.
 */

const MASK = '[removed]';
/** Shorter texts stand in any sentence by chance. */
const SECRET_CHARS_MIN = 3;
/** So much of a secret gives it away where a text ends in the middle of it. */
const CUT_CHARS_MIN = 8;
/** What an escape that was cut off leaves behind a secret that was cut off: "&quo", "\u00". */
const CUT_ESCAPE_CHARS_MAX = 8;
/** One escaping in the other, and how many ways of reading a text are tried. */
const DEPTH_MAX = 4;
const READINGS_MAX = 64;

/** The text without the secrets. One that held an escaped secret comes back as it reads without that escaping. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  const forms = secretForms(secrets);
  if (forms.length === 0) return text;
  // Each turn takes out all that one reading of the text shows, so it ends.
  let safe = text;
  for (let turn = 0; turn <= DEPTH_MAX; turn += 1) {
    const cleaned = readingsOf(safe)
      .map((reading) => ({ reading, removed: remove(reading, forms) }))
      .find(({ reading, removed }) => removed !== reading);
    if (cleaned === undefined) return safe;
    safe = cleaned.removed;
  }
  // Escaped more deeply than anybody does: not one of its words is worth the risk.
  return MASK;
}

/** The longest first: one secret can be the beginning of another. */
function secretForms(secrets: readonly string[]): string[] {
  const forms = secrets.flatMap((secret) => {
    // UTF-8 that was read as Latin-1; and what knows ASCII only writes a question mark for each character or byte.
    const bytes = Array.from(new TextEncoder().encode(secret), (byte) => String.fromCharCode(byte)).join('');
    return [secret, secret.toWellFormed(), bytes, asciiOf(secret), asciiOf(bytes)];
  });
  return [...new Set(forms)].filter((form) => form.length >= SECRET_CHARS_MIN).sort((a, b) => b.length - a.length);
}

function asciiOf(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]/g, '?');
}

function remove(text: string, forms: readonly string[]): string {
  let safe = text;
  for (const form of forms) safe = safe.replaceAll(form, MASK);
  const cutAt = Math.min(...forms.map((form) => cutSecretAt(safe, form)));
  return cutAt < safe.length ? `${safe.slice(0, cutAt)}${MASK}` : safe;
}

/** Where the beginning of a secret stands at the end of a text; the text's length where none does. */
function cutSecretAt(text: string, form: string): number {
  const start = form.slice(0, CUT_CHARS_MIN);
  if (start.length < CUT_CHARS_MIN) return text.length;
  for (let at = text.lastIndexOf(start); at >= 0; at = text.lastIndexOf(start, at - 1)) {
    let same = start.length;
    while (same < form.length && at + same < text.length && text[at + same] === form[same]) same += 1;
    if (text.length - at - same <= CUT_ESCAPE_CHARS_MAX) return at;
    if (at === 0 || text.length - at > form.length + CUT_ESCAPE_CHARS_MAX) break;
  }
  return text.length;
}

/** The text as it is, and as it reads without one escaping after the other, in every order. */
function readingsOf(text: string): string[] {
  const readings = new Set([text]);
  let latest = [text];
  for (let depth = 0; depth < DEPTH_MAX && readings.size < READINGS_MAX; depth += 1) {
    latest = latest.flatMap((reading) => DECODERS.map((decode) => decode(reading))).filter((one) => !readings.has(one));
    for (const reading of latest) readings.add(reading);
  }
  return [...readings];
}

const DECODERS: readonly ((text: string) => string)[] = [
  decodePercent,
  // As forms are sent.
  (text) => decodePercent(text.replaceAll('+', ' ')),
  decodeHtml,
  decodeJson,
];

function decodePercent(text: string): string {
  return text.replaceAll(/(?:%[0-9a-f]{2})+/gi, (run) => {
    const bytes = run.match(/[0-9a-f]{2}/gi)?.map((hex) => Number.parseInt(hex, 16)) ?? [];
    return new TextDecoder().decode(Uint8Array.from(bytes));
  });
}

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
]);

function decodeHtml(text: string): string {
  return text.replaceAll(/&(?:(amp|lt|gt|quot|apos)|#(\d{1,7})|#x([0-9a-f]{1,6}));/gi, (whole, name, digits, hex) => {
    if (name !== undefined) return ENTITIES.get(String(name).toLowerCase()) ?? whole;
    const code = digits === undefined ? Number.parseInt(hex, 16) : Number(digits);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function decodeJson(text: string): string {
  return text.replaceAll(/\\(?:u([0-9a-f]{4})|(["\\/bfnrt]))/gi, (_whole, hex, char) => {
    if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16));
    return /[bfnrt]/i.test(char) ? ' ' : String(char);
  });
}
