// The command line of `npm start`.
import * as z from 'zod';
import { describeOptions, parseOptions } from './options.ts';
import { describeIssues, StartRefused } from './start-refused.ts';

const OPTIONS = {
  'no-demo': { type: 'boolean', help: 'the bridge alone: no stand-ins, no demo connection' },
  port: { type: 'string', placeholder: 'P', help: 'port of pages and API (default 8787)' },
  data: { type: 'string', placeholder: 'DIR', help: 'directory of everything that is kept (default ./data)' },
  agents: { type: 'string', placeholder: 'N', help: 'agents of the NCC stand-in (default 40)' },
  queues: { type: 'string', placeholder: 'Q', help: 'queues of the NCC stand-in (default 8)' },
  seed: { type: 'string', placeholder: 'S', help: 'seed of its day: the same seed gives the same day (default 1)' },
  'ncc-port': { type: 'string', placeholder: 'P', help: 'port of the NCC stand-in (default 9101)' },
  'mpower-port': { type: 'string', placeholder: 'P', help: 'port of the Mpower stand-in (default 9102)' },
  help: { type: 'boolean', help: 'show this and end' },
} as const;

export const START_HELP = `Starts the bridge on this machine, only for this machine (127.0.0.1).

npm start -- [options]

${describeOptions(OPTIONS)}

Without options it also starts stand-ins of Nextiva NCC and CXone Mpower and connects them. Ctrl-C ends everything; the
next start continues with the same data.
`;

const wholeNumber = z.string().regex(/^\d+$/, 'expected a whole number').transform(Number);
const portNumber = wholeNumber.pipe(z.number().min(1).max(65_535, 'expected a port from 1 to 65535'));
const settingsSchema = z.object({
  'no-demo': z.boolean().default(false),
  port: portNumber.prefault('8787'),
  data: z.string().min(1).default('data'),
  agents: wholeNumber.prefault('40'),
  queues: wholeNumber.prefault('8'),
  seed: wholeNumber.prefault('1'),
  'ncc-port': portNumber.prefault('9101'),
  'mpower-port': portNumber.prefault('9102'),
});
export type StartSettings = z.output<typeof settingsSchema>;

/**
 * Parses the arguments after the program's name; undefined when they ask for the help.
 * @throws StartRefused with every option that is wrong, at once
 */
export function parseStartOptions(args: readonly string[]): StartSettings | undefined {
  const options = parseOptions(OPTIONS, args);
  if (options.help === true) return undefined;
  const result = settingsSchema.safeParse(options);
  if (result.success) return result.data;
  throw new StartRefused(`The options are not usable (${describeIssues(result.error)}). See npm start -- --help.`);
}
