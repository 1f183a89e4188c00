/** Sends bodies no larger than the settings allow: one that would be is answered as the WFM would, and is split. */
import { wfmTraits } from '../wfm/registry.ts';
import type { AgentStateEvent, Outcome } from '../wfm/wfm.ts';
import type { Session } from './session.ts';

/** A UTF-16 unit is at most so many bytes of UTF-8; a pair of them is 4. */
const BYTES_PER_UNIT_MAX = 3;

/** Sends agent states as one body. Never throws. */
export async function sendEvents(session: Session, events: readonly AgentStateEvent[]): Promise<Outcome> {
  const { wfm, settings } = session.config;
  const body = wfm.compose({ stream: 'agent-states', events });
  const isTooLarge = events.length > 1 && isLargerThan(body, wfmTraits(settings.wfm).bodyBytesMax);
  return isTooLarge ? TOO_LARGE : wfm.send('agent-states', body);
}

/** What becomes of a body that may not be sent for its size. A single record is sent whatever its size. */
export const TOO_LARGE: Outcome = {
  kind: 'too large',
  status: 413,
  reason: 'over the largest body that the settings allow',
};

/** True when a text takes more bytes in UTF-8. Its bytes are counted only where its length does not tell. */
export function isLargerThan(text: string, bytesMax: number): boolean {
  if (text.length > bytesMax) return true;
  if (text.length * BYTES_PER_UNIT_MAX <= bytesMax) return false;
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // Half of a pair is 2 of its 4 bytes.
    const isHalf = unit >= 0xd800 && unit <= 0xdfff;
    bytes += unit < 0x800 || isHalf ? 1 : 2;
  }
  return bytes > bytesMax;
}
