/** The options of the CXone Mpower WFM stand-in. */
import { type Command, EXIT_WITH_PARENT, HELP } from '../shared/command-line.ts';

export const MPOWER: Command = {
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
