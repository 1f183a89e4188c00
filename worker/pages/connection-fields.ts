/**
 * The connection form as data: what belongs to every connection, and the parts of its source and its destination. A
 * field's name is its place in the settings, so what a schema says about a place shows beside the field.
 */
import { type AcdKind, acdForm, acdTitle } from '../../src/acd/registry.ts';
import { checkField, type FieldGroup, type FieldSpec, numberField } from '../../src/domain/form-field.ts';
import { type WfmKind, wfmForm, wfmTitle } from '../../src/wfm/registry.ts';

/** Which source and which destination a form is for. */
export interface FormKinds {
  readonly acd: AcdKind;
  readonly wfm: WfmKind;
}

export const DEFAULT_KINDS: FormKinds = { acd: 'nextiva-ncc', wfm: 'cxone-mpower' };

export interface ConnectionForm {
  /** The groups that everybody fills in. */
  readonly main: readonly FieldGroup[];
  /** What has a sensible default. */
  readonly advanced: readonly FieldGroup[];
  readonly all: readonly FieldSpec[];
}

/** The form of a connection between two kinds. */
export function formOf({ acd, wfm }: FormKinds): ConnectionForm {
  const [source, destination] = [acdForm(acd), wfmForm(wfm)];
  const main = [GENERAL, ...source.groups, ...destination.groups];
  const advanced = [
    COLLECTING,
    { title: acdTitle(acd), fields: source.advanced },
    { title: wfmTitle(wfm), fields: destination.advanced },
    KEEPING,
  ].filter(({ fields }) => fields.length > 0);
  return { main, advanced, all: [...main, ...advanced].flatMap(({ fields }) => fields) };
}

const GENERAL: FieldGroup = {
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
};

const COLLECTING: FieldGroup = {
  title: 'Collecting',
  fields: [
    numberField(
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
    numberField(
      'collection.missingAnswersToSignOut',
      'Answers to miss',
      'An agent missing from so many good answers in a row has signed out. 1 believes every flicker; more reports a sign-out later.',
    ),
    numberField(
      'collection.shortPct',
      'Answered in time (%)',
      'Where the ACD does not tell who was answered within the service level, so many percent of the handled contacts count as such, unless a queue has its own share. CXone shows this as the service level, less what was abandoned; 0 shows 0 %.',
    ),
    numberField(
      'collection.catchUpBodiesPerMinute',
      'Catch-up rate (bodies a minute)',
      'How fast a backlog of state changes is sent after an outage, beside the live ones.',
    ),
    checkField(
      'collection.holdBackShortStates',
      'Hold states back until they last 3 seconds',
      'CXone asks for states of 3 seconds or more. Shorter ones are then never sent, and every state is sent later.',
    ),
  ],
};

const KEEPING: FieldGroup = {
  title: 'Keeping (days)',
  lead: 'What is older is deleted; what is not delivered yet never is.',
  fields: [
    numberField('collection.retentionDays.stateChanges', 'State changes', "Agents' time lines reach back so far."),
    numberField('collection.retentionDays.stateLog', 'Log of polls', 'The proof of when the bridge was looking.'),
    numberField(
      'collection.retentionDays.queueIntervals',
      'Queue figures',
      'Figures, their revisions and the coverage.',
    ),
    numberField('collection.retentionDays.reportBodies', 'Bodies sent', 'The exact bodies with their answers.'),
    numberField('collection.retentionDays.events', 'Diary', 'Events of the connection.'),
  ],
};
