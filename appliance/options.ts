// Command line options, checked strictly: an option that is misspelt stops the program and names those that exist.
import type { ParseArgsConfig } from 'node:util';
import { parseArgs } from 'node:util';
import { messageOf, StartRefused } from './start-refused.ts';

interface Option {
  readonly type: 'string' | 'boolean';
  /** What stands for the value in the help, for example "P". */
  readonly placeholder?: string;
  readonly help: string;
}

type OptionSet = Readonly<Record<string, Option>>;
export type OptionValues<T extends OptionSet> = { [K in keyof T]?: T[K]['type'] extends 'boolean' ? boolean : string };

/**
 * Parses the arguments after the program's name.
 * @throws StartRefused for an unknown option, a missing value or a stray word
 */
export function parseOptions<T extends OptionSet>(options: T, args: readonly string[]): OptionValues<T> {
  const config: ParseArgsConfig['options'] = Object.fromEntries(
    Object.entries(options).map(([name, option]) => [name, { type: option.type }]),
  );
  try {
    const { values } = parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false });
    return values as OptionValues<T>;
  } catch (cause) {
    const names = Object.keys(options).map((name) => `--${name}`);
    // Node's first sentence says what is wrong; its second one explains positional arguments, which there are none of.
    const [reason = ''] = messageOf(cause).split('. ');
    throw new StartRefused(`${reason.replace(/\.?$/, '.')} The options are ${names.join(', ')}.`, { cause });
  }
}

/** The options as a table for --help. */
export function describeOptions(options: OptionSet): string {
  const rows = Object.entries(options).map(([name, option]) => [
    `  --${name}${option.placeholder === undefined ? '' : ` ${option.placeholder}`}`,
    option.help,
  ]);
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2;
  return rows.map(([left = '', right = '']) => left.padEnd(width) + right).join('\n');
}
