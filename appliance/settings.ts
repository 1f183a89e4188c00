// Environment and command line → the host's settings, parsed whole and once. Options win over variables.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import type { LogFormat } from './log.ts';
import type { OptionValues } from './options.ts';
import { describeIssues, messageOf, StartRefused } from './start-refused.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const HOST_OPTIONS = {
  port: { type: 'string', placeholder: 'P', help: 'port of pages and API, 0 for a free one (PORT; default 8787)' },
  host: { type: 'string', placeholder: 'ADDRESS', help: 'address to listen on (HOST; default 127.0.0.1)' },
  data: { type: 'string', placeholder: 'DIR', help: 'directory of everything that is kept (DATA_DIR; default ./data)' },
  dist: {
    type: 'string',
    placeholder: 'DIR',
    help: 'directory of the built Worker (default: the one of this version)',
  },
  'log-format': {
    type: 'string',
    placeholder: 'FORM',
    help: 'json or text (LOG_FORMAT; default json, text on a terminal)',
  },
  'exit-with-parent': { type: 'boolean', help: 'end when standard input closes' },
  help: { type: 'boolean', help: 'show this and end' },
} as const;

export interface HostSettings {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly dataDirectory: string;
  readonly distDirectory: string;
  readonly logFormat: LogFormat;
  readonly exitsWithParent: boolean;
}

const settingsSchema = z.object({
  host: z.string().regex(/^[\w.:-]+$/, 'expected a host name or an address'),
  port: z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().max(65_535, 'expected a port from 0 to 65535')),
  data: z.string(),
  dist: z.string(),
  'log-format': z.enum(['json', 'text'], 'expected json or text'),
});

/** @throws StartRefused with every setting that is wrong, at once */
export function readHostSettings(options: OptionValues<typeof HOST_OPTIONS>, environment: Environment): HostSettings {
  const result = settingsSchema.safeParse({
    host: options.host ?? readVariable(environment, 'HOST') ?? '127.0.0.1',
    port: options.port ?? readVariable(environment, 'PORT') ?? '8787',
    data: options.data ?? readVariable(environment, 'DATA_DIR') ?? 'data',
    dist: options.dist ?? path.join(import.meta.dirname, '../dist'),
    'log-format':
      options['log-format'] ?? readVariable(environment, 'LOG_FORMAT') ?? (process.stdout.isTTY ? 'text' : 'json'),
  });
  if (!result.success) throw new StartRefused(`The settings are not usable: ${describeIssues(result.error)}.`);
  const settings = result.data;
  return {
    host: settings.host,
    port: settings.port,
    dataDirectory: path.resolve(settings.data),
    distDirectory: path.resolve(settings.dist),
    logFormat: settings['log-format'],
    exitsWithParent: options['exit-with-parent'] === true,
  };
}

/** A variable that is set to nothing counts as not set: compose files write it so. */
function readVariable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * A variable from the environment, or from the file that NAME_FILE names (its last line break removed).
 * @throws StartRefused when both are set or the file cannot be read
 */
export function readVariableOrFile(environment: Environment, name: string): string | undefined {
  const value = readVariable(environment, name);
  const file = readVariable(environment, `${name}_FILE`);
  if (file === undefined) return value;
  if (value !== undefined) throw new StartRefused(`${name} and ${name}_FILE are both set. Remove one of them.`);
  try {
    const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return content === '' ? undefined : content;
  } catch (cause) {
    throw new StartRefused(`${name}_FILE names ${file}, which cannot be read (${messageOf(cause)}).`, { cause });
  }
}
