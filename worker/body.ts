/** Reads request bodies: capped while reading, of the expected type only. */
import type { Clock } from '../src/runtime.ts';
import { ProblemError } from './respond.ts';

const MAX_BODY_BYTES = 1_000_000;
/** So much of a body that is refused is still taken from its sender. */
const FORGOTTEN_BYTES_MAX = 16_000_000;
const FORGET_MS = 2_000;

/** A JSON body, whatever its shape. Throws `ProblemError` 400, 413 or 415. */
export async function readJsonBody(request: Request, bytesMax = MAX_BODY_BYTES): Promise<unknown> {
  requireType(request, 'application/json');
  const text = await readText(request, bytesMax);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ProblemError(400, 'Not JSON', 'The body is not well-formed JSON.', { cause: error });
  }
}

/** The fields of an HTML form. Throws `ProblemError` 413 or 415. */
export async function readForm(request: Request): Promise<URLSearchParams> {
  requireType(request, 'application/x-www-form-urlencoded');
  return new URLSearchParams(await readText(request));
}

/**
 * The fields of a form that may carry a file (`multipart/form-data`), a file as its text, its name under the field's name
 * with `.name`. A file that was not chosen is ''. Throws `ProblemError` 400, 413 or 415.
 */
export async function readUpload(request: Request, bytesMax = MAX_BODY_BYTES): Promise<URLSearchParams> {
  requireType(request, 'multipart/form-data');
  const type = request.headers.get('content-type') ?? '';
  const bytes = await readBytes(request, bytesMax);
  let form: FormData;
  try {
    form = await new Response(bytes, { headers: { 'content-type': type } }).formData();
  } catch (error) {
    throw new ProblemError(400, 'Not a form', 'The form could not be read.', { cause: error });
  }
  const fields = new URLSearchParams();
  for (const [name, value] of form) {
    fields.append(name, typeof value === 'string' ? value : decode(new Uint8Array(await value.arrayBuffer())));
    if (typeof value !== 'string') fields.append(`${name}.name`, value.name);
  }
  return fields;
}

function requireType(request: Request, type: string): void {
  const given = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (given === type) return;
  throw new ProblemError(415, 'Unsupported media type', `The body must be ${type}.`);
}

async function readText(request: Request, bytesMax = MAX_BODY_BYTES): Promise<string> {
  return decode(await readBytes(request, bytesMax));
}

/** A body as text, whatever its type: its caller has looked at that. Throws `ProblemError` 400 or 413. */
export async function readBodyText(request: Request, bytesMax: number): Promise<string> {
  try {
    return await readText(request, bytesMax);
  } catch (error) {
    // A stream that cannot be unpacked fails while it is read.
    if (!(error instanceof TypeError)) throw error;
    throw new ProblemError(400, 'Not readable', 'The body could not be unpacked or was cut off. Nothing was stored.', {
      cause: error,
    });
  }
}

async function readBytes(request: Request, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () =>
    new ProblemError(413, 'Body too large', `A body may have at most ${bytesMax} bytes here; this one has more.`);
  if (Number(request.headers.get('content-length') ?? 0) > bytesMax) throw tooLarge();
  if (!request.body) return new Uint8Array();
  const reader: ReadableStreamDefaultReader<Uint8Array> = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    if (size > bytesMax) {
      // Not cancelled: see `forgetBody`.
      reader.releaseLock();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/**
 * Reads what nobody has read of a body, and keeps nothing of it: a sender whose connection is closed in the middle never
 * sees the answer that says why. What is too much, or takes too long, is cut off all the same.
 */
export async function forgetBody({ body }: Request, clock: Clock): Promise<void> {
  if (!body || body.locked) return;
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader();
  const over = new AbortController();
  const late = clock.sleep(FORGET_MS, over.signal).then(() => ({ done: true, value: undefined }) as const);
  let size = 0;
  for (;;) {
    const part = await Promise.race([reader.read(), late]);
    if (part.done) break;
    size += part.value.byteLength;
    if (size > FORGOTTEN_BYTES_MAX) break;
  }
  over.abort();
  // Not awaited: a sender that hangs could hang here, too.
  reader.cancel().catch(() => undefined);
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ProblemError(400, 'Not UTF-8', 'What was sent is not UTF-8 text.', { cause: error });
  }
}
