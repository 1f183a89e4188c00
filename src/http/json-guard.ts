/**
 * Stops a hostile JSON text before a parser sees it: says when it is nested too deep or holds too many values, so that a
 * small body cannot grow into a large heap. It can be given the text piece by piece, and it does not validate.
 */

export interface JsonLimits {
  readonly depthMax: number;
  /** Most values: objects, arrays and the commas between their members. */
  readonly valuesMax: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * A guard for one text: hand it each piece in turn. It answers with the limit that was passed ("64 levels of nesting"),
 * or undefined while there is none. 2 MB take some milliseconds.
 */
export function createJsonGuard({ depthMax, valuesMax }: JsonLimits): (piece: string) => string | undefined {
  let depth = 0;
  let values = 0;
  let inString = false;
  let isEscaped = false;

  return (piece) => {
    let index = 0;
    // The piece may begin inside a string, even between a backslash and what it escapes.
    if (isEscaped && piece.length > 0) {
      isEscaped = false;
      index = 1;
    }
    while (index < piece.length) {
      if (inString) {
        const quote = piece.indexOf('"', index);
        const end = quote === -1 ? piece.length : quote;
        const isOpen = endsInBackslash(piece, index, end);
        if (quote === -1) isEscaped = isOpen;
        else if (!isOpen) inString = false;
        index = end + 1;
        continue;
      }
      const code = piece.charCodeAt(index);
      index += 1;
      if (code === QUOTE) inString = true;
      else if (code === COMMA) values += 1;
      else if (code === OPEN_BRACKET || code === OPEN_BRACE) {
        depth += 1;
        values += 1;
        if (depth > depthMax) return `${depthMax} levels of nesting`;
      } else if (code === CLOSE_BRACKET || code === CLOSE_BRACE) depth -= 1;
    }
    return values > valuesMax ? `${valuesMax.toLocaleString('en')} values` : undefined;
  };
}

/** True when `[start, end)` of a string ends in a backslash that escapes what follows: an odd number of them. */
function endsInBackslash(piece: string, start: number, end: number): boolean {
  let from = end;
  while (from > start && piece.charCodeAt(from - 1) === BACKSLASH) from -= 1;
  return (end - from) % 2 === 1;
}
