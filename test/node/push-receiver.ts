/**
 * Takes pushes on 127.0.0.1 as the bridge's contract has it, strictly: token, gzip, sizes, each record by itself, natural
 * keys, Idempotency-Key. It can be told to misbehave.
 */
import { createServer, type IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import {
  checkRecords,
  RECORD_KINDS,
  RECORDS_BYTES_MAX,
  RECORDS_MAX,
  type RecordKind,
} from '../../src/domain/record.ts';

export const TOKEN = 'push-token-0123456789';

export interface PushRequest {
  readonly kind: RecordKind;
  readonly key: string;
  readonly records: readonly Record<string, unknown>[];
}

export class PushReceiver {
  /** Requests that were taken, in the order of their arrival; repeated ones too. */
  readonly requests: PushRequest[] = [];
  /** Every request, taken or not. */
  requestCount = 0;
  /** Stored records, by kind and natural key. */
  readonly stored = new Map<string, Record<string, unknown>>();
  /** What to do with the next requests. lose-answer: take the records and drop the connection. */
  mode: 'take' | 'lose-answer' | 'not the bridge' | number = 'take';
  /** Records to refuse although they are well formed. */
  refuses: (record: Record<string, unknown>) => boolean = () => false;
  readonly #answers = new Map<string, string>();
  readonly #server = createServer((request, response) => {
    void this.#receive(request).then(({ status, body }) => {
      if (status === 0) response.destroy();
      else response.writeHead(status, { 'content-type': 'application/json' }).end(body);
    });
  });
  #port = 0;

  async listen(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, '127.0.0.1', resolve));
    const address = this.#server.address();
    this.#port = address !== null && typeof address === 'object' ? address.port : 0;
    return this;
  }

  get port(): number {
    return this.#port;
  }

  /** The address of connection 1. */
  get to(): string {
    return `http://127.0.0.1:${this.#port}/api/v1/connections/1`;
  }

  get storedOf(): (kind: RecordKind) => Record<string, unknown>[] {
    return (kind) => [...this.stored].filter(([key]) => key.startsWith(`${kind} `)).map(([, record]) => record);
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }

  async #receive(request: IncomingMessage): Promise<{ status: number; body: string }> {
    const problem = (status: number, detail: string) => ({ status, body: JSON.stringify({ status, detail }) });
    const chunks: Buffer[] = [];
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } catch {
      return problem(400, 'The request was cut off.');
    }
    this.requestCount += 1;
    const { mode } = this;
    if (typeof mode === 'number') return problem(mode, 'Told to refuse.');
    if (mode === 'not the bridge') return { status: 200, body: '<html>Sign in to the network</html>' };
    const [, name] = /^\/api\/v1\/connections\/1\/push\/([\w-]+)$/.exec(request.url ?? '') ?? [];
    const kind = RECORD_KINDS.find((known) => known === name);
    if (request.method !== 'POST' || kind === undefined) return problem(404, 'There is nothing here.');
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return problem(401, 'The token is not known.');
    const key = String(request.headers['idempotency-key'] ?? '');
    if (!/^[\x21-\x7e]{1,200}$/.test(key)) return problem(400, 'The Idempotency-Key is none.');
    const sent = Buffer.concat(chunks);
    const plain = request.headers['content-encoding'] === 'gzip' ? gunzipSync(sent) : sent;
    if (plain.length > RECORDS_BYTES_MAX) return problem(413, 'Too many bytes.');
    const { records } = JSON.parse(plain.toString('utf8')) as { records: Record<string, unknown>[] };
    if (records.length > RECORDS_MAX) return problem(413, 'Too many records.');
    const body = this.#answers.get(key) ?? this.#store(kind, records);
    this.#answers.set(key, body);
    this.requests.push({ kind, key, records });
    return { status: mode === 'lose-answer' ? 0 : 200, body };
  }

  #store(kind: RecordKind, records: readonly Record<string, unknown>[]): string {
    const { good, refused } = checkRecords(kind, records);
    const counts = { added: 0, changed: 0, same: 0 };
    const more = [...refused];
    for (const { index, record } of good) {
      const fields: Record<string, unknown> = record;
      const given = records[index];
      if (given && this.refuses(given)) {
        more.push({ index, reason: 'Told to refuse this one.' });
        continue;
      }
      const key = `${kind} ${fields.agentId ?? ''} ${fields.queueId ?? ''} ${fields.start ?? fields.at ?? ''}`;
      const before = this.stored.get(key);
      const what =
        before === undefined ? 'added' : JSON.stringify(before) === JSON.stringify(record) ? 'same' : 'changed';
      counts[what] += 1;
      this.stored.set(key, fields);
    }
    return JSON.stringify({ ...counts, refusedCount: more.length, refused: more.slice(0, 1_000) });
  }
}
