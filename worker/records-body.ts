/** The records of a push: JSON or newline-delimited JSON, gzip or not, capped once unpacked. */
import { RECORDS_BYTES_MAX, RECORDS_MAX } from '../src/domain/record.ts';
import { readBodyText } from './body.ts';
import { ProblemError } from './respond.ts';

const JSON_TYPE = 'application/json';
const LINES_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];

/** The records, each whatever it is, and the text that they came as. Throws `ProblemError` 400, 413 or 415. */
export async function readRecords(request: Request): Promise<{ records: readonly unknown[]; text: string }> {
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  const isLines = LINES_TYPES.includes(type);
  if (!isLines && type !== JSON_TYPE) {
    throw new ProblemError(415, 'Unsupported media type', `The body must be ${JSON_TYPE} or ${LINES_TYPES[0]}.`);
  }
  const text = await readBodyText(unpacked(request), RECORDS_BYTES_MAX);
  const records = isLines ? linesOf(text) : listOf(text);
  if (records.length > RECORDS_MAX) {
    const detail = `A request may bring ${RECORDS_MAX} records; this one has ${records.length}. Send them in parts.`;
    throw new ProblemError(413, 'Too many records', detail);
  }
  return { records, text };
}

function unpacked(request: Request): Request {
  const encoding = request.headers.get('content-encoding')?.trim().toLowerCase() ?? 'identity';
  if (encoding === 'identity' || encoding === '') return request;
  if (encoding !== 'gzip') {
    throw new ProblemError(415, 'Unsupported encoding', 'A body may be sent as it is, or with Content-Encoding: gzip.');
  }
  const body = request.body?.pipeThrough(new DecompressionStream('gzip')) ?? null;
  return new Request(request.url, { method: 'POST', body });
}

function linesOf(text: string): unknown[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line, i) => parse(line, `Line ${i + 1} is not well-formed JSON. Nothing was stored.`));
}

function listOf(text: string): readonly unknown[] {
  const body = parse(text, 'The body is not well-formed JSON. Nothing was stored.');
  const records = typeof body === 'object' && body !== null && 'records' in body ? body.records : null;
  if (Array.isArray(records) && Object.keys(body as object).length === 1) return records;
  throw new ProblemError(400, 'Invalid request', 'The body must be {"records": [...]} and have no other field.');
}

function parse(text: string, detail: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ProblemError(400, 'Not JSON', detail, { cause });
  }
}
