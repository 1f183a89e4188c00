/** Writes answers to clients: whole, cut in the middle, or a byte a second. */
import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Answer, wholeBody } from './answer.ts';
import { preciseNowMs, type RequestRecord } from './request-record.ts';

export class AnswerWriter {
  /** The stand-in's own idea of the time, sent in the Date header. */
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Sends the first half of an answer and drops the connection. */
  async cut(response: ServerResponse, record: RequestRecord, answer: Answer): Promise<void> {
    const body = wholeBody(answer);
    const bytes = Buffer.from(body);
    this.#head(response, answer, record, Math.max(bytes.length, 2));
    response.write(bytes.subarray(0, Math.floor(bytes.length / 2)));
    response.flushHeaders();
    record.outcome = 'cut';
    await sleep(20);
    response.socket?.destroy();
  }

  /** Sends a byte a second. */
  async dribble(response: ServerResponse, record: RequestRecord, answer: Answer): Promise<void> {
    const bytes = Buffer.from(wholeBody(answer));
    this.#head(response, answer, record, bytes.length);
    response.flushHeaders();
    for (let at = 0; at < bytes.length; at += 1) {
      if (response.destroyed) return;
      response.write(bytes.subarray(at, at + 1));
      await sleep(1000);
    }
    await this.#finish(response, record, answer);
  }

  /** Sends an answer whole. `record`: where it is noted. */
  async send(response: ServerResponse, answer: Answer, record?: RequestRecord): Promise<void> {
    const { body } = answer;
    if (body === undefined || typeof body === 'string') {
      const bytes = Buffer.from(body ?? '');
      this.#head(response, answer, record, bytes.length);
      if (bytes.length > 0) response.write(bytes);
      if (record !== undefined) record.bytesOut = bytes.length;
      return this.#finish(response, record, answer);
    }
    this.#head(response, answer, record, undefined);
    for await (const chunk of Readable.from(body)) {
      if (response.destroyed) return;
      if (record !== undefined) record.bytesOut += Buffer.byteLength(chunk);
      if (!response.write(chunk)) await drained(response);
    }
    return this.#finish(response, record, answer);
  }

  #head(response: ServerResponse, answer: Answer, record: RequestRecord | undefined, lengthBytes: number | undefined) {
    if (record !== undefined) record.status = answer.status;
    response.sendDate = false;
    response.writeHead(answer.status, {
      date: new Date(this.#nowMs()).toUTCString(),
      ...answer.headers,
      ...(lengthBytes === undefined ? {} : { 'content-length': String(lengthBytes) }),
    });
  }

  async #finish(response: ServerResponse, record: RequestRecord | undefined, answer: Answer): Promise<void> {
    if (response.destroyed) return;
    await new Promise<void>((resolve) => {
      response.once('close', resolve);
      response.end(() => {
        if (record !== undefined) {
          record.answeredMs = preciseNowMs();
          record.outcome = 'served';
        }
        answer.onServed?.();
        resolve();
      });
    });
  }
}

async function drained(response: ServerResponse): Promise<void> {
  await new Promise<void>((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}
