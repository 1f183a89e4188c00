/** A member's part of the connection form. */
import type { FormPart } from '../../domain/form-field.ts';

export const memberForm: FormPart = {
  lead: 'For one of several ACDs in one WFM tenant: hands over to the connection that merges them.',
  blank: { kind: 'merged', into: '' },
  groups: [
    {
      title: 'Merged connection',
      fields: [
        {
          name: 'wfm.into',
          label: 'Merged connection',
          kind: 'connection',
          connectionsOf: 'merged',
          help: 'The connection that sends for this one. Its source is "Several connections, merged".',
          isRequired: true,
        },
      ],
    },
  ],
  advanced: [],
};
