// Rows as SQL that any D1 takes: no statement over its limit of 100,000 bytes, values larger than that in parts. And the
// way back: SQL text, however long, into single statements.
import type { SQLOutputValue } from 'node:sqlite';

/** D1 refuses statements over 100,000 bytes (platform limits); the rest is for the frame around the rows. */
const STATEMENT_BYTES_MAX = 90_000;
/** A literal beyond this goes in parts. */
const LITERAL_BYTES_MAX = 60_000;
/** As many bytes of a value go into one part; two digits each. */
const PART_BYTES = 40_000;
/** Words that tools which execute SQL files take for commands, even inside a text; and a NUL, which no literal can hold. */
const NOT_AS_TEXT = /\0|--|\/\*|\b(?:begin|commit|rollback|savepoint|transaction)\b/i;

/** Where large values wait in parts until their row is written. */
export const PARTS_TABLE = '"_move_part"';

/** Turns rows into statements, part by part. */
export class SqlWriter {
  #nextValueId = 1;

  /** The statements that insert `rows`, each at most `STATEMENT_BYTES_MAX` long; inserting a row twice changes nothing. */
  *insert(table: string, columns: readonly string[], rows: Iterable<readonly SQLOutputValue[]>): Generator<string> {
    const head = `INSERT INTO ${table} (${columns.join(', ')}) VALUES\n`;
    const tail = '\nON CONFLICT DO NOTHING;\n';
    let tuples: string[] = [];
    let bytes = 0;
    for (const row of rows) {
      const literals: string[] = [];
      for (const value of row) literals.push(yield* this.#literal(value));
      const tuple = `(${literals.join(', ')})`;
      const tupleBytes = Buffer.byteLength(tuple) + 2;
      if (bytes > 0 && bytes + tupleBytes > STATEMENT_BYTES_MAX) {
        yield head + tuples.join(',\n') + tail;
        tuples = [];
        bytes = head.length + tail.length;
      }
      tuples.push(tuple);
      bytes += tupleBytes;
    }
    if (tuples.length > 0) yield head + tuples.join(',\n') + tail;
  }

  *#literal(value: SQLOutputValue): Generator<string, string> {
    if (value === null) return 'NULL';
    if (typeof value === 'bigint') return String(value);
    if (typeof value === 'number') return Number.isFinite(value) ? String(value) : value > 0 ? '9e999' : '-9e999';
    const isText = typeof value === 'string';
    const bytes = isText ? Buffer.from(value) : Buffer.from(value);
    if (bytes.length * (isText ? 1 : 2) <= LITERAL_BYTES_MAX) {
      if (!isText) return `X'${bytes.toString('hex')}'`;
      if (!NOT_AS_TEXT.test(value)) return `'${value.replaceAll("'", "''")}'`;
      if (bytes.length * 2 <= LITERAL_BYTES_MAX) return `CAST(X'${bytes.toString('hex')}' AS TEXT)`;
    }
    const id = this.#nextValueId;
    this.#nextValueId += 1;
    for (let part = 0; part * PART_BYTES < bytes.length; part += 1) {
      const hex = bytes.subarray(part * PART_BYTES, (part + 1) * PART_BYTES).toString('hex');
      yield `INSERT INTO ${PARTS_TABLE} VALUES (${id}, ${part}, X'${hex}') ON CONFLICT DO NOTHING;\n`;
    }
    const parts = `(SELECT bytes FROM ${PARTS_TABLE} WHERE value_id = ${id} ORDER BY part)`;
    const whole = `CAST((SELECT group_concat(bytes, '') FROM ${parts}) AS BLOB)`;
    return isText ? `CAST(${whole} AS TEXT)` : whole;
  }
}

/** Splits SQL at the semicolons outside of quotes and comments. Knows no triggers: their bodies hold semicolons too. */
export async function* splitStatements(chunks: AsyncIterable<string>): AsyncGenerator<string> {
  let text = '';
  let at = 0;
  /** What has to come before a semicolon counts again; '' outside of everything. */
  let closing = '';
  for await (const chunk of chunks) {
    text += chunk;
    // The last character waits for its successor: "--" and "/*" have two.
    for (; at < text.length - 1; at += 1) {
      const [one, two] = [text.charAt(at), text.slice(at, at + 2)];
      if (closing !== '') {
        if (!text.startsWith(closing, at)) continue;
        at += closing.length - 1;
        closing = '';
      } else if (one === "'" || one === '"' || one === '`') closing = one;
      else if (two === '--') closing = '\n';
      else if (two === '/*') closing = '*/';
      else if (one === ';') {
        yield text.slice(0, at + 1);
        text = text.slice(at + 1);
        at = -1;
      }
    }
  }
  if (text.trim() !== '') yield text;
}
