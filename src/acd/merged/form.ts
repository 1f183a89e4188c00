/** The part of the connection form for a connection that merges others. */
import type { FormPart } from '../../domain/form-field.ts';
import type { SourceSetUp } from '../source.ts';
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

export const mergedSetUp: SourceSetUp = {
  accounts: {
    title: 'A connection for each ACD',
    how: 'Set each ACD up as a connection of its own, with this one as its destination: "Another connection, which merges several".',
  },
  answers: {
    title: 'Members hand over',
    how: 'What a member knows comes by itself: states at once, figures when each interval has settled, corrections later.',
  },
  roster: 'People and queues come with what members hand over; names, login ids and states are set at the members.',
  loginId: 'the one that the person has at the members',
};
