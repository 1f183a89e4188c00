// Pushes what a file holds, piece by piece, and accounts for each of its records: taken, or refused with its line.
import { createHash } from 'node:crypto';
import type { LineNote } from '../../src/acd/export.ts';
import type { RecordKind } from '../../src/domain/record.ts';
import { chunksOf, type PushTarget, pushRecords } from './push-client.ts';
import type { FileRecords } from './record-file.ts';

export interface FileOutcome {
  readonly added: number;
  readonly changed: number;
  readonly same: number;
  readonly refusedCount: number;
  /** Lines and reasons, those of the file itself first; of each piece the bridge names the first 1,000. */
  readonly refused: readonly LineNote[];
}

/** One piece that the bridge has answered. */
export interface PushProgress {
  readonly kind: RecordKind;
  /** Records of this kind that are done with. */
  readonly done: number;
  readonly of: number;
}

/**
 * Pushes the records of a file.
 * @param name tells this content from others: a file that is tried again has the same
 * @throws PushFailed when a piece is not answered; pieces before it were taken, and may be sent again
 */
export async function pushFile(
  target: PushTarget,
  file: FileRecords,
  name: string,
  tell: (progress: PushProgress) => void = () => undefined,
  signal?: AbortSignal,
): Promise<FileOutcome> {
  const sums = { added: 0, changed: 0, same: 0, refusedCount: file.refused.length };
  const refused: LineNote[] = [...file.refused];
  for (const { kind, records } of file.parts) {
    for (const chunk of chunksOf(records.map(({ record }) => record))) {
      const digest = createHash('sha256').update(`${name}\n${kind}\n${chunk.from}\n`);
      const key = digest.update(JSON.stringify(chunk.records)).digest('hex');
      const counts = await pushRecords(target, kind, chunk.records, key, signal);
      sums.added += counts.added;
      sums.changed += counts.changed;
      sums.same += counts.same;
      sums.refusedCount += counts.refusedCount;
      for (const { index, reason } of counts.refused) {
        refused.push({ line: records[chunk.from + index]?.line ?? 0, reason });
      }
      tell({ kind, done: chunk.from + chunk.records.length, of: records.length });
    }
  }
  return { ...sums, refused };
}

/** The text of a file, in whichever of the usual encodings it is written. */
export function decodeText(bytes: Uint8Array): string {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return new TextDecoder('utf-16le').decode(bytes);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder('windows-1252').decode(bytes); // every byte is a character there
  }
}
