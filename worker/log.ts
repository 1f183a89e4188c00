/** The log: one line of JSON per event, as Workers Logs and the appliance read it. Whatever is in it, it stays one line. */

export interface LogEntry {
  readonly level: 'info' | 'warn' | 'error';
  /** A sentence. What came from outside belongs into the other fields. */
  readonly message: string;
  readonly [field: string]: unknown;
}

/** Characters that end a line or steer a terminal, and that JSON leaves as they are: U+007F to U+009F, U+2028, U+2029. */
const LEFT_BY_JSON = /[\u007f-\u009f\u2028\u2029]/g;

/** Writes one event. JSON escapes the other control characters by itself. */
export function log(entry: LogEntry): void {
  const line = JSON.stringify(entry).replace(LEFT_BY_JSON, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
  if (entry.level === 'error') console.error(line);
  else if (entry.level === 'warn') console.warn(line);
  else console.log(line);
}

/** What is refused at the door and is worth a line. */
export type RefusalKind = 'token' | 'scope' | 'origin' | 'guessing' | 'access';

export interface Refusal {
  readonly kind: RefusalKind;
  /** The network that attempts are counted by (worker/auth/guard.ts). */
  readonly address: string;
  readonly message: string;
  readonly path: string;
  /** Who was recognised, where somebody was. */
  readonly by?: string | undefined;
}

/** The same kind from the same address is told once in so long; how many were left out stands in the next line. */
const TOLD_AGAIN_AFTER_MS = 60_000;
/** More addresses at once than this are told as one. */
const ADDRESSES_MAX = 1_000;
const OTHERS = 'many others';

export type NoteRefusal = (refusal: Refusal, nowMs: number) => void;

/** A log of refusals that nobody can flood: for one isolate, with what it remembers. */
export function createRefusalLog(): NoteRefusal {
  const told = new Map<string, { readonly atMs: number; leftOut: number }>();
  const isRecent = (atMs: number, nowMs: number) => Math.abs(nowMs - atMs) < TOLD_AGAIN_AFTER_MS;
  return (refusal, nowMs) => {
    const { kind, message, path, by } = refusal;
    let { address } = refusal;
    if (told.size >= ADDRESSES_MAX && !told.has(`${kind} ${address}`)) {
      for (const [key, { atMs }] of told) if (!isRecent(atMs, nowMs)) told.delete(key);
      if (told.size >= ADDRESSES_MAX) address = OTHERS;
    }
    const key = `${kind} ${address}`;
    const before = told.get(key);
    if (before && isRecent(before.atMs, nowMs)) {
      before.leftOut += 1;
      return;
    }
    told.set(key, { atMs: nowMs, leftOut: 0 });
    const leftOut = before?.leftOut ?? 0;
    log({ level: 'warn', message, refused: kind, address, path, ...(by && { by }), ...(leftOut > 0 && { leftOut }) });
  };
}
