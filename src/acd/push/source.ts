/** Any ACD that sends its records to the bridge (src/domain/record.ts) and cannot be asked. */
import * as z from 'zod';
import type { StateClass } from '../../domain/agent-state.ts';
import { checkField, type FormPart, textField } from '../../domain/form-field.ts';
import { NOT_ASKED, PUSHED } from '../pushed.ts';
import type { AcdSource, SourceSetUp } from '../source.ts';

export const pushSettingsSchema = z.strictObject({
  kind: z.literal('push'),
  /** What the ACD is called, for people. */
  acdName: z.string().trim().max(100).default(''),
  /** Whether figures of queues are expected for every interval: where they are, one that does not come is a gap. */
  sendsQueueIntervals: z.boolean().default(true),
});
export type PushSettings = z.output<typeof pushSettingsSchema>;

/** States whose names say what they are. Anything else counts as not ready until somebody reviews it. */
const CLASSES = new Map<string, StateClass>([
  ['ready', 'ready'],
  ['available', 'ready'],
  ['contact', 'contact'],
  ['busy', 'contact'],
  ['wrap-up', 'wrap-up'],
  ['wrapup', 'wrap-up'],
  ['not ready', 'not ready'],
  ['signed out', 'signed out'],
  ['logged out', 'signed out'],
]);

const pushForm: FormPart = {
  lead: 'The ACD, or a program beside it, sends records to the API with a token of scope push. Nothing is asked.',
  blank: { kind: 'push', acdName: '', sendsQueueIntervals: true },
  groups: [
    {
      title: 'Any ACD, by push',
      isWide: true,
      lead: 'Records are sent to /api/v1/connections/{id}/push/…, as the API page describes. Make a token of scope push on the Access page.',
      fields: [
        textField('acd.acdName', 'Name of the ACD', 'For people only.'),
        checkField(
          'acd.sendsQueueIntervals',
          'Figures of queues are sent for every interval',
          'An interval that does not come is then shown as a gap. Leave it unticked where only agent states are sent.',
        ),
      ],
    },
  ],
  advanced: [],
};

const pushSetUp: SourceSetUp = {
  accounts: {
    title: 'A token for whoever sends',
    how: 'On the Access page, make an API token of scope push, and give it to the program that sends the records.',
  },
  answers: {
    title: 'Records come',
    how: 'Records are taken at any time, late ones too; the API page describes each kind with its fields.',
  },
  roster: 'Agents and queues are noted as they are sent; records of the kinds agents and queues give them names.',
  loginId: 'the id under which the agent is sent',
};

export const pushSource: AcdSource<PushSettings> = {
  title: 'Any ACD, by push',
  form: pushForm,
  setUp: pushSetUp,
  settingsSchema: pushSettingsSchema,
  secrets: [],
  addresses: () => [],
  traits: ({ sendsQueueIntervals }) => ({
    ...PUSHED,
    queueIntervals: sendsQueueIntervals ? 'pushed' : 'none',
  }),
  defaultStateClass: (name) => CLASSES.get(name.toLowerCase()) ?? 'not ready',
  isDocumentedState: (name) => CLASSES.has(name.toLowerCase()),
  open: () => NOT_ASKED,
};
