/**
 * Checks the regular expression that reads a line of the feed before it is ever run. One that could be tried in very many
 * ways would hold up whoever runs it for hours on one unlucky line, so the ways are counted: wherever a repetition can
 * give characters to what follows it, its lengths multiply. Anything that cannot be counted so is refused. Pure.
 */

/** Longer lines are not looked at. */
export const LINE_CHARS_MAX = 1_000;
const PATTERN_CHARS_MAX = 500;
/** Ways to try that a line of the greatest length may ask for: two repetitions that can give to what follows. */
const WAYS_MAX = (LINE_CHARS_MAX + 1) ** 2;
const GROUPS = ['login', 'state', 'reason', 'time'];

/** The characters that stand for all: each of the first 256, and a few from further away. */
const PROBES = [...Array(256).keys(), 0x3b1, 0x20ac, 0x4e2d, 0xffff].map((code) => String.fromCharCode(code));
type Characters = readonly boolean[];
const NONE: Characters = PROBES.map(() => false);

interface Atom {
  readonly kind: 'atom';
  readonly characters: Characters;
  readonly least: number;
  readonly most: number;
}
interface Group {
  readonly kind: 'group';
  readonly branches: readonly Sequence[];
  readonly least: number;
}
type Sequence = readonly (Atom | Group)[];

class NotCountable extends Error {}

/** What is wrong with a pattern, as a sentence for the form field; null when it may be run on lines of a feed. */
export function patternProblem(pattern: string): string | null {
  if (pattern.length > PATTERN_CHARS_MAX) return `A pattern has at most ${PATTERN_CHARS_MAX} characters.`;
  try {
    compilePattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return `The pattern is no regular expression (${error.message.replace(/^.*: /, '')}).`;
  }
  const names = [...pattern.matchAll(/\(\?<(\w+)>/g)].map(([, name = '']) => name);
  const unknown = names.find((name) => !GROUPS.includes(name));
  if (unknown !== undefined) return `There is no use for a group "${unknown}"; the groups are ${GROUPS.join(', ')}.`;
  const missing = ['login', 'state'].find((name) => !names.includes(name));
  if (missing !== undefined) return `The pattern needs a group named "${missing}": (?<${missing}>…).`;
  try {
    const ways = weighBranches(new Reader(pattern).branches(), NONE).ways;
    if (ways <= WAYS_MAX) return null;
  } catch (error) {
    if (!(error instanceof NotCountable)) throw error;
    return error.message;
  }
  return 'The pattern could be tried in too many ways. Let what repeats end at what it cannot match, as [^,]+ does at a comma.';
}

/** The pattern as it is run: from the start of the line. */
export function compilePattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})`);
}

/** Reads a pattern that is known to be a regular expression. */
class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Alternatives up to the closing bracket or the end. */
  branches(): Sequence[] {
    const branches: Sequence[] = [];
    let items: (Atom | Group)[] = [];
    for (;;) {
      const next = this.#text[this.#at];
      if (next === undefined || next === ')' || next === '|') {
        branches.push(items);
        this.#at += 1;
        if (next !== '|') return branches;
        items = [];
      } else {
        const item = this.#item(next);
        if (item) items.push(item);
      }
    }
  }

  /** The next item with its quantifier; null for one that takes no character. */
  #item(first: string): Atom | Group | null {
    if (first === '(') return this.#group();
    const source = this.#take(/\[(?:\\.|[^\]\\])*\]|\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|.)|./sy);
    if (source === '^' || source === '$' || source === '\\b' || source === '\\B') return null;
    if (/^\\[1-9k]/.test(source)) throw new NotCountable('A pattern cannot refer back to an earlier group.');
    if (source === '{') throw new NotCountable('Write a brace that is meant as itself as \\{.');
    const characters = charactersOf(source);
    return { kind: 'atom', characters, ...this.#quantifier() };
  }

  #group(): Group {
    const opening = this.#take(/\((?:\?<\w+>|\?:|(?!\?))/y);
    if (opening === '') throw new NotCountable('A pattern cannot look around with (?=, (?!, (?<= or (?<!.');
    const branches = this.branches();
    const { least, most } = this.#quantifier();
    if (most > 1) throw new NotCountable('A group cannot be repeated; it can be optional, with "?".');
    return { kind: 'group', branches, least };
  }

  #quantifier(): { least: number; most: number } {
    const text = this.#take(/(?:[*+?]|\{\d+(?:,\d*)?\})\??/y);
    if (text.startsWith('*')) return { least: 0, most: LINE_CHARS_MAX };
    if (text.startsWith('+')) return { least: 1, most: LINE_CHARS_MAX };
    if (text.startsWith('?')) return { least: 0, most: 1 };
    const [, least, comma, most] = /^\{(\d+)(,?)(\d*)\}/.exec(text) ?? [];
    if (least === undefined) return { least: 1, most: 1 };
    if (comma === '') return { least: Number(least), most: Number(least) };
    return { least: Number(least), most: most === '' ? LINE_CHARS_MAX : Math.min(Number(most), LINE_CHARS_MAX) };
  }

  #take(expression: RegExp): string {
    expression.lastIndex = this.#at;
    const [found = ''] = expression.exec(this.#text) ?? [];
    this.#at += found.length;
    return found;
  }
}

function charactersOf(source: string): Characters {
  const expression = new RegExp(`^(?:${source})$`, 's');
  return PROBES.map((character) => expression.test(character));
}

interface Weighed {
  readonly ways: number;
  /** With which characters it can begin. */
  readonly first: Characters;
}

/** `next`: the characters that can follow. Ways of several branches add up where they can begin alike. */
function weighBranches(branches: readonly Sequence[], next: Characters): Weighed {
  const weighed = branches.map((branch) => weighSequence(branch, next));
  const first = weighed.map((one) => one.first).reduce(either);
  const isAlike = PROBES.some((_, place) => weighed.filter((one) => one.first[place]).length > 1);
  const ways = weighed.map((one) => one.ways);
  return { first, ways: isAlike ? ways.reduce((a, b) => a + b) : Math.max(...ways) };
}

function weighSequence(sequence: Sequence, next: Characters): Weighed {
  let ways = 1;
  let first = next;
  for (const item of sequence.toReversed()) {
    if (item.kind === 'atom') {
      if (item.most > item.least && overlap(item.characters, first)) ways *= item.most - item.least + 1;
      first = item.least === 0 ? either(item.characters, first) : item.characters;
      continue;
    }
    const inside = weighBranches(item.branches, first);
    ways *= inside.ways + (item.least === 0 && overlap(inside.first, first) ? 1 : 0);
    first = item.least === 0 ? either(inside.first, first) : inside.first;
  }
  return { ways, first };
}

const either = (a: Characters, b: Characters): Characters => a.map((has, place) => has || (b[place] ?? false));
const overlap = (a: Characters, b: Characters): boolean => a.some((has, place) => has && (b[place] ?? false));
