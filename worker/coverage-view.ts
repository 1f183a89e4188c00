/** Coverage as pages and API show it: days in the connection's zone, their intervals, and what became of the contacts. */
import {
  addContacts,
  CELL_STATES,
  type CellState,
  type ContactBalance,
  cellState,
  NO_CONTACTS,
} from '../src/domain/coverage.ts';
import { DAY_MS, INTERVAL_MS, type Window } from '../src/domain/interval.ts';
import { type DaySlot, daySlots, dayWindow, shiftDay } from '../src/domain/local-day.ts';
import { type CoverageCell, readCells, readContacts } from '../src/store/coverage-days.ts';
import { readProofs } from '../src/store/ledger-sums.ts';

/** One interval of a day. `state` null: it has not ended, or lies before collection began. */
export interface SlotView extends DaySlot {
  readonly state: CellState | null;
  readonly cell: CoverageCell | null;
}

export interface DayView {
  readonly day: string;
  readonly window: Window;
  readonly slots: readonly SlotView[];
  readonly balance: ContactBalance;
  /** When the sums behind the balance were last proved against each stored figure. Null: of a part of the day never. */
  readonly provedAtMs: number | null;
}

/** How a connection counts days, and how long its figures settle. */
export interface CoverageRules {
  readonly timeZone: string;
  readonly settleDelayMs: number;
}

/**
 * So many days up to and with `lastDay`, newest first. The stored side of the balance is what the ledger's rows keep, but of
 * a single day each stored figure is added up anew.
 */
export async function readDays(
  db: D1Database,
  connectionId: number,
  range: { readonly lastDay: string; readonly days: number },
  { timeZone, settleDelayMs }: CoverageRules,
): Promise<DayView[]> {
  const names = Array.from({ length: range.days }, (_, back) => shiftDay(range.lastDay, -back));
  const windows = names.map((day) => dayWindow(day, timeZone));
  const [newest, oldest] = [windows[0], windows.at(-1)];
  if (!newest || !oldest) return [];
  const span = { startMs: oldest.startMs, endMs: newest.endMs };
  const cells = await readCells(db, connectionId, span);
  const contacts = await readContacts(db, connectionId, cells, { anew: range.days === 1 });
  const proofs = await readProofs(db, connectionId, span);
  const byStart = new Map(cells.map((cell) => [cell.startMs, cell]));
  return names.map((day, index) => {
    const window = windows[index] ?? span;
    const slots = daySlots(day, timeZone).map((slot) => {
      const cell = byStart.get(slot.startMs) ?? null;
      return { ...slot, cell, state: cell && cellState(cell, settleDelayMs) };
    });
    const balance = contacts
      .filter(({ startMs }) => startMs >= window.startMs && startMs < window.endMs)
      .reduce((sum, one) => addContacts(sum, one.balance), NO_CONTACTS);
    return { day, window, slots, balance, provedAtMs: provedAtMs(window, proofs) };
  });
}

/** A day in a zone lies in up to three days in UTC: the oldest of their proofs. */
function provedAtMs({ startMs, endMs }: Window, proofs: ReadonlyMap<number, number>): number | null {
  let oldest = Number.POSITIVE_INFINITY;
  for (let dayMs = Math.floor(startMs / DAY_MS) * DAY_MS; dayMs < endMs; dayMs += DAY_MS) {
    const atMs = proofs.get(dayMs);
    if (atMs === undefined) return null;
    oldest = Math.min(oldest, atMs);
  }
  return Number.isFinite(oldest) ? oldest : null;
}

/** How many intervals of some days are in each state. */
export function countStates(days: readonly DayView[]): Readonly<Record<CellState, number>> {
  const counts: Record<CellState, number> = { delivered: 0, late: 0, waiting: 0, gap: 0, quiet: 0, unconfirmed: 0 };
  for (const { slots } of days) for (const { state } of slots) if (state) counts[state] += 1;
  return counts;
}

/** Intervals in a row that need somebody for the same reason. */
export interface Trouble extends Window {
  readonly state: 'gap' | 'unconfirmed';
  readonly reason: string;
  readonly intervals: number;
}

/** Gaps and unconfirmed intervals of some days (newest day first), joined where they follow each other; newest first. */
export function troublesOf(days: readonly DayView[]): Trouble[] {
  const troubles: Trouble[] = [];
  const slots = days.toReversed().flatMap((day) => day.slots);
  for (const { startMs, state, cell } of slots) {
    if (!cell || (state !== 'gap' && state !== 'unconfirmed')) continue;
    const last = troubles.at(-1);
    const endMs = startMs + INTERVAL_MS;
    if (last?.endMs === startMs && last.state === state && last.reason === cell.reason) {
      troubles[troubles.length - 1] = { ...last, endMs, intervals: last.intervals + 1 };
    } else troubles.push({ state, reason: cell.reason, startMs, endMs, intervals: 1 });
  }
  return troubles.toReversed();
}

export function isCellState(text: string): text is CellState {
  return CELL_STATES.some((state) => state === text);
}

export const STATE_WORDS: Readonly<Record<CellState, string>> = {
  delivered: 'collected and delivered',
  late: 'delivered late or revised',
  waiting: 'waiting',
  gap: 'gap',
  quiet: 'quiet',
  unconfirmed: 'unconfirmed',
};
