/** The options of the Nextiva NCC stand-in. */
import { type Command, EXIT_WITH_PARENT, HELP } from '../shared/command-line.ts';

export const NCC: Command = {
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
