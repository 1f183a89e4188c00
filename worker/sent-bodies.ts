/** Bodies as they were sent to the WFM, unpacked for reading. */
import { type BodyKey, readBody, type SentBodyRow } from '../src/store/interval-read.ts';

/** Characters of bodies that one page shows; the rest is behind a link. */
const SHOWN_CHARS_MAX = 60_000;
/** Compressed bytes above which a body is not unpacked for a page. */
const UNPACKED_BYTES_MAX = 200_000;

/** A body with as much of its text as fits on a page; `text` null: not kept, or only by its link. */
export interface ShownBody extends SentBodyRow {
  readonly text: string | null;
  readonly isCut: boolean;
}

/** The exact bytes of a body; null when it was not kept. */
export async function unpackBody(db: D1Database, connectionId: number, key: BodyKey): Promise<string | null> {
  const bytes = await readBody(db, connectionId, key);
  if (!bytes) return null;
  const stream = new Response(bytes).body?.pipeThrough(new DecompressionStream('gzip'));
  return stream ? new Response(stream).text() : null;
}

/** The newest bodies with their text, formatted for reading, as far as a page can carry them. */
export async function showBodies(
  db: D1Database,
  connectionId: number,
  bodies: readonly SentBodyRow[],
): Promise<ShownBody[]> {
  const shown: ShownBody[] = [];
  let left = SHOWN_CHARS_MAX;
  for (const body of bodies) {
    const isReadable = body.keptBytes !== null && body.keptBytes <= UNPACKED_BYTES_MAX && left > 0;
    const exact = isReadable ? await unpackBody(db, connectionId, body) : null;
    const text = exact === null ? null : formatted(exact).slice(0, left);
    left -= text?.length ?? 0;
    shown.push({ ...body, text, isCut: text !== null && left <= 0 });
  }
  return shown;
}

function formatted(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 1);
  } catch (error) {
    if (error instanceof SyntaxError) return body;
    throw error;
  }
}
