/** NCC's part of the connection form: the labels and the order of CommunityWFM's page. */
import { checkField, type FormPart, numberField, textField } from '../../domain/form-field.ts';
import type { SourceSetUp } from '../source.ts';
import { nccSettingsSchema } from './settings.ts';

export const nccForm: FormPart = {
  lead: 'Asked every few seconds for agent states, every 15 minutes for figures, and once a day for its roster.',
  blank: {
    kind: 'nextiva-ncc',
    realTime: { baseUrl: '', username: '', collectionIntervalS: 5 },
    historical: { baseUrl: '', username: '' },
    advanced: nccSettingsSchema.shape.advanced.parse({}),
  },
  groups: [
    {
      title: 'Real-time adherence integration',
      lead: 'Nextiva NCC: what every agent is doing now.',
      test: 'real-time',
      fields: [
        { name: 'acd.realTime.baseUrl', label: 'Base URL', kind: 'url', isRequired: true },
        { name: 'acd.realTime.username', label: 'Username', kind: 'text', isRequired: true },
        { name: 'secrets.realTimePassword', label: 'Password', kind: 'password', isRequired: true },
        {
          name: 'acd.realTime.collectionIntervalS',
          label: 'Transaction Collection Interval (seconds)',
          kind: 'number',
          help: 'How often all agent states are read: 3 to 3600.',
        },
      ],
    },
    {
      title: 'Historical contact volume data collection',
      lead: 'Nextiva NCC: contacts and handle time of every queue, and the roster.',
      test: 'historical',
      fields: [
        { name: 'acd.historical.baseUrl', label: 'Base URL', kind: 'url', isRequired: true },
        { name: 'acd.historical.username', label: 'UserName', kind: 'text', isRequired: true },
        { name: 'secrets.historicalPassword', label: 'Password', kind: 'password', isRequired: true },
      ],
    },
  ],
  advanced: [
    textField(
      'acd.advanced.signInPath',
      'Sign-in path',
      'At the origin of the base URL. A wrong one is answered with 404.',
    ),
    textField(
      'acd.advanced.refreshPath',
      'Token refresh path',
      'At the location that the sign-in names. Where it fails, the bridge signs in again.',
    ),
    textField(
      'acd.advanced.realTimePath',
      'Real-time path',
      "After the base URL's own path: the states of all agents.",
    ),
    textField(
      'acd.advanced.historicalPath',
      'Historical path',
      "After the base URL's own path: the figures of all queues.",
    ),
    textField('acd.advanced.queuesPath', 'Queues path', 'The list of queues, for the roster.'),
    textField('acd.advanced.usersPath', 'Users path', 'The list of agents, for the roster and its login ids.'),
    textField(
      'acd.advanced.startParameter',
      'Start parameter',
      'Name of the query parameter with the start of the window. With a wrong name NCC answers for another time.',
    ),
    textField('acd.advanced.endParameter', 'End parameter', 'Name of the query parameter with the end of the window.'),
    {
      name: 'acd.advanced.historicalMethod',
      label: 'Verb of the historical call',
      kind: 'select',
      options: [
        { value: 'GET', label: 'GET' },
        { value: 'POST', label: 'POST' },
      ],
      help: 'A wrong one is answered with 404 or 405. With POST, start and end go in the query and, as JSON, in the body.',
    },
    textField(
      'acd.advanced.rowsField',
      'Field with the rows',
      'Where an answer wraps its rows: the name of the field. Empty finds a bare list, or one under objects, data or rows.',
    ),
    textField(
      'acd.advanced.statusTimeField',
      'Field with the time of a status',
      'In an answer of the real-time call. Tried before agent-status-time. Without one, a change is dated by the answer that shows it.',
    ),
    textField(
      'acd.advanced.queueIdField',
      'Field with the queue id',
      'In an answer of the historical call. Tried before queue-id, queueId and _id.',
    ),
    textField(
      'acd.advanced.queueNameField',
      'Field with the queue name',
      'In an answer of the historical call. Tried before queue-name. It may be absent: the roster knows the names.',
    ),
    numberField(
      'acd.advanced.tokenLifeMinutes',
      'Life of a token (minutes)',
      'Of a token that does not say itself when it ends: 1 to 1440. Too long a life costs a refused call each time, and loses nothing.',
    ),
    {
      name: 'acd.advanced.handleTimeUnit',
      label: 'Unit of handle time',
      kind: 'select',
      options: [
        { value: 'seconds', label: 'Seconds' },
        { value: 'milliseconds', label: 'Milliseconds' },
      ],
      help: 'A wrong unit makes handle times a thousand times too long or too short; the bridge warns when a contact seems to take hours.',
    },
    numberField(
      'acd.advanced.windowsPerRequest',
      'Intervals per request',
      'How many intervals one request may ask for when past ones are loaded. 1 asks one by one: slower, and right where NCC gives no start times.',
    ),
    checkField(
      'acd.advanced.handleTimeIncludesWrapUp',
      'Handle time includes wrap-up',
      'Whether after-call work is inside the handle time of NCC. NCC does not tell it by queue, so it cannot be taken out: where this is ticked, CXone sees it as part of the talk time, and work time stays 0.',
    ),
  ],
};

export const nccSetUp: SourceSetUp = {
  accounts: {
    title: 'Accounts for the WFM calls',
    how:
      'Have two NCC users at hand whose user name and password the bridge may use: one for the real-time group, one for the ' +
      'historical group. They may be the same.',
  },
  answers: {
    title: 'NCC answers',
    how: 'Agent states are read every few seconds; queue figures when an interval has ended and settled.',
  },
  credentials: {
    'agent-states': 'the user name or password of the real-time group',
    intervals: 'the user name or password of the historical group',
    roster: 'the user name or password of the historical group',
  },
  roster: 'Agents and queues are taken from NCC.',
  loginId: 'the user name in NCC',
};
