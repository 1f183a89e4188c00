/**
 * `compare` at the terminal: a table, examples of what is wrong, and a sentence that says how it stands.
 */
import { UsageError, type Values } from '../shared/command-line.ts';
import { parseTimeMs } from '../shared/parse.ts';
import { type Comparison, compare } from './compare.ts';
import { iso, type Section } from './section.ts';
import { TruthError } from './truth.ts';

const DEFAULT_SHOWN = 5;
const COLUMNS = ['served', 'accepted', 'in flight', 'not needed', 'missing', 'different', 'extra'];

/** Runs the comparison; the exit code is 0 when all is there, 1 when not, 2 when there is nothing to judge. */
export async function runCompare(values: Values): Promise<number> {
  let comparison: Comparison;
  try {
    comparison = await compare({
      ncc: String(values.ncc ?? 'http://127.0.0.1:9101'),
      mpower: String(values.mpower ?? 'http://127.0.0.1:9102'),
      ...time('fromMs', values.from),
      ...time('toMs', values.to),
      ...(typeof values.inFlightS === 'number' ? { inFlightS: values.inFlightS } : {}),
      ...(typeof values.settleS === 'number' ? { settleS: values.settleS } : {}),
      ...(typeof values.gapS === 'number' ? { gapS: values.gapS } : {}),
    });
  } catch (error) {
    if (!(error instanceof TruthError)) throw error;
    console.error(`${error.message} Start both with npm run simulate -- both, or with npm start.`);
    return 2;
  }
  const shown = typeof values.show === 'number' ? values.show : DEFAULT_SHOWN;
  console.log(values.json === true ? JSON.stringify(comparison, null, 2) : render(comparison, shown));
  if (!comparison.judged) return 2;
  return comparison.complete && (comparison.clean || values.strict !== true) ? 0 : 1;
}

/** The comparison for a person. */
function render({ sections, limits, notes, judged, complete, clean }: Comparison, shown: number): string {
  const head = ['', ...COLUMNS];
  const rows = sections.map((s) => [s.name, ...countsOf(s).map(String)]);
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((row) => row[i]?.length ?? 0)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('   ');
  return [
    'What NCC served, held against what Mpower accepted',
    ...(limits.fromMs > 0 ? [`from ${iso(limits.fromMs)}`] : []),
    ...(Number.isFinite(limits.toMs) ? [`up to ${iso(limits.toMs)}`] : []),
    '',
    line(head),
    ...rows.map(line),
    '',
    ...sections.flatMap((section) => examples(section, shown)),
    `In flight: served less than ${limits.inFlightMs / 1000} s ago; activities: their window ended less than ` +
      `${(limits.inFlightMs + limits.settleMs) / 1000} s ago.`,
    ...notes,
    verdict(complete, clean, judged),
  ].join('\n');
}

function countsOf(s: Section): number[] {
  return [s.served, s.accepted, s.inFlight, s.notNeeded, s.missing.length, s.different.length, s.extra.length];
}

function examples(section: Section, shown: number): string[] {
  const kinds = { missing: section.missing, different: section.different, extra: section.extra };
  return Object.entries(kinds).flatMap(([kind, items]) => {
    if (items.length === 0) return [];
    const rest = items.length > shown ? [`  … and ${items.length - shown} more`] : [];
    return [
      `${section.name}, ${kind}:`,
      ...items.slice(0, shown).map((item) => `  ${JSON.stringify(item).slice(1, -1)}`),
      ...rest,
      '',
    ];
  });
}

function verdict(complete: boolean, clean: boolean, judged: boolean): string {
  if (!judged)
    return 'Nothing to judge, nothing has been served: is the bridge running, and does its connection point here?';
  if (!complete) return 'NOT ALIKE: something is missing or different.';
  return clean
    ? 'Alike: everything served has been accepted, and nothing else.'
    : 'Complete, but with records that were not served.';
}

function time<K extends string>(name: K, value: Values[string] | undefined): Partial<Record<K, number>> {
  if (value === undefined) return {};
  const atMs = parseTimeMs(String(value));
  if (Number.isNaN(atMs)) throw new UsageError(`"${String(value)}" is no time; write one as 2026-01-31T10:00:00Z.`);
  const result: Partial<Record<K, number>> = {};
  result[name] = atMs;
  return result;
}
