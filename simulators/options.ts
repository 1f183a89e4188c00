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

const HELP: Option = { name: 'help', kind: 'switch', help: 'this text' };
const EXIT_WITH_PARENT: Option = {
  name: 'exit-with-parent',
  kind: 'switch',
  help: 'end when standard input is closed, as it is when the parent dies',
};

const NCC: Command = {
  name: 'ncc',
  summary: 'run the Nextiva NCC stand-in (sign-in, roster, realTime, historical)',
  details:
    'Models a contact centre by the clock: the same seed gives the same agents, queues, states and figures.\n' +
    'Truth (one JSON object a line): /_truth/summary, /_truth/roster, /_truth/requests?since,\n' +
    '/_truth/states?from&to&what=served|model, /_truth/intervals?from&to&what=all|served.\n' +
    'Controls (POST JSON): /_control/faults, /_control/clock {"offsetMs":-300000}, /_control/tokens\n' +
    '{"revoke":true}, /_control/agents {"agentId":"…","state":"…","seconds":60} or {"agentId":"…","release":true}\n' +
    'or {"agentId":"…","leaveOutAnswers":2} or {"all":true,"leaveOutAnswers":3}, /_control/figures\n' +
    '{"queueId":"…","start":"2026-01-01T10:00:00Z","entered":5,"abandoned":1,"handleTimeS":900}.',
  options: [
    { name: 'port', value: 'P', kind: 'number', help: 'port on 127.0.0.1, 0 for a free one (9101)' },
    { name: 'seed', value: 'S', kind: 'number', help: 'what the model grows from (1)' },
    { name: 'agents', value: 'N', kind: 'number', help: 'number of agents (40)' },
    { name: 'queues', value: 'Q', kind: 'number', help: 'number of queues (8)' },
    { name: 'day-shape', value: 'SHAPE', kind: 'text', help: 'two-humps or flat (two-humps)' },
    { name: 'time-zone', value: 'ZONE', kind: 'text', help: "the centre's IANA time zone (UTC)" },
    { name: 'base-path', value: 'PATH', kind: 'text', help: 'path before realTime and historical, as /wfm (none)' },
    { name: 'username', value: 'U', kind: 'text', help: 'account (wfm@demo.example)' },
    { name: 'password', value: 'P', kind: 'text', help: 'its password (demo-password)' },
    { name: 'account', value: 'U:P', kind: 'list', help: 'a further account; may be repeated' },
    { name: 'token-life-s', value: 'S', kind: 'number', help: 'life of a token in seconds (3600)' },
    { name: 'token-scheme', value: 'FORM', kind: 'text', help: 'Authorization accepted: raw, bearer or both (raw)' },
    { name: 'no-token-exp', kind: 'no-switch', help: 'leave exp out of the token' },
    { name: 'location-form', value: 'FORM', kind: 'text', help: 'url, slash (trailing) or bare (host only) (url)' },
    { name: 'location', value: 'TEXT', kind: 'text', help: 'send this as location instead' },
    { name: 'envelope', value: 'FORM', kind: 'text', help: 'bare, objects, data or rows (bare)' },
    { name: 'id-field', value: 'NAME', kind: 'text', help: "the queue's field: queue-id, queueId or _id (queue-id)" },
    { name: 'start-time-unit', value: 'U', kind: 'text', help: 's or ms (s)' },
    { name: 'handle-time-unit', value: 'U', kind: 'text', help: 's or ms (s)' },
    { name: 'status-time', value: 'U', kind: 'text', help: 'agent-status-time: absent, s or ms (s)' },
    { name: 'logged-out', value: 'FORM', kind: 'text', help: 'agents who are out are present or absent (present)' },
    { name: 'without-username', value: 'N', kind: 'number', help: 'agents with an empty username (0)' },
    { name: 'unsendable-queues', value: 'N', kind: 'number', help: 'queues whose id no WFM key can carry (0)' },
    {
      name: 'change-share',
      value: 'X',
      kind: 'number',
      help: 'move this share of agents at each poll, for benchmarks',
    },
    { name: 'frozen', kind: 'switch', help: 'nothing changes after the start' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};

const MPOWER: Command = {
  name: 'mpower',
  summary: 'run the CXone Mpower WFM stand-in (sign-in, agent-states, historical, agent-activity)',
  details:
    'Accepts what the contract allows and nothing else; refuses with a reason.\n' +
    'Truth: /_truth/summary, /_truth/agent-states, /_truth/historical, /_truth/agent-activity (all ?from&to),\n' +
    '/_truth/bodies?kind, /_truth/requests?since (one JSON object a line). Controls (POST JSON): /_control/faults,\n' +
    '/_control/tokens {"revoke":true}.',
  options: [
    { name: 'port', value: 'P', kind: 'number', help: 'port on 127.0.0.1, 0 for a free one (9102)' },
    { name: 'seed', value: 'S', kind: 'number', help: 'for faults that strike by chance (1)' },
    { name: 'access-key-id', value: 'ID', kind: 'text', help: 'access key (DEMO-ACCESS-KEY-ID)' },
    { name: 'access-key-secret', value: 'TEXT', kind: 'text', help: 'its secret (demo-access-key-secret)' },
    { name: 'tenant-name', value: 'NAME', kind: 'text', help: 'refuse sign-ins for another tenant (any)' },
    { name: 'flat-body', kind: 'switch', help: 'sign-in takes {accessKeyId, accessKeySecret}' },
    { name: 'token-life-s', value: 'S', kind: 'number', help: 'life of an access token in seconds (3600)' },
    { name: 'refresh-life-s', value: 'S', kind: 'number', help: 'life of a refresh token in seconds (7200)' },
    { name: 'max-body-bytes', value: 'N', kind: 'number', help: 'larger bodies get 413 (5242880)' },
    {
      name: 'activity-boundary',
      value: 'EDGE',
      kind: 'text',
      help: 'an activity that ends on a boundary goes to the window that has it as its end or its start (start)',
    },
    { name: 'max-records', value: 'N', kind: 'number', help: 'bodies with more records get 413 (10000)' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};

const LIVEVOX: Command = {
  name: 'livevox',
  summary: 'run the LiveVox stand-in (sign-in, feed of agent events, agents, services)',
  details:
    'Models a contact centre by the clock: the same seed gives the same agents, services and events. Events come in any\n' +
    'order, some late, some twice, some of other lines; the feed keeps them for a day and waits when there is nothing.\n' +
    'Truth (one JSON object a line): /_truth/summary, /_truth/roster, /_truth/requests?since,\n' +
    '/_truth/events?from&to&what=served|kept.\n' +
    'Controls (POST JSON): /_control/faults, /_control/clock {"offsetMs":-300000}, /_control/sessions {"revoke":true}\n' +
    'or {"password":"…"}, /_control/cursors {"forget":true}, /_control/events {"agentId":710001,"eventType":"NOT_READY",\n' +
    '"reason":"Lunch"}.',
  options: [
    { name: 'port', value: 'P', kind: 'number', help: 'port on 127.0.0.1, 0 for a free one (9103)' },
    { name: 'seed', value: 'S', kind: 'number', help: 'what the model grows from (1)' },
    { name: 'agents', value: 'N', kind: 'number', help: 'number of agents (40)' },
    { name: 'services', value: 'N', kind: 'number', help: 'number of services (8)' },
    { name: 'day-shape', value: 'SHAPE', kind: 'text', help: 'two-humps or flat (two-humps)' },
    { name: 'time-zone', value: 'ZONE', kind: 'text', help: "the centre's IANA time zone (UTC)" },
    { name: 'client-name', value: 'C', kind: 'text', help: 'client (DEMO)' },
    { name: 'username', value: 'U', kind: 'text', help: 'account (wfm)' },
    { name: 'password', value: 'P', kind: 'text', help: 'its password (demo-password)' },
    { name: 'access-token', value: 'T', kind: 'text', help: 'access token (demo-access-token)' },
    { name: 'access-token-header', value: 'NAME', kind: 'text', help: 'LV-Access or Authorization (LV-Access)' },
    { name: 'password-days', value: 'N', kind: 'number', help: 'days until the password expires (not told)' },
    { name: 'session-idle-s', value: 'S', kind: 'number', help: 'a session unused for so long is dead (7200)' },
    { name: 'long-poll-ms', value: 'MS', kind: 'number', help: 'how long the feed waits for an event (10000)' },
    { name: 'events-per-answer', value: 'N', kind: 'number', help: 'most events in one answer (5000)' },
    { name: 'events-kept-hours', value: 'H', kind: 'number', help: 'how long events are kept (24)' },
    { name: 'too-old-status', value: 'CODE', kind: 'number', help: 'answer to a token that is too old (410)' },
    { name: 'timestamp-form', value: 'FORM', kind: 'text', help: 'ms, iso or mixed (ms)' },
    { name: 'reason-field', value: 'NAME', kind: 'text', help: 'field of the reason (reasonCode)' },
    { name: 'rows-per-page-max', value: 'N', kind: 'number', help: 'longest page of a list (1000)' },
    { name: 'no-login-ids-in-list', kind: 'no-switch', help: 'leave login ids out of the list of agents' },
    { name: 'services-by-call-center', kind: 'switch', help: 'list services by call centre alone' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};

const CMS: Command = {
  name: 'cms',
  summary: 'run the Avaya CMS stand-in (real-time feed to a relay, exports into a folder)',
  details:
    'Opens a connection to a relay and tells the states of its agents, as JSON or as text\n' +
    '"2026-03-02 08:05:07|2001|50|3", and writes hsplit and hagent of each interval as exports.\n' +
    'Truth (one JSON object a line): /_truth/summary, /_truth/states (lines sent), /_truth/exports (rows written).\n' +
    'Control (POST JSON): /_control/feed {"cut":true}.',
  options: [
    {
      name: 'port',
      value: 'P',
      kind: 'number',
      help: 'port of truth and controls on 127.0.0.1, 0 for a free one (9104)',
    },
    { name: 'feed', value: 'HOST:PORT', kind: 'text', help: 'the relay to connect to (none)' },
    { name: 'form', value: 'FORM', kind: 'text', help: 'lines as json or text (json)' },
    { name: 'folder', value: 'DIR', kind: 'text', help: 'where exports go (nowhere)' },
    { name: 'past-intervals', value: 'N', kind: 'number', help: 'export so many intervals before the start (8)' },
    { name: 'export-delay-s', value: 'S', kind: 'number', help: 'so long after its end an interval is exported (20)' },
    { name: 'interval-minutes', value: 'N', kind: 'number', help: '15 or 30 (15)' },
    { name: 'time-zone', value: 'ZONE', kind: 'text', help: "the switch's IANA time zone (UTC)" },
    { name: 'no-utc-column', kind: 'no-switch', help: 'leave starttime_utc out of the exports' },
    { name: 'seed', value: 'S', kind: 'number', help: 'what the model grows from (1)' },
    { name: 'agents', value: 'N', kind: 'number', help: 'number of agents (40)' },
    { name: 'splits', value: 'N', kind: 'number', help: 'number of splits (8)' },
    { name: 'pace', value: 'X', kind: 'number', help: 'so many times faster agents change (1)' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};

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

const COMPARE: Command = {
  name: 'compare',
  summary: 'hold what NCC served against what Mpower accepted',
  details:
    'Knows NCC as the source and no other: LiveVox and CMS tell their truths at /_truth/events, /_truth/states and\n' +
    '/_truth/exports, which nothing here compares.\n' +
    'Looks at states, 15-minute figures and activities; the activities that are due follow from the accepted states.\n' +
    'Exit 0: all there and alike. Exit 1: something is missing or\n' +
    'different (with --strict also: something is there that was not served). Exit 2: nothing to judge: nothing has been\n' +
    'served in the range, or a stand-in could not be asked.\n' +
    'In flight, and so not missing: states and figures served less than --in-flight-s ago; activities of a window that\n' +
    'ended less than --settle-s plus --in-flight-s ago.',
  options: [
    { name: 'ncc', value: 'URL', kind: 'text', help: 'the NCC stand-in (http://127.0.0.1:9101)' },
    { name: 'mpower', value: 'URL', kind: 'text', help: 'the Mpower stand-in (http://127.0.0.1:9102)' },
    { name: 'from', value: 'ISO', kind: 'text', help: 'compare from here (all that was served)' },
    { name: 'to', value: 'ISO', kind: 'text', help: 'compare up to here (now)' },
    { name: 'in-flight-s', value: 'S', kind: 'number', help: 'how long something may be under way (60)' },
    { name: 'settle-s', value: 'S', kind: 'number', help: 'how long a window settles before it is reported (120)' },
    { name: 'gap-s', value: 'S', kind: 'number', help: 'a longer pause between two polls counts as not looking (60)' },
    { name: 'show', value: 'N', kind: 'number', help: 'examples shown of each kind of trouble (5)' },
    { name: 'strict', kind: 'switch', help: 'fail on what was not served, too' },
    { name: 'json', kind: 'switch', help: 'print the whole result as JSON' },
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
