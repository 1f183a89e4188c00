/** The part of the connection form for a connection that merges others. */
import type { FormPart } from '../../domain/form-field.ts';
import { mergedSourceSchema } from './settings.ts';

const { shape } = mergedSourceSchema;

export const mergedForm: FormPart = {
  lead: 'For several ACDs in one WFM tenant: takes what other connections hand over, and is the one that sends.',
  blank: { kind: 'merged', classOrder: shape.classOrder.parse(undefined), memberOrder: [] },
  groups: [
    {
      title: 'Who is in which state',
      lead: 'A person who is signed in at several ACDs has one state in the WFM: the strongest.',
      fields: [
        {
          name: 'acd.classOrder',
          label: 'Strongest states first',
          kind: 'text',
          help: 'contact, wrap-up, ready and not ready in the order that counts. Signed out counts only where nobody says anything else.',
        },
        {
          name: 'acd.memberOrder',
          label: 'Strongest members first (their numbers)',
          kind: 'numbers',
          help: 'Decides between two states of the same kind, such as 3, 2. Members that are not named follow.',
        },
      ],
    },
  ],
  advanced: [],
};
