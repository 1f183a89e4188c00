/**
 * Answers as data: made by the stand-ins, sent and bent by the server.
 */
import type { FaultRule } from './faults.ts';
import { HTML_PAGE, withHostileRows } from './garble.ts';

export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string | Iterable<string>;
  /** Called once the whole answer has been handed to the network, never when it was cut or lost. */
  onServed?: () => void;
}

/** A JSON answer. */
export function json(status: number, value: unknown, headers: Record<string, string> = {}): Answer {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) };
}

/** One JSON object a line, made while it is sent. */
export function ndjson(rows: Iterable<unknown>): Answer {
  return { status: 200, headers: { 'content-type': 'application/x-ndjson' }, body: lines(rows) };
}

function* lines(rows: Iterable<unknown>): Generator<string> {
  let chunk = '';
  for (const row of rows) {
    chunk += `${JSON.stringify(row)}\n`;
    if (chunk.length > 65_536) {
      yield chunk;
      chunk = '';
    }
  }
  yield chunk;
}

/** The answer of a `status` rule. */
export function statusAnswer(rule: FaultRule, nowMs: number): Answer {
  const status = rule.status ?? 503;
  const headers: Record<string, string> = { ...rule.headers };
  if (rule.retryAfterS !== undefined) {
    const at = new Date(nowMs + rule.retryAfterS * 1000);
    headers['retry-after'] = rule.retryAfterForm === 'date' ? at.toUTCString() : String(rule.retryAfterS);
  }
  if (rule.body === 'empty') return { status, headers };
  if (rule.body === 'html') return { status, headers: { 'content-type': 'text/html', ...headers }, body: HTML_PAGE };
  return json(status, { code: status, message: 'The stand-in was told to answer so.' }, headers);
}

/** The body as one text. */
export function wholeBody(answer: Answer): string {
  if (answer.body === undefined || typeof answer.body === 'string') return answer.body ?? '';
  return [...answer.body].join('');
}

/** The answer with rows in it that no reader may keep. */
export function hostile(answer: Answer): Answer {
  return { ...answer, body: withHostileRows(wholeBody(answer)) };
}
