// What all commands have in common: their options, their help, the settings that they read.
import type { OptionValues } from './options.ts';
import { describeOptions, parseOptions } from './options.ts';
import type { HostSettings } from './settings.ts';
import { HOST_OPTIONS, readHostSettings } from './settings.ts';

export interface Command {
  readonly summary: string;
  run(args: readonly string[]): Promise<void>;
}

type OptionSet = Parameters<typeof parseOptions>[0];

const COMMON = { data: HOST_OPTIONS.data, dist: HOST_OPTIONS.dist, help: HOST_OPTIONS.help } as const;
/** For what brings credentials in. */
export const WITHOUT_CREDENTIALS = {
  'without-credentials': {
    type: 'boolean',
    help: 'go on although credentials do not open; enter them again afterwards',
  },
} as const;

interface Invocation<T extends OptionSet> {
  readonly settings: HostSettings;
  readonly options: OptionValues<T>;
  /** The word after the command; '' where there is none. */
  readonly word: string;
}

/** A command with its own options and, where `takes` names it, one word before them. */
export function command<const T extends OptionSet>(definition: {
  readonly name: string;
  readonly summary: string;
  readonly takes?: string;
  readonly explanation: string;
  readonly options: T;
  readonly run: (invocation: Invocation<T & typeof COMMON>) => Promise<void>;
}): Command {
  const { name, summary, takes, explanation } = definition;
  const all = { ...definition.options, ...COMMON } as T & typeof COMMON;
  return {
    summary,
    async run(args) {
      const [first = ''] = args;
      const hasWord = takes !== undefined && first !== '' && !first.startsWith('-');
      const options = parseOptions(all, hasWord ? args.slice(1) : args);
      if ((options as OptionValues<typeof COMMON>).help === true) {
        const usage = `bridge ${name}${takes === undefined ? '' : ` ${takes}`} [options]`;
        return tell(`${usage}\n\n${explanation}\n\n${describeOptions(all)}`);
      }
      const { data, dist } = options as OptionValues<typeof COMMON>;
      const settings = readHostSettings({ ...(data && { data }), ...(dist && { dist }) }, process.env);
      await definition.run({ settings, options, word: hasWord ? first : '' });
    },
  };
}

/** One line for whoever called. */
export function tell(text: string): void {
  process.stdout.write(`${text}\n`);
}
