/** Writes the tables of an interval as delimited exports with a head, in the switch's own time. */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Zone } from '../shared/zone.ts';
import type { Figures } from './figures.ts';
import type { CmsOptions } from './options.ts';

const ACD = 1;

/** Date and time of the switch's clock: `2026-03-02` and `815`. */
export function switchClock(atMs: number, zone: Zone): { readonly date: string; readonly hhmm: number } {
  const text = new Date(atMs + zone.offsetMs(atMs)).toISOString();
  return { date: text.slice(0, 10), hhmm: Number(text.slice(11, 13)) * 100 + Number(text.slice(14, 16)) };
}

/** The two exports of an interval, as text. */
export function exportTexts(figures: Figures, options: CmsOptions, zone: Zone): { hsplit: string; hagent: string } {
  const { date, hhmm } = switchClock(figures.startMs, zone);
  const start = {
    row_date: date,
    starttime: hhmm,
    ...(options.utcColumn && { starttime_utc: figures.startMs / 1_000 }),
    intrvl: options.intervalMinutes,
    acd: ACD,
  };
  const splits = [...figures.splits].map(([split, row]) => ({ ...start, split, ...row, incomplete: 0 }));
  const agents = [...figures.agents].map(([key, row]) => {
    const [logid = '', split = ''] = key.split(' ');
    return { ...start, split, logid, ...row };
  });
  return { hsplit: tableText(splits), hagent: tableText(agents) };
}

function tableText(rows: readonly object[]): string {
  const [first] = rows;
  if (!first) return '';
  return `${[Object.keys(first), ...rows.map((row) => Object.values(row))].map((cells) => cells.join('|')).join('\n')}\n`;
}

/** Writes both into a folder, each under another name until it is whole. @returns the names of those that have rows */
export function writeExports(figures: Figures, options: CmsOptions, zone: Zone): string[] {
  mkdirSync(options.folder, { recursive: true });
  const stamp = new Date(figures.startMs).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  return Object.entries(exportTexts(figures, options, zone)).flatMap(([table, text]) => {
    if (text === '') return [];
    const file = path.join(options.folder, `${table}-${stamp}.csv`);
    writeFileSync(`${file}.part`, text);
    renameSync(`${file}.part`, file);
    return [path.basename(file)];
  });
}
