/** docs/security.md names only tests that there are, and answers every item of OWASP ASVS 5.0, levels 1 and 2, once. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../..');
const lines = readFileSync(path.join(root, 'docs/security.md'), 'utf8').split('\n');
/** Ids alone, by level; what they ask for stands in the standard (github.com/OWASP/ASVS, 5.0). */
const ids: Record<'1' | '2', string[]> = JSON.parse(
  readFileSync(path.join(import.meta.dirname, 'asvs-5.0-ids.json'), 'utf8'),
);
const required = [...ids[1], ...ids[2]];

const files = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' });
/** Paths below test/ without their endings, and folders that hold tests. */
const tests = new Set(
  files.flatMap((file) => {
    const [, name] = /^(.+?)(?:\.property)?\.test\.tsx?$/.exec(file) ?? [];
    return name === undefined ? [] : [`test/${name}`, path.dirname(`test/${name}`)];
  }),
);
const isTest = (name: string) => [...tests].some((known) => known === name || known.endsWith(`/${name}`));

interface Row {
  readonly first: string;
  readonly shownBy: string;
}

/** The rows of every table whose last column is "shown by". */
const rows = lines.flatMap((line, index): Row[] => {
  const head = lines.findLastIndex((other, at) => at <= index && !other.startsWith('|')) + 1;
  if (index < head + 2 || !lines[head]?.endsWith('| shown by |')) return [];
  const cells = line.slice(2, -2).split(' | ');
  return [{ first: cells[0] ?? '', shownBy: cells.at(-1) ?? '' }];
});

/** Names in code, and one that begins the cell with a colon. Settings (in capitals) and calls are none. */
function namesIn(shownBy: string): string[] {
  const first = /^([a-z/-]+):/.exec(shownBy)?.slice(1) ?? [];
  const coded = [...shownBy.matchAll(/`([a-z][a-z/-]+)`/g)].map(([, name = '']) => name);
  return [...first, ...coded].filter((name) => name !== 'spawn' && name !== 'review');
}

describe('what shows it', () => {
  it('is found in the document', () => {
    expect(rows.length).toBeGreaterThan(60);
  });

  it.each(rows.map(({ first, shownBy }) => [first, shownBy]))('is there: %s', (_, shownBy) => {
    const names = namesIn(shownBy);
    expect(names.filter((name) => !isTest(name))).toEqual([]);
    // Else a section of the document, another document, a review, or nothing, which the dash says.
    expect(names.length > 0 || /^–$|\*[A-Z].*\*|\]\(\w+\.md\)|^review/.test(shownBy)).toBe(true);
    // No word that looks like the name of a test and is not written as one.
    expect(shownBy.replaceAll(/`[^`]*`|\([^)]*\)|:.*$/g, '')).not.toMatch(/\b(?:security|host|test|node)[-/]/);
  });
});

const order = (id: string) => id.split('.').reduce((sum, part) => sum * 1_000 + Number(part), 0);

/** "1.2.6–1.2.8, 1.3.8" as the ids of levels 1 and 2 in it; others are told as unknown. */
function idsOf(list: string): string[] {
  return list.split(', ').flatMap((part) => {
    const [from = '', to = from] = part.split('–');
    const known = required.filter((id) => order(id) >= order(from) && order(id) <= order(to));
    return from === to && known.length === 0 ? [`${from} is no item of level 1 or 2`] : known;
  });
}

describe('OWASP ASVS 5.0', () => {
  const answered = rows.filter(({ first }) => /^\d+\.\d+\.\d+/.test(first)).flatMap(({ first }) => idsOf(first));

  it('has each item of levels 1 and 2 in the table', () => {
    expect(required).toHaveLength(253);
    expect(required.filter((id) => !answered.includes(id))).toEqual([]);
  });

  it('has no item twice, and none that the standard does not have', () => {
    expect(answered.filter((id, index) => answered.indexOf(id) !== index || !required.includes(id))).toEqual([]);
  });
});
