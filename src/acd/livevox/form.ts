/** LiveVox's part of the connection form and of the set-up. */
import { checkField, type FormPart, numberField, textField } from '../../domain/form-field.ts';
import type { SourceSetUp } from '../source.ts';
import { liveVoxSettingsSchema } from './settings.ts';

const { shape } = liveVoxSettingsSchema;
const advanced = shape.advanced.parse({});

export const liveVoxForm: FormPart = {
  lead: "Its feed of agent events is read every few seconds, its roster once a day. Figures come by push or from files: the fields of LiveVox's reports are not published.",
  blank: {
    kind: 'livevox',
    baseUrl: shape.baseUrl.parse(undefined),
    clientName: '',
    username: '',
    collectionIntervalS: 5,
    sendsQueueIntervals: shape.sendsQueueIntervals.parse(undefined),
    advanced,
  },
  groups: [
    {
      title: 'LiveVox',
      isWide: true,
      lead: 'What every agent does, and the roster.',
      test: 'real-time',
      fields: [
        {
          name: 'acd.baseUrl',
          label: 'Base URL',
          kind: 'url',
          help: 'Of your environment: api.livevox.com is NA3; the others are api.na4.livevox.com, na5 and na6.',
          isRequired: true,
        },
        { name: 'acd.clientName', label: 'Client name', kind: 'text', help: 'The client code.', isRequired: true },
        { name: 'acd.username', label: 'User name', kind: 'text', isRequired: true },
        { name: 'secrets.liveVoxPassword', label: 'Password', kind: 'password', isRequired: true },
        {
          name: 'secrets.liveVoxAccessToken',
          label: 'Access token of the API subscription',
          kind: 'password',
          isRequired: true,
        },
        numberField(
          'acd.collectionIntervalS',
          'Collection interval (seconds)',
          'How often the feed of agent events is read: 3 to 3600.',
        ),
        checkField(
          'acd.sendsQueueIntervals',
          'Figures of queues are sent for every interval',
          'By push or from files. An interval that does not come is then shown as a gap.',
        ),
      ],
    },
  ],
  advanced: [
    textField('acd.advanced.signInPath', 'Sign-in path', 'Where a session is opened.'),
    textField('acd.advanced.eventFeedPath', 'Event feed path', 'What agents did since a cursor.'),
    textField('acd.advanced.agentsPath', 'Agents path', 'The list of agents, for the roster and its login ids.'),
    textField('acd.advanced.servicesPath', 'Services path', 'The list of services: the queues.'),
    textField(
      'acd.advanced.callCentersPath',
      'Call centres path',
      'Asked only where services are listed by call centre.',
    ),
    {
      name: 'acd.advanced.accessTokenHeader',
      label: 'Header of the access token',
      kind: 'select',
      options: [
        { value: 'LV-Access', label: 'LV-Access' },
        { value: 'Authorization', label: 'Authorization: Bearer' },
      ],
      help: 'How the access token is sent at sign-in; older subscriptions use the second.',
    },
    checkField('acd.advanced.accessTokenOnEveryCall', 'Send the access token with every call', 'Not only at sign-in.'),
    textField('acd.advanced.stateLine', 'Line of the state', 'Events of other lines are not the state of the agent.'),
    textField('acd.advanced.reasonField', 'Field of the reason', 'Where an event has the reason of Not Ready.'),
    {
      name: 'acd.advanced.cursorTooOldStatuses',
      label: 'Statuses of a lost cursor',
      kind: 'numbers',
      help: 'Answers that mean that LiveVox no longer knows where to go on. The bridge then begins anew and marks the gap.',
    },
    textField('acd.advanced.countParameter', 'Count parameter', 'Rows a page of the lists.'),
    textField('acd.advanced.offsetParameter', 'Offset parameter', 'First row of a page of the lists.'),
    numberField('acd.advanced.rowsPerPage', 'Rows per page', 'How many rows of a list are asked for at once.'),
    textField('acd.advanced.agentsField', 'Field with the agents', 'Empty finds it by itself.'),
    textField('acd.advanced.servicesField', 'Field with the services', 'Empty finds it by itself.'),
    textField('acd.advanced.callCentersField', 'Field with the call centres', 'Empty finds it by itself.'),
    checkField(
      'acd.advanced.servicesByCallCenter',
      'Ask for services by call centre',
      'For an environment that does not list them all at once.',
    ),
    checkField(
      'acd.advanced.readAgentDetails',
      'Ask for each agent by itself',
      'Where the list leaves out the login id.',
    ),
  ],
};

const CREDENTIALS = 'the user name, the password or the access token';

export const liveVoxSetUp: SourceSetUp = {
  credentials: { 'agent-states': CREDENTIALS, intervals: CREDENTIALS, roster: CREDENTIALS },
  accounts: {
    title: 'An account and an access token',
    how:
      'Have a LiveVox user at hand whose user name and password the bridge may use, your client code, and the access token of your ' +
      'API subscription. The bridge warns from 14 days before the password expires.',
  },
  answers: {
    title: 'LiveVox answers',
    how: 'The feed of agent events is read every few seconds. Figures of queues come by push or from files.',
  },
  roster: 'Agents and services are taken from LiveVox.',
  loginId: 'the login id in LiveVox',
};
