// The push protocol's client: `POST …/push/{kind}` with records as JSON, gzipped, with an Idempotency-Key, and the answer's
// counts. Who calls it decides about trying again; sending the same records twice changes nothing.

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import * as z from 'zod';
import { RECORDS_MAX, type RecordCounts, type RecordKind } from '../../src/domain/record.ts';
import { messageOf } from '../start-refused.ts';

const compress = promisify(gzip);

const LIMIT_MS = 60_000;
/** Below what the bridge takes, so that the envelope fits as well. */
const CHUNK_BYTES_MAX = 7_500_000;
const ANSWER_CHARS_MAX = 4_000_000;

export interface PushTarget {
  /** The connection's address, `https://…/api/v1/connections/N`, as it is now. */
  address(): string;
  /** An API token of scope push, as it is now: it may be replaced while this runs. */
  token(): string;
}

/** Nothing is known to have been taken: try again, or, with `isPermanent`, do not. */
export class PushFailed extends Error {
  override name = 'PushFailed';
  /** undefined: there was no answer. */
  readonly status: number | undefined;
  /** How long the bridge asks to wait; undefined where it does not. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, answer: { status?: number; retryAfterMs?: number | undefined } = {}, cause?: unknown) {
    super(message, { cause });
    this.status = answer.status;
    this.retryAfterMs = answer.retryAfterMs;
  }

  /** The same body will be refused again: it is the body that is wrong, not the moment, the token or the connection. */
  get isPermanent(): boolean {
    return this.status !== undefined && [400, 413, 415, 422].includes(this.status);
  }
}

const countsSchema = z.object({
  added: z.int(),
  changed: z.int(),
  same: z.int(),
  refusedCount: z.int(),
  refused: z.array(z.object({ index: z.int(), reason: z.string() })),
});

/**
 * Sends records, at most what one request may bring.
 * @param key the Idempotency-Key: the same for the same records when they are tried again
 * @throws PushFailed unless the bridge says what became of each record
 */
export async function pushRecords(
  target: PushTarget,
  kind: RecordKind,
  records: readonly unknown[],
  key: string,
  signal?: AbortSignal,
): Promise<RecordCounts> {
  const url = `${target.address()}/push/${kind}`;
  const token = readToken(target);
  const where = `POST ${new URL(url).pathname}`;
  let response: Response;
  let text: string;
  try {
    const limit = AbortSignal.timeout(LIMIT_MS);
    response = await fetch(url, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-encoding': 'gzip',
        'idempotency-key': key,
      },
      body: await compress(JSON.stringify({ records })),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, limit]) : limit,
    });
    text = (await response.text()).slice(0, ANSWER_CHARS_MAX);
  } catch (cause) {
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    throw new PushFailed(`${where} was not answered (${messageOf(inner)}).`, {}, cause);
  }
  const answer = { status: response.status, retryAfterMs: retryAfterMs(response.headers.get('retry-after')) };
  if (!response.ok) throw new PushFailed(`${where} was answered with ${response.status}${detailOf(text)}.`, answer);
  const counts = countsSchema.safeParse(parsed(text));
  if (!counts.success) throw new PushFailed(`${where} was answered by something else than the bridge.`, answer);
  return counts.data;
}

function readToken(target: PushTarget): string {
  try {
    return target.token();
  } catch (cause) {
    throw new PushFailed(messageOf(cause), {}, cause);
  }
}

function retryAfterMs(header: string | null): number | undefined {
  if (header === null || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isNaN(seconds) ? Date.parse(header) - Date.now() : seconds * 1_000;
  return ms >= 0 ? Math.min(ms, 3_600_000) : undefined;
}

const problemSchema = z.looseObject({
  detail: z.string().optional(),
  message: z.string().optional(),
  title: z.string().optional(),
});

/** What the bridge says about a refusal, for the log. */
function detailOf(text: string): string {
  const problem = problemSchema.safeParse(parsed(text)).data;
  const detail = (problem?.detail ?? problem?.message ?? problem?.title ?? '').slice(0, 300).replace(/[.\s]+$/, '');
  return detail === '' ? '' : ` (${detail})`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // not the bridge's answer; the caller says so
  }
}

/** Records in pieces that one request may bring, with the place of each piece's first record. */
export function* chunksOf<T>(
  records: readonly T[],
  recordsMax: number = RECORDS_MAX,
): Generator<{ readonly from: number; readonly records: readonly T[] }> {
  let from = 0;
  let bytes = 0;
  for (const [place, record] of records.entries()) {
    const size = Buffer.byteLength(JSON.stringify(record)) + 1;
    if (place > from && (place - from >= recordsMax || bytes + size > CHUNK_BYTES_MAX)) {
      yield { from, records: records.slice(from, place) };
      from = place;
      bytes = 0;
    }
    bytes += size;
  }
  if (from < records.length) yield { from, records: records.slice(from) };
}
