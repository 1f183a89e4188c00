/**
 * Whose records a stream's WFM has refused since it last accepted something. How many they are is stored; who they are is
 * known until the session ends.
 */
import type { Stream } from '../wfm/wfm.ts';
import { type Session, streamOf } from './session.ts';

/** The keys; after a restart so many without a name, which are nobody's. */
export function refusedKeysOf(session: Session, stream: Stream): ReadonlySet<string> {
  const { refusedInARow } = streamOf(session, stream);
  const known = session.refusedKeys.get(stream);
  if (known?.size === refusedInARow) return known;
  return new Set(Array.from({ length: refusedInARow }, (_, i) => `\u0000${i}`));
}

/** Notes the keys in memory. Returns true when there are more or fewer: then the stream's row has to be written. */
export function noteRefusedKeys(session: Session, stream: Stream, keys: ReadonlySet<string>): boolean {
  const standing = streamOf(session, stream);
  session.refusedKeys.set(stream, keys);
  if (standing.refusedInARow === keys.size) return false;
  session.streams.set(stream, { ...standing, refusedInARow: keys.size });
  return true;
}
