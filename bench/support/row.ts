// One line of the table: a figure of the bridge, the floor's where there is one, and the bound it is held against.
import { figure } from './numbers.ts';

export interface Row {
  readonly name: string;
  readonly bridge: string;
  readonly floor?: string;
  /** Bridge ÷ floor. */
  readonly ratio?: number;
  readonly bound: string;
  /** null: stated, not bounded. */
  readonly isReached: boolean | null;
}

export function printRows(rows: readonly Row[]): string {
  const cells = rows.map(({ name, bridge, floor = '', ratio, bound, isReached }) => [
    name,
    bridge,
    floor,
    ratio === undefined ? '' : figure(ratio),
    bound,
    isReached === null ? 'stated' : isReached ? 'reached' : 'NOT REACHED',
  ]);
  const table = [['figure', 'bridge', 'floor', 'ratio', 'to reach', ''], ...cells];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** The same as a table for docs. */
export function markdownRows(rows: readonly Row[]): string {
  const lines = rows.map(({ name, bridge, floor = '', ratio, bound, isReached }) => {
    const verdict = isReached === null ? 'stated' : isReached ? 'reached' : '**not reached**';
    return `| ${name} | ${bridge} | ${floor} | ${ratio === undefined ? '' : figure(ratio)} | ${bound} | ${verdict} |`;
  });
  return ['| figure | bridge | floor | ratio | to reach | |', '|---|---|---|---|---|---|', ...lines].join('\n');
}

/** What stands in the table when a part could not be measured. */
export function failedRow(name: string, error: unknown): Row {
  const reason = error instanceof Error ? error.message : String(error);
  const line = reason.replaceAll(/\s+/g, ' ').replaceAll('|', '/').slice(0, 300);
  return { name, bridge: `could not be measured: ${line}`, bound: 'measured', isReached: false };
}
