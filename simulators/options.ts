/** The commands of the command line, and the two that belong to no stand-in alone. */
import { CMS } from './cms/command-line.ts';
import { COMPARE } from './compare/command-line.ts';
import { LIVEVOX } from './livevox/command-line.ts';
import { MPOWER } from './mpower/command-line.ts';
import { NCC } from './ncc/command-line.ts';
import { type Command, EXIT_WITH_PARENT, HELP } from './shared/command-line.ts';

const BOTH: Command = {
  name: 'both',
  summary: 'run ncc and mpower, each as its own process',
  details: 'For other options start ncc and mpower by themselves.',
  options: [
    { name: 'ncc-port', value: 'P', kind: 'number', help: 'port of the NCC stand-in (9101)' },
    { name: 'mpower-port', value: 'P', kind: 'number', help: 'port of the Mpower stand-in (9102)' },
    { name: 'seed', value: 'S', kind: 'number', help: 'what the model grows from (1)' },
    { name: 'agents', value: 'N', kind: 'number', help: 'number of agents (40)' },
    { name: 'queues', value: 'Q', kind: 'number', help: 'number of queues (8)' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};

const MISBEHAVE: Command = {
  name: 'misbehave',
  summary: 'tell a running stand-in to refuse, delay, cut, garble or lose answers',
  details:
    'Faults: refuse (drop the connection), status, delay, hang, cut (in mid-body), dribble (a byte a second), garble,\n' +
    'html (a page with 200), lose-answer (do the work, drop the answer), poison (refuse bodies that name --value; Mpower).\n' +
    'A rule without --count and --seconds stays until --clear. Without a fault: lists the rules.',
  options: [
    { name: 'target', value: 'NAME', kind: 'text', help: 'ncc, mpower or livevox, on its usual port' },
    { name: 'url', value: 'URL', kind: 'text', help: 'or the address of the stand-in' },
    { name: 'fault', value: 'FAULT', kind: 'text', help: 'see above' },
    { name: 'path', value: 'TEXT', kind: 'text', help: 'only requests whose path contains this, as realTime' },
    { name: 'method', value: 'VERB', kind: 'text', help: 'only requests with this method' },
    { name: 'skip', value: 'N', kind: 'number', help: 'let the first N matching requests pass' },
    { name: 'count', value: 'N', kind: 'number', help: 'for N requests' },
    { name: 'seconds', value: 'S', kind: 'number', help: 'for S seconds' },
    { name: 'share', value: 'X', kind: 'number', help: 'for this share of the requests, 0 to 1' },
    { name: 'delay-ms', value: 'MS', kind: 'number', help: 'wait before answering; goes with any fault' },
    { name: 'status', value: 'CODE', kind: 'number', help: 'status of fault status (503), garble and html (200)' },
    { name: 'retry-after', value: 'S', kind: 'number', help: 'send Retry-After' },
    { name: 'retry-after-form', value: 'FORM', kind: 'text', help: 'seconds or date (seconds)' },
    { name: 'body', value: 'FORM', kind: 'text', help: 'body of fault status: json, html or empty (json)' },
    {
      name: 'garble',
      value: 'FORM',
      kind: 'text',
      help: 'html, truncated, null, object, empty, error, deep, huge, hostile-rows (truncated)',
    },
    { name: 'size-mb', value: 'N', kind: 'number', help: 'size of a huge body (64)' },
    { name: 'depth', value: 'N', kind: 'number', help: 'depth of a deep body (100000)' },
    { name: 'value', value: 'TEXT', kind: 'text', help: 'the login id or queue value that poison refuses' },
    { name: 'clear', kind: 'switch', help: 'remove every rule' },
    HELP,
  ],
};

export const COMMANDS: readonly Command[] = [NCC, MPOWER, LIVEVOX, CMS, BOTH, COMPARE, MISBEHAVE];

export function generalHelp(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length)) + 3;
  return [
    'Stand-ins for the vendors, for demonstrations, tests and benchmarks; they listen on 127.0.0.1 only.',
    '',
    'Usage: npm run simulate -- <command> [options]',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`),
    '',
    'npm run simulate -- <command> --help tells the options of a command.',
  ].join('\n');
}
