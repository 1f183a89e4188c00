// What careless and hostile senders write: values that look right, values that never are, and texts that are no JSON.
import fc from 'fast-check';

/** Texts in JSON that JSON.stringify would never write; put in after it by their marks. */
const RAW_TOKENS = [
  '1e400',
  '-1e400',
  '-0',
  '9007199254740993',
  '0.1e-400',
  '1E5',
  '00',
  '+1',
  'NaN',
  'Infinity',
  'undefined',
];
const mark = (token: string) => `\u0001raw:${token}\u0001`;

const ODD_TEXTS = [
  '',
  ' ',
  '\0',
  'a\0b',
  '\ud800',
  '\udfff\ud800',
  '__proto__',
  'constructor',
  'null',
  '=1+1',
  '<script>alert(1)</script>',
  "'; DROP TABLE agent; --",
  '\u202eright to left',
  '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}',
  'Ω≈ç√',
  '休憩',
  '\r\n\t',
  'x'.repeat(300),
  'y'.repeat(5_000),
  '\u0301'.repeat(64),
];

const ODD_NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  -0.5,
  1e-9,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
  1e15,
  1e21,
  1e308,
  -1e308,
];

/** Any value but mostly one that the field could hold by mistake. */
export const oddValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(null, true, false, [], {}, [[]], [null], { __proto__: null }),
  fc.constantFrom<unknown>(...ODD_TEXTS),
  fc.constantFrom<unknown>(...ODD_NUMBERS),
  fc.constantFrom<unknown>(...RAW_TOKENS.map(mark)),
  fc.array(fc.nat(0x10_ff_ff), { maxLength: 40 }).map((points) => String.fromCodePoint(...points)),
  fc.double(),
  fc.maxSafeInteger(),
  fc.dictionary(fc.constantFrom('__proto__', 'a', 'constructor', 'length'), fc.constantFrom<unknown>(1, 'b', null), {
    maxKeys: 3,
  }),
);

/** A field that is right `rightOf10` times in ten. */
export function field(right: fc.Arbitrary<unknown>, rightOf10 = 8): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: right, weight: rightOf10 }, { arbitrary: oddValue, weight: 10 - rightOf10 });
}

/** An object with some of its fields missing and some that nobody asked for. */
export function row(fields: Readonly<Record<string, fc.Arbitrary<unknown>>>): fc.Arbitrary<unknown> {
  const extra = fc.dictionary(fc.constantFrom('extra', '__proto__', 'toString', '日本'), oddValue, { maxKeys: 2 });
  return fc
    .tuple(fc.record({ ...fields }, { requiredKeys: [] }), fc.record({ ...fields }), extra, fc.nat(9))
    .map(([partial, whole, more, choice]) => (choice < 7 ? whole : choice < 9 ? { ...more, ...whole } : partial));
}

/** A value as JSON text, with the tokens that JSON.stringify does not write. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value) ?? 'null';
  return text.replaceAll(/"\\u0001raw:([^"\\]*)\\u0001"/g, '$1');
}

/** What happens to a text on its way. */
const damage: fc.Arbitrary<(text: string) => string> = fc.oneof(
  { weight: 30, arbitrary: fc.constant((text: string) => text) },
  fc
    .double({ min: 0, max: 1, noNaN: true })
    .map((share) => (text: string) => text.slice(0, Math.floor(text.length * share))),
  fc
    .tuple(
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '\0', '\ud800', '/**/'),
    )
    .map(([share, piece]) => (text: string) => {
      const at = Math.floor(text.length * share);
      return text.slice(0, at) + piece + text.slice(at);
    }),
  fc.constantFrom(
    (text: string) => `\ufeff${text}`,
    (text: string) => `${text}${text}`,
    (text: string) => `${text}\n`,
    (text: string) => `)]}',\n${text}`,
    (text: string) => `<!doctype html><title>${text.slice(0, 50)}</title>`,
  ),
  fc
    .constantFrom('', 'null', '[]', '{}', '7', '""', 'true', '[null]', '{"objects":null}', '{"data":{}}', '{"rows":7}')
    .map((text) => () => text),
  fc.integer({ min: 1, max: 2_000 }).map((depth) => () => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 2_000 }).map((depth) => () => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`),
);

export interface FuzzedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** Bytes that are not UTF-8 are put in here; -1: none. */
  readonly breakBytesAt: number;
  /** How the body arrives: whole, in pieces of so many bytes, or broken off by an error. */
  readonly arrival: { readonly kind: 'whole' } | { readonly kind: 'pieces' | 'broken'; readonly bytes: number };
}

const headerText = fc.string({ unit: fc.constantFrom(...'abcXYZ019 ,;:=<>"/-_%é\u00ff'), maxLength: 40 });
const headers = fc.record(
  {
    'content-type': fc.constantFrom('application/json', 'text/html', 'application/json; charset=utf-16', '', 'x'),
    date: fc.oneof(fc.constant('Mon, 02 Mar 2026 09:00:00 GMT'), headerText),
    'retry-after': fc.oneof(
      fc.constantFrom('0', '5', '-1', '999999999999', 'Mon, 02 Mar 2026 09:00:30 GMT', '1e9'),
      headerText,
    ),
    'content-length': fc.constantFrom('0', '5', '-7', 'many', '99999999999', '1e3'),
    icStatusDescription: headerText,
    location: fc.constantFrom('https://127.0.0.1/', '/elsewhere', 'javascript:alert(1)'),
  },
  { requiredKeys: [] },
);

const OTHER_STATUSES = [
  201, 202, 203, 204, 206, 207, 226, 300, 301, 302, 303, 304, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 410,
  413, 415, 418, 422, 423, 425, 426, 429, 431, 451, 499, 500, 501, 502, 503, 504, 508, 520, 525, 599,
];

/** An answer with this value as its body, as sent, as damaged, or with another status. */
export function answerWith(value: fc.Arbitrary<unknown>): fc.Arbitrary<FuzzedAnswer> {
  return fc
    .record({
      value,
      damage,
      status: fc.oneof(
        { weight: 8, arbitrary: fc.constant(200) },
        { weight: 2, arbitrary: fc.constantFrom(...OTHER_STATUSES) },
      ),
      headers: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: headers }),
      breakBytesAt: fc.oneof({ weight: 29, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat(200) }),
      arrival: fc.oneof(
        { weight: 16, arbitrary: fc.constant({ kind: 'whole' as const }) },
        {
          weight: 3,
          arbitrary: fc.record({ kind: fc.constant('pieces' as const), bytes: fc.integer({ min: 1, max: 64 }) }),
        },
        { weight: 1, arbitrary: fc.record({ kind: fc.constant('broken' as const), bytes: fc.nat(500) }) },
      ),
    })
    .map(({ value: whole, damage: apply, status, headers: sent, breakBytesAt, arrival }) => ({
      status,
      headers: sent,
      text: apply(jsonText(whole)),
      breakBytesAt,
      arrival,
    }));
}

/** The answer as `fetch` gives it. */
export function responseOf({ status, headers: sent, text, breakBytesAt, arrival }: FuzzedAnswer): Response {
  const head = new Headers();
  for (const [name, value] of Object.entries(sent)) head.set(name, value.trim());
  if ([204, 205, 304].includes(status)) return new Response(null, { status, headers: head });
  const bytes = new TextEncoder().encode(text);
  if (breakBytesAt >= 0 && breakBytesAt < bytes.length) bytes[breakBytesAt] = 0xff;
  if (arrival.kind === 'whole') return new Response(bytes, { status, headers: head });
  let at = 0;
  const end = arrival.kind === 'broken' ? Math.min(arrival.bytes, bytes.length) : bytes.length;
  const step = arrival.kind === 'broken' ? Math.max(1, end) : arrival.bytes;
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at < end) controller.enqueue(bytes.subarray(at, Math.min(end, at + step)));
      else if (arrival.kind === 'broken') controller.error(new TypeError('terminated'));
      else controller.close();
      at += step;
    },
  });
  return new Response(stream, { status, headers: head });
}
