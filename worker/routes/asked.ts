/** What addresses and people say in several rooms alike: where a listing goes on, which row, and who asks. */
import type { Visit } from '../app.ts';

/** The place before which a listing, newest first, goes on: an id or an instant; without one, its beginning. */
export function beforeOf({ searchParams }: URL): number {
  const before = Number(searchParams.get('before') ?? Number.NaN);
  return Number.isSafeInteger(before) ? before : Number.MAX_SAFE_INTEGER;
}

/** The id that a part of the address is; null where it is none. */
export function numberOf(text: string | undefined): number | null {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** Who changes something, and when. */
export function whoOf({ nowMs, identity }: Visit): { nowMs: number; by: string } {
  return { nowMs, by: identity?.by ?? 'nobody' };
}
