/** The options of the LiveVox stand-in. */
import { type Command, EXIT_WITH_PARENT, HELP } from '../shared/command-line.ts';

export const LIVEVOX: Command = {
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
