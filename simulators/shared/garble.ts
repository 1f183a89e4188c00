/**
 * Answers that look like an answer and are none: pages, halves, nothing, too much.
 */
export const GARBLE_FORMS = [
  'html',
  'truncated',
  'null',
  'object',
  'empty',
  'error',
  'deep',
  'huge',
  'hostile-rows',
] as const;

export type GarbleForm = (typeof GARBLE_FORMS)[number];

export const HTML_PAGE =
  '<!doctype html><html><head><title>Service unavailable</title></head>' +
  '<body><h1>We will be right back</h1><p>Scheduled maintenance &mdash; reference #18.2f.</p></body></html>';

/** Rows that no careful reader keeps; each is meant to be refused by itself while its neighbours are kept. */
const HOSTILE_ROWS = [
  'null',
  '7',
  '[]',
  '{}',
  '{"agent-id":null,"agent-status":"Available"}',
  '{"agent-id":"","agent-status":"Available"}',
  '{"agent-id":"\\ud800","agent-status":"\\udfff"}',
  '{"agent-id":"nul\\u0000","agent-status":"Busy","agent-status-time":1e400}',
  '{"agent-id":"__proto__","agent-status":{"__proto__":{"polluted":true}}}',
  '{"queue-id":"negative","enteredCount":-1,"abandonedCount":0,"sumHandleTime":0}',
  '{"queue-id":"endless","enteredCount":1e400,"abandonedCount":0,"sumHandleTime":0}',
  '{"queue-id":"inexact","enteredCount":9007199254740993,"abandonedCount":0,"sumHandleTime":0}',
  '{"queue-id":"words","enteredCount":"NaN","abandonedCount":null,"sumHandleTime":true}',
].join(',');

/** Puts the hostile rows in front of the rows of a good answer. */
export function withHostileRows(body: string): string {
  const at = body.indexOf('[') + 1;
  if (at === 0) return body;
  const rest = body.slice(at);
  return `${body.slice(0, at)}${HOSTILE_ROWS}${rest.trimStart().startsWith(']') ? '' : ','}${rest}`;
}

/** The body of a garbled answer, in pieces so that a huge one needs no memory. */
export function* garbledBody(form: GarbleForm, sizeMb: number, depth: number): Generator<string> {
  if (form === 'html') yield HTML_PAGE;
  else if (form === 'truncated') yield '[{"agent-id":"a","agent-status":"Avail';
  else if (form === 'null') yield 'null';
  else if (form === 'object') yield '{}';
  else if (form === 'error') yield '{"code":500,"message":"Internal error, please try again."}';
  else if (form === 'deep') yield '['.repeat(depth) + ']'.repeat(depth);
  else if (form === 'huge') yield* hugeBody(sizeMb);
}

function* hugeBody(sizeMb: number): Generator<string> {
  const row = '{"agent-id":"filler","agent-status":"Available"},';
  const chunk = row.repeat(Math.ceil(65_536 / row.length));
  yield '[';
  for (let sent = 0; sent < sizeMb * 1024 * 1024; sent += chunk.length) yield chunk;
  yield '{"agent-id":"filler","agent-status":"Available"}]';
}
