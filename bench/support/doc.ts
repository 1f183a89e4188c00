// The docs' part that a run writes: what lies between two markers is replaced, the rest of the file stays.
import { readFileSync, writeFileSync } from 'node:fs';

/** @throws Error when the file has no such markers */
export function writeBetweenMarkers(file: string, name: string, text: string): void {
  const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
  const before = readFileSync(file, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${file} has no place for the figures: it needs "${begin}" and "${end}".`);
  writeFileSync(file, `${before.slice(0, from + begin.length)}\n${text.trim()}\n${before.slice(to)}`);
}
