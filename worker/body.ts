/** Reads request bodies: capped while reading, of the expected type only. */
import { ProblemError } from './respond.ts';

const MAX_BODY_BYTES = 1_000_000;

/** A JSON body, whatever its shape. Throws `ProblemError` 400, 413 or 415. */
export async function readJsonBody(request: Request): Promise<unknown> {
  requireType(request, 'application/json');
  const text = await readText(request);
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

function requireType(request: Request, type: string): void {
  const given = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (given === type) return;
  throw new ProblemError(415, 'Unsupported media type', `The body must be ${type}.`);
}

async function readText(request: Request): Promise<string> {
  const tooLarge = () =>
    new ProblemError(413, 'Body too large', `A body may have at most ${MAX_BODY_BYTES} bytes; this one has more.`);
  if (Number(request.headers.get('content-length') ?? 0) > MAX_BODY_BYTES) throw tooLarge();
  if (!request.body) return '';
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body as ReadableStream<Uint8Array>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw new ProblemError(400, 'Not UTF-8', 'The body is not UTF-8 text.', { cause: error });
  }
}
