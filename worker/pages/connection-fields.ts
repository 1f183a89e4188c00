/**
 * The connection form as data: which fields, in which order, under which label, with one sentence each. A field's name
 * is its place in the settings, so what a schema says about a place shows beside the field.
 */

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
    fields: [
      {
        name: 'wfm.baseUrl',
        label: 'Base URL',
        kind: 'url',
        list: 'areas',
        help: 'The address of your area; pick one from the list or type your own, without a path.',
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
        'How long after its end an interval is first read: figures settle.',
      ),
      {
        name: 'collection.reReadAfterMinutes',
        label: 'Read again after (minutes)',
        kind: 'numbers',
        help: 'When a closed interval is read again for late figures; numbers with commas.',
      },
      {
        name: 'collection.reportMinutes',
        label: 'Length of a report',
        kind: 'select',
        options: [
          { value: '15', label: '15 minutes' },
          { value: '30', label: '30 minutes' },
        ],
        help: 'The windows that the WFM is told about; 30 adds two intervals up.',
      },
      number(
        'collection.missingAnswersToSignOut',
        'Answers to miss',
        'An agent missing from so many good answers in a row has signed out.',
      ),
      number(
        'collection.shortPct',
        'Answered in time (%)',
        'Share of handled contacts that counts as within the service level, where a queue has no own share: NCC does not tell.',
      ),
      number(
        'collection.catchUpBodiesPerMinute',
        'Catch-up rate (bodies a minute)',
        'How fast a backlog of state changes is sent after an outage.',
      ),
      check(
        'collection.holdBackShortStates',
        'Hold states back until they last 3 seconds',
        'CXone asks for states of 3 seconds or more; shorter ones are then not sent.',
      ),
    ],
  },
  {
    title: 'Nextiva NCC',
    fields: [
      path('acd.advanced.signInPath', 'Sign-in path', 'At the origin of the base URL.'),
      path('acd.advanced.refreshPath', 'Token refresh path', 'At the location that the sign-in names.'),
      path('acd.advanced.realTimePath', 'Real-time path', "After the base URL's own path."),
      path('acd.advanced.historicalPath', 'Historical path', "After the base URL's own path."),
      path('acd.advanced.queuesPath', 'Queues path', 'The list of queues, for the roster.'),
      path('acd.advanced.usersPath', 'Users path', 'The list of agents, for the roster.'),
      path(
        'acd.advanced.startParameter',
        'Start parameter',
        'Name of the query parameter with the start of the window.',
      ),
      path('acd.advanced.endParameter', 'End parameter', 'Name of the query parameter with the end of the window.'),
      {
        name: 'acd.advanced.handleTimeUnit',
        label: 'Unit of handle time',
        kind: 'select',
        options: [
          { value: 'seconds', label: 'Seconds' },
          { value: 'milliseconds', label: 'Milliseconds' },
        ],
        help: 'A mean handle time of hours a contact says that this is wrong.',
      },
      number(
        'acd.advanced.windowsPerRequest',
        'Intervals per request',
        'How many intervals one request may ask for when past ones are loaded; 1 asks one by one.',
      ),
      check(
        'acd.advanced.handleTimeIncludesWrapUp',
        'Handle time includes wrap-up',
        'Whether after-call work is inside the handle time that NCC reports.',
      ),
    ],
  },
  {
    title: 'CXone Mpower WFM',
    fields: [
      path('wfm.advanced.signInPath', 'Sign-in path', 'Where the access key is exchanged for a token.'),
      path('wfm.advanced.refreshPath', 'Token refresh path', 'Where a token is renewed.'),
      path('wfm.advanced.agentStatesPath', 'Agent states path', 'Where agent states are sent.'),
      path('wfm.advanced.historicalPath', 'Historical path', 'Where queue figures are sent.'),
      path('wfm.advanced.agentActivityPath', 'Agent activity path', 'Where activities are sent.'),
      path('wfm.advanced.reportVersion', 'Report version', 'Written into every report.'),
      number('wfm.advanced.eventsPerBodyMax', 'Most events a body', 'Larger batches of agent states are split.'),
      number('wfm.advanced.bodyBytesMax', 'Largest body (bytes)', 'Larger bodies are split.'),
      check(
        'wfm.advanced.flatSignInBody',
        'Flat sign-in body',
        'Sends the access key at the top of the body, as older tenants want it.',
      ),
    ],
  },
  {
    title: 'Keeping (days)',
    fields: [
      number(
        'collection.retentionDays.stateChanges',
        'State changes',
        'After so many days they are deleted; what is not delivered never is.',
      ),
      number('collection.retentionDays.stateLog', 'Log of polls', 'The proof of when the bridge was looking.'),
      number('collection.retentionDays.queueIntervals', 'Queue figures', 'Figures, their revisions and the ledger.'),
      number('collection.retentionDays.reportBodies', 'Bodies sent', 'The exact bodies with their answers.'),
      number('collection.retentionDays.events', 'Diary', 'Events of the connection.'),
    ],
  },
];

export const ALL_FIELDS: readonly FieldSpec[] = [...MAIN_GROUPS, ...ADVANCED_GROUPS].flatMap(({ fields }) => fields);
