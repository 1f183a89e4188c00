/**
 * The connection form as data: which fields, in which order, under which label, with one sentence each. A field's name
 * is its place in the settings, so what a schema says about a place shows beside the field.
 */
import type { TestGroup } from '../../src/jobs/test-connection.ts';

export interface FieldSpec {
  readonly name: string;
  readonly label: string;
  readonly kind: 'text' | 'url' | 'number' | 'numbers' | 'password' | 'check' | 'select';
  readonly help?: string;
  readonly options?: readonly { readonly value: string; readonly label: string }[];
  readonly list?: string;
  readonly isRequired?: boolean;
}

export interface FieldGroup {
  readonly title: string;
  readonly lead?: string;
  /** Takes the whole width where there is room, with its fields in two columns. */
  readonly isWide?: boolean;
  /** What tries this group out. */
  readonly test?: TestGroup;
  readonly fields: readonly FieldSpec[];
}

/** The groups that everybody fills in. The first two carry the labels and the order of CommunityWFM's page. */
export const MAIN_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Connection',
    isWide: true,
    fields: [
      {
        name: 'name',
        label: 'Name',
        kind: 'text',
        help: 'How this connection is called on every page.',
        isRequired: true,
      },
      {
        name: 'timeZone',
        label: 'Time zone',
        kind: 'text',
        list: 'time-zones',
        help: 'For display only, such as America/Chicago. Everything is stored in UTC.',
        isRequired: true,
      },
    ],
  },
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
  {
    title: 'CXone Mpower WFM',
    isWide: true,
    lead: 'Where agent states and figures are delivered.',
    test: 'wfm',
    fields: [
      {
        name: 'wfm.baseUrl',
        label: 'Base URL',
        kind: 'url',
        list: 'areas',
        help: 'The address of your area, without a path: pick na1, na2, au1, eu1, uk1, jp1 or ca1 from the list, or type your own.',
        isRequired: true,
      },
      {
        name: 'wfm.tenantName',
        label: 'Tenant name',
        kind: 'text',
        help: 'Sent at sign-in; leave empty if NICE gave you none.',
      },
      { name: 'wfm.accessKeyId', label: 'Access key id', kind: 'text', isRequired: true },
      { name: 'secrets.accessKeySecret', label: 'Access key secret', kind: 'password', isRequired: true },
      { name: 'wfm.acdType', label: 'ACD type', kind: 'text', help: 'As registered with NICE for this source.' },
      { name: 'wfm.acdId', label: 'ACD id', kind: 'text', help: 'Names this tenant of the ACD in every record sent.' },
    ],
  },
];

const path = (name: string, label: string, help: string): FieldSpec => ({ name, label, kind: 'text', help });
const number = (name: string, label: string, help: string): FieldSpec => ({ name, label, kind: 'number', help });
const check = (name: string, label: string, help: string): FieldSpec => ({ name, label, kind: 'check', help });

/** What has a sensible default: each an assumption that the vendors have not published, or a matter of taste. */
export const ADVANCED_GROUPS: readonly FieldGroup[] = [
  {
    title: 'Collecting',
    fields: [
      number(
        'collection.settleDelayS',
        'Settle delay (seconds)',
        'How long after its end an interval is first read. Shorter: figures reach CXone sooner, and more often change afterwards.',
      ),
      {
        name: 'collection.reReadAfterMinutes',
        label: 'Read again after (minutes)',
        kind: 'numbers',
        help: 'When a closed interval is read again, in minutes after its end, with commas between. Figures that differ by then are sent again; later ones are missed.',
      },
      {
        name: 'collection.reportMinutes',
        label: 'Length of a report',
        kind: 'select',
        options: [
          { value: '15', label: '15 minutes' },
          { value: '30', label: '30 minutes' },
        ],
        help: 'The windows that CXone is told about; 30 adds two intervals up, for tenants that plan by the half hour.',
      },
      number(
        'collection.missingAnswersToSignOut',
        'Answers to miss',
        'An agent missing from so many good answers in a row has signed out. 1 believes every flicker; more reports a sign-out later.',
      ),
      number(
        'collection.shortPct',
        'Answered in time (%)',
        'NCC does not tell who was answered within the service level: so many percent of the handled contacts count as such, unless a queue has its own share. CXone shows this as the service level, less what was abandoned; 0 shows 0 %.',
      ),
      number(
        'collection.catchUpBodiesPerMinute',
        'Catch-up rate (bodies a minute)',
        'How fast a backlog of state changes is sent after an outage, beside the live ones.',
      ),
      check(
        'collection.holdBackShortStates',
        'Hold states back until they last 3 seconds',
        'CXone asks for states of 3 seconds or more. Shorter ones are then never sent, and every state is sent later.',
      ),
    ],
  },
  {
    title: 'Nextiva NCC',
    fields: [
      path(
        'acd.advanced.signInPath',
        'Sign-in path',
        'At the origin of the base URL. A wrong one is answered with 404.',
      ),
      path(
        'acd.advanced.refreshPath',
        'Token refresh path',
        'At the location that the sign-in names. Where it fails, the bridge signs in again.',
      ),
      path('acd.advanced.realTimePath', 'Real-time path', "After the base URL's own path: the states of all agents."),
      path(
        'acd.advanced.historicalPath',
        'Historical path',
        "After the base URL's own path: the figures of all queues.",
      ),
      path('acd.advanced.queuesPath', 'Queues path', 'The list of queues, for the roster.'),
      path('acd.advanced.usersPath', 'Users path', 'The list of agents, for the roster and its login ids.'),
      path(
        'acd.advanced.startParameter',
        'Start parameter',
        'Name of the query parameter with the start of the window. With a wrong name NCC answers for another time.',
      ),
      path('acd.advanced.endParameter', 'End parameter', 'Name of the query parameter with the end of the window.'),
      path(
        'acd.advanced.rowsField',
        'Field with the rows',
        'Where an answer wraps its rows: the name of the field. Empty finds a bare list, or one under objects, data or rows.',
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
      number(
        'acd.advanced.windowsPerRequest',
        'Intervals per request',
        'How many intervals one request may ask for when past ones are loaded. 1 asks one by one: slower, and right where NCC gives no start times.',
      ),
      check(
        'acd.advanced.handleTimeIncludesWrapUp',
        'Handle time includes wrap-up',
        'Whether after-call work is inside the handle time of NCC. NCC does not tell it by queue, so it cannot be taken out: where this is ticked, CXone sees it as part of the talk time, and work time stays 0.',
      ),
    ],
  },
  {
    title: 'CXone Mpower WFM',
    fields: [
      path('wfm.advanced.signInPath', 'Sign-in path', 'Where the access key is exchanged for a token.'),
      path(
        'wfm.advanced.refreshPath',
        'Token refresh path',
        'Where a token is renewed. Where it fails, the access key is used again.',
      ),
      path(
        'wfm.advanced.agentStatesPath',
        'Agent states path',
        'Where agent states are sent. With a wrong path they wait here, and nothing is lost.',
      ),
      path('wfm.advanced.historicalPath', 'Historical path', 'Where queue figures and agent performance are sent.'),
      path('wfm.advanced.agentActivityPath', 'Agent activity path', 'Where activities are sent.'),
      path('wfm.advanced.reportVersion', 'Report version', 'Written into every report.'),
      number('wfm.advanced.eventsPerBodyMax', 'Most events a body', 'Larger batches of agent states are split.'),
      number('wfm.advanced.bodyBytesMax', 'Largest body (bytes)', 'Larger bodies are split.'),
      check(
        'wfm.advanced.flatSignInBody',
        'Flat sign-in body',
        'Sends the access key at the top of the body, without tenant name, as older tenants want it.',
      ),
      path(
        'wfm.advanced.acdDetailsPath',
        'ACD details path',
        'Asked by the test of this group only: CXone then shows the ACD types that it knows. Empty: not asked.',
      ),
      path(
        'wfm.advanced.heartbeatPath',
        'Heartbeat path',
        'A POST each minute while NCC answers, so that CXone can tell that its source lives. Empty: none.',
      ),
      path(
        'wfm.advanced.heartbeatBody',
        'Heartbeat body',
        'JSON; {acdType}, {acdId} and {time} stand for the settings and the instant.',
      ),
    ],
  },
  {
    title: 'Keeping (days)',
    lead: 'What is older is deleted; what is not delivered yet never is.',
    fields: [
      number('collection.retentionDays.stateChanges', 'State changes', "Agents' time lines reach back so far."),
      number('collection.retentionDays.stateLog', 'Log of polls', 'The proof of when the bridge was looking.'),
      number('collection.retentionDays.queueIntervals', 'Queue figures', 'Figures, their revisions and the coverage.'),
      number('collection.retentionDays.reportBodies', 'Bodies sent', 'The exact bodies with their answers.'),
      number('collection.retentionDays.events', 'Diary', 'Events of the connection.'),
    ],
  },
];

export const ALL_FIELDS: readonly FieldSpec[] = [...MAIN_GROUPS, ...ADVANCED_GROUPS].flatMap(({ fields }) => fields);
