/** Many rows as one JSON parameter, or several: D1 takes 2 MB a value, in production only, whatever the number of rows. */

/** A character is three bytes at most. */
const CHARS_MAX = 600_000;

/** JSON arrays that together hold the rows in their order, each small enough to be bound; none where there is no row. */
export function jsonParts(rows: readonly unknown[]): string[] {
  const parts: string[] = [];
  let texts: string[] = [];
  let chars = 0;
  const flush = () => {
    if (texts.length > 0) parts.push(`[${texts.join(',')}]`);
    texts = [];
    chars = 0;
  };
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (chars + text.length >= CHARS_MAX) flush();
    texts.push(text);
    chars += text.length + 1;
  }
  flush();
  return parts;
}

/**
 * SQL of a table with the column `value`: the rows of `count` parts, bound as the parameters from number `first` on. D1 allows
 * few terms in a compound SELECT, but any number of VALUES.
 */
export function rowsOfParts(count: number, first: number): string {
  if (count === 0) return '(SELECT NULL AS value WHERE false)';
  const parts = Array.from({ length: count }, (_, i) => `(?${first + i})`);
  return `(SELECT j.value FROM (VALUES ${parts.join(', ')}) p CROSS JOIN json_each(p.column1) j)`;
}
