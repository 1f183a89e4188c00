import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '../../../src/domain/csv.ts';

describe('a CSV text', () => {
  it('is read with quotes, commas and line ends inside of cells, and says on which line a row begins', () => {
    const table = readCsv('\uFEFFqueue,offered\r\n"Sales, ""north""",3\r\n\r\n"two\nlines",4\n');
    expect(table.head).toEqual(['queue', 'offered']);
    expect(table.rows).toEqual([
      { line: 2, cells: ['Sales, "north"', '3'] },
      { line: 4, cells: ['two\nlines', '4'] },
    ]);
    expect(table.fault).toBeNull();
  });

  it('may be separated by semicolons or tabs, as spreadsheets of many countries write', () => {
    expect(readCsv('a;b\n1,5;2').rows).toEqual([{ line: 2, cells: ['1,5', '2'] }]);
    expect(readCsv('a\tb\n1,5\t2').rows).toEqual([{ line: 2, cells: ['1,5', '2'] }]);
  });

  it('is read up to a quote that is never closed, which is named by its line', () => {
    const table = readCsv('a,b\n1,2\n"3,4\n5,6\n');
    expect(table.rows).toEqual([{ line: 2, cells: ['1', '2'] }]);
    expect(table.fault?.line).toBe(3);
  });

  it('gives back what was written, whatever the cells hold', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', 'ü', ' ', '"', ',', ';', '\n', '\r', '\t', '0') });
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 6 }), (rows) => {
        const text = ['x,y', ...rows.map((cells) => cells.map(quoted).join(','))].join('\r\n');
        const kept = rows.filter((cells) => cells.some((one) => one.trim() !== ''));
        expect(readCsv(text).rows.map(({ cells }) => cells)).toEqual(kept.map((cells) => [...cells]));
      }),
    );
  });
});
