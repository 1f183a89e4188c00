/**
 * Push: any ACD sends its records to the bridge. Each record stands for itself: good ones are stored although others are
 * refused, and the same record twice changes nothing.
 */
import * as z from 'zod';
import {
  checkRecords,
  RECORD_KINDS,
  RECORD_SCHEMAS,
  RECORDS_BYTES_MAX,
  RECORDS_MAX,
  type RecordKind,
  type RefusedRecord,
} from '../../src/domain/record.ts';
import { keepReceipt, readReceipt } from '../../src/store/push-receipts.ts';
import type { App } from '../app.ts';
import { readRecords } from '../records-body.ts';
import { json, ProblemError } from '../respond.ts';
import { type Endpoint, endpoint } from './endpoint.ts';
import { connectionParams, requireConnection } from './shapes.ts';

const REFUSED_SHOWN_MAX = 1_000;

const answerSchema = z
  .strictObject({
    added: z.int().describe('Records that are new.'),
    changed: z.int().describe('Records that differ from what was stored under their key.'),
    same: z.int().describe('Records that were stored already.'),
    refusedCount: z.int(),
    refused: z
      .array(z.strictObject({ index: z.int().describe('Place in the request, from 0.'), reason: z.string() }))
      .describe('The refused records; at most the first 1,000.'),
  })
  .meta({ id: 'PushAnswer' });
type PushAnswer = z.output<typeof answerSchema>;

const TITLES: Readonly<Record<RecordKind, string>> = {
  'queue-intervals': 'What queues did in intervals',
  'agent-intervals': "Agents' times in intervals",
  'agent-queue-intervals': 'What agents did for queues in intervals',
  'state-changes': 'Agents entering states',
  agents: 'Agents of the roster',
  queues: 'Queues of the roster',
};

const DESCRIPTION =
  `A list of at most ${RECORDS_MAX.toLocaleString('en')} records and ${RECORDS_BYTES_MAX / 1_000_000} MB, as {"records": [...]} or as newline-delimited JSON ` +
  '(`application/x-ndjson`, a record a line); `Content-Encoding: gzip` is taken. Good records are stored although others ' +
  'are refused. With an `Idempotency-Key` header the same request gets the same answer for 24 hours.';

/** One endpoint a kind of record. */
export const PUSH_ENDPOINTS: readonly { readonly kind: RecordKind; readonly endpoint: Endpoint }[] = RECORD_KINDS.map(
  (kind) => ({
    kind,
    endpoint: endpoint({
      tag: 'Push',
      scope: 'push',
      summary: TITLES[kind],
      description: DESCRIPTION,
      params: connectionParams,
      documentedBody: z.strictObject({ records: z.array(RECORD_SCHEMAS[kind]).max(RECORDS_MAX) }),
      answer: answerSchema,
      problems: {
        409: 'The connection is paused, or reads these records from its ACD itself.',
        413: 'More records or bytes than one request may bring.',
        415: 'Neither JSON nor newline-delimited JSON, or an unknown encoding.',
        422: 'The Idempotency-Key was used for another request.',
        503: 'Nobody knows whether the records were stored: send them again.',
      },
      async handle({ app, params: { connectionId }, nowMs, request }) {
        await requireConnection(app, connectionId);
        const { records, text } = await readRecords(request);
        const key = request.headers.get('idempotency-key');
        if (key === null) return push(app, connectionId, kind, records);
        return withReceipt(app, { connectionId, key, request: `${kind}\n${text}`, nowMs }, () =>
          push(app, connectionId, kind, records),
        );
      },
    }),
  }),
);

async function push(app: App, connectionId: number, kind: RecordKind, given: readonly unknown[]): Promise<PushAnswer> {
  const { good, refused } = checkRecords(kind, given);
  if (good.length === 0) return answerOf({ added: 0, changed: 0, same: 0 }, refused);
  let result: Awaited<ReturnType<ReturnType<App['collector']>['push']>>;
  try {
    result = await app.collector(connectionId).push({ kind, good });
  } catch (cause) {
    const detail =
      'The records could not be stored, or the answer was lost. Send the same request again: nothing is doubled.';
    throw new ProblemError(503, 'Not stored', detail, { cause, headers: { 'retry-after': '5' } });
  }
  if (!result.ok) throw new ProblemError(409, 'Not taken', result.message);
  return answerOf(result.applied.counts, [...refused, ...result.applied.refused]);
}

function answerOf(
  counts: { readonly added: number; readonly changed: number; readonly same: number },
  refused: readonly RefusedRecord[],
): PushAnswer {
  const shown = [...refused].sort((a, b) => a.index - b.index).slice(0, REFUSED_SHOWN_MAX);
  return { ...counts, refusedCount: refused.length, refused: shown };
}

/** Answers a request that was answered before with the same words. */
async function withReceipt(
  app: App,
  call: { readonly connectionId: number; readonly key: string; readonly request: string; readonly nowMs: number },
  run: () => Promise<PushAnswer>,
): Promise<PushAnswer | Response> {
  const { connectionId, nowMs } = call;
  if (!/^[\x21-\x7e]{1,255}$/.test(call.key)) {
    throw new ProblemError(
      400,
      'Invalid request',
      'An Idempotency-Key has 1 to 255 printable ASCII characters and no space.',
    );
  }
  const keySha256 = await sha256Of(call.key);
  const requestSha256 = await sha256Of(call.request);
  const before = await readReceipt(app.db, connectionId, keySha256, nowMs);
  if (before && before.requestSha256 !== requestSha256) {
    throw new ProblemError(
      422,
      'Key used before',
      'This Idempotency-Key was used for another request in the last 24 hours. Use a new one.',
    );
  }
  if (before)
    return json(answerSchema.parse(JSON.parse(before.answer)), { headers: { 'idempotency-replayed': 'true' } });
  const answer = await run();
  await keepReceipt(app.db, connectionId, keySha256, { requestSha256, answer: JSON.stringify(answer) }, nowMs);
  return answer;
}

async function sha256Of(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
