/**
 * The command line's options as tables: one row serves the parsing and the help, so that they cannot disagree.
 */
import { parseArgs } from 'node:util';

interface Option {
  readonly name: string;
  /** What stands for the value in the help; a switch has none. */
  readonly value?: string;
  readonly kind: 'number' | 'text' | 'list' | 'switch' | 'no-switch';
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly details: string;
  readonly options: readonly Option[];
}

/** A mistake on the command line; the message is for the person who made it. */
export class UsageError extends Error {}

/** Each command has it. */
export const HELP: Option = { name: 'help', kind: 'switch', help: 'this text' };
/** Each command that runs until it is ended has it. */
export const EXIT_WITH_PARENT: Option = {
  name: 'exit-with-parent',
  kind: 'switch',
  help: 'end when standard input is closed, as it is when the parent dies',
};

export type Values = Record<string, string | number | boolean | string[]>;

/**
 * Reads a command's options into camelCase keys; what was not given is absent.
 * @throws UsageError for unknown options and values of the wrong kind
 */
export function readOptions(command: Command, args: string[]): Values {
  const config = Object.fromEntries(
    command.options.map(({ name, kind }) => [
      name,
      { type: kind.endsWith('switch') ? ('boolean' as const) : ('string' as const), multiple: kind === 'list' },
    ]),
  );
  const given = parsed(command, () => parseArgs({ args, options: config, strict: true }).values);
  const values: Values = {};
  for (const { name, kind } of command.options) {
    const value = given[name];
    if (value === undefined) continue;
    if (kind === 'no-switch') values[camel(name.replace(/^no-/, ''))] = false;
    else if (kind === 'number') values[camel(name)] = toNumber(name, String(value));
    else values[camel(name)] = Array.isArray(value) ? value.map(String) : value;
  }
  return values;
}

export function commandHelp({ name, summary, details, options }: Command): string {
  const left = options.map((option) => `--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`);
  const width = Math.max(...left.map((text) => text.length)) + 3;
  return [
    `npm run simulate -- ${name} [options]`,
    `  ${summary}`,
    '',
    details,
    '',
    ...options.map((option, i) => `  ${(left[i] ?? '').padEnd(width)}${option.help}`),
  ].join('\n');
}

function parsed<T>(command: Command, parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new UsageError(`${error.message} See npm run simulate -- ${command.name} --help.`);
  }
}

function toNumber(name: string, text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isFinite(number)) throw new UsageError(`--${name} takes a number, not "${text}".`);
  return number;
}

function camel(name: string): string {
  return name.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
