/**
 * What another company's answer says about its failure, made safe to store and to show: short, one line, without
 * control characters and without anything that was secret in the request.
 */
import { withoutSecrets } from './redact.ts';

const DETAIL_CHARS_MAX = 300;
/** Whoever asks for a longer wait is asked again after an hour. */
const RETRY_AFTER_MAX_MS = 3_600_000;

/** `Retry-After` in milliseconds from `nowMs`, in either form of RFC 9110 §10.2.3, at most 1 hour; null when absent or odd. */
export function retryAfterMs(headers: Headers, nowMs: number): number | null {
  const text = headers.get('retry-after')?.trim() ?? '';
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1_000, RETRY_AFTER_MAX_MS);
  if (!/^[A-Za-z]{3,9},? /.test(text)) return null;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) ? null : Math.min(Math.max(0, atMs - nowMs), RETRY_AFTER_MAX_MS);
}

/** The `Date` header as UTC epoch milliseconds; null when absent or odd. */
export function dateHeaderMs(headers: Headers): number | null {
  const atMs = Date.parse(headers.get('date') ?? '');
  return Number.isNaN(atMs) ? null : atMs;
}

/** The vendor's own words about a refusal: its header and its JSON or plain text, '' when there are none. */
export function errorDetail(headers: Headers, text: string, secrets: readonly string[]): string {
  const words = [headers.get('icStatusDescription') ?? '', wordsOfBody(text)];
  const distinct = [...new Set(words.map((word) => cleanDetail(word, secrets)))].filter((word) => word !== '');
  return cut(distinct.join('; '));
}

/** One safe line of at most 300 characters. Secrets go first: a cut must not leave the half of one. */
export function cleanDetail(text: string, secrets: readonly string[]): string {
  const safe = withoutSecrets(text, secrets)
    .replaceAll(/\b(Basic|Bearer)\s+[\w.~+/=-]{8,}/gi, '$1 [removed]')
    .replaceAll(/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[removed]')
    // A failure that carries a token or the id of a session all the same, or half of one that was cut.
    .replaceAll(/((?:token|session[ _-]?id)[\\"']*\s*[:=]\s*[\\"']*)[\w.~+/=-]{4,}/gi, '$1[removed]')
    .replaceAll(/(https?:\/\/[^\s?"']*)\?[^\s"']*/g, '$1')
    // Control characters, and those that turn the direction of the text around them.
    .replaceAll(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, ' ')
    .replaceAll(/\s+/g, ' ');
  return cut(safe.toWellFormed().trim());
}

function cut(text: string): string {
  if (text.length <= DETAIL_CHARS_MAX) return text;
  return `${text.slice(0, DETAIL_CHARS_MAX - 1).toWellFormed()}…`;
}

/** The words of a JSON error by the names that vendors use, of plain text as it is, of HTML its title. */
export function wordsOfBody(text: string): string {
  const trimmed = text.trim();
  if (trimmed.startsWith('<')) {
    // Whole: what is cut here could leave the half of a secret.
    return /<title[^>]*>(.+?)(?:<\/title|$)/is.exec(trimmed)?.[1] ?? 'an HTML page';
  }
  if (!/^[[{"]/.test(trimmed)) return trimmed;
  try {
    return wordsOfJson(JSON.parse(trimmed), 0);
  } catch (error) {
    // Cut off or garbled: half a JSON text tells nobody anything, and may hold what nobody should see.
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

const WORD_FIELDS = [
  'message',
  'error_description',
  'errorMessage',
  'detail',
  'title',
  'error',
  'errors',
  'fault',
  'faultstring',
];
const CODE_FIELDS = ['code', 'errorCode', 'faultcode', 'type'];

function wordsOfJson(value: unknown, level: number): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'object' || value === null || level > 3) return '';
  if (Array.isArray(value))
    return value
      .slice(0, 3)
      .map((item) => wordsOfJson(item, level + 1))
      .filter(Boolean)
      .join('; ');
  const fields: ReadonlyMap<string, unknown> = new Map(Object.entries(value));
  const words = WORD_FIELDS.map((name) => wordsOfJson(fields.get(name), level + 1)).find((word) => word !== '') ?? '';
  const code = CODE_FIELDS.map((name) => fields.get(name)).find(
    (item) => typeof item === 'string' || typeof item === 'number',
  );
  if (code === undefined || words.includes(String(code))) return words;
  return words === '' ? `code ${code}` : `${words} (code ${code})`;
}
