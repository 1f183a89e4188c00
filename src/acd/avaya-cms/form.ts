/** Avaya CMS's part of the connection form. The relay and the folder watcher need the same settings, in a file of theirs. */
import { checkField, type FieldSpec, type FormPart, textField } from '../../domain/form-field.ts';
import type { SourceSetUp } from '../source.ts';
import { avayaCmsSettingsSchema } from './settings.ts';

type Options = NonNullable<FieldSpec['options']>;
const selectField = (name: string, label: string, help: string, options: Options): FieldSpec => ({
  name,
  label,
  kind: 'select',
  help,
  options,
});

export const avayaCmsForm: FormPart = {
  lead: 'Its real-time feed comes by a relay beside CMS, its figures as exports of hsplit and hagent. Nothing is asked.',
  blank: avayaCmsSettingsSchema.parse({ kind: 'avaya-cms' }),
  groups: [
    {
      title: 'Avaya CMS',
      isWide: true,
      lead: 'Run "bridge relay" where CMS can reach it and "bridge watch-folder" where its exports are written, each with a token of scope push; or bring exports to the Imports page.',
      fields: [
        {
          name: 'acd.timeZone',
          label: 'Time zone of the switch',
          kind: 'text',
          list: 'time-zones',
          help: 'Such as America/Chicago, or a fixed offset such as -06:00. Exports with starttime_utc do not need it.',
          isRequired: true,
        },
        selectField('acd.intervalMinutes', 'Intervals of the switch', 'With 30 minutes, reports need 30 as well.', [
          { value: '15', label: '15 minutes' },
          { value: '30', label: '30 minutes' },
        ]),
        textField('acd.acdNumber', 'Number of the ACD', 'Needed where a CMS serves several: only its rows are taken.'),
        checkField(
          'acd.sendsQueueIntervals',
          'Exports of queues come for every interval',
          'An interval that does not come is then shown as a gap. Leave it unticked where only the feed is relayed.',
        ),
      ],
    },
  ],
  advanced: [
    selectField('acd.dateOrder', 'Order of row_date', 'The year first is always understood.', [
      { value: 'ymd', label: 'Year, month, day' },
      { value: 'mdy', label: 'Month, day, year' },
      { value: 'dmy', label: 'Day, month, year' },
    ]),
    selectField('acd.delimiter', 'Between the cells of an export', 'Automatic takes what the head uses.', [
      { value: 'auto', label: 'Automatic' },
      { value: 'comma', label: 'Comma' },
      { value: 'semicolon', label: 'Semicolon' },
      { value: 'tab', label: 'Tab' },
      { value: 'bar', label: 'Vertical bar' },
    ]),
    selectField(
      'acd.repeatedHour',
      'Hour that comes twice',
      'Where the clock is put back, and exports have no starttime_utc, a clock time means two instants.',
      [
        { value: 'refuse', label: 'Refuse its rows' },
        { value: 'first', label: 'They are of the first passage' },
        { value: 'second', label: 'They are of the second passage' },
      ],
    ),
    selectField('acd.feed.form', 'Lines of the feed', 'Written down here; the relay reads them from its own file.', [
      { value: 'json', label: 'JSON with event codes' },
      { value: 'pattern', label: 'Text, read by a pattern' },
    ]),
    textField(
      'acd.feed.pattern',
      'Pattern of a line',
      'A regular expression with the groups login and state, and reason and time where lines have them.',
    ),
  ],
};

export const avayaCmsSetUp: SourceSetUp = {
  accounts: {
    title: 'Relay and exports',
    how:
      'Make an API token of scope push on the Access page. Run the relay where CMS can reach it and the folder watcher where ' +
      'its exports are written, both with that token, and have CMS open its feed to the relay.',
  },
  answers: {
    title: 'The feed and the exports arrive',
    how: 'The relay pushes state changes as they come; figures come with each export of hsplit and hagent.',
  },
  roster:
    'Agents and splits are noted as their logins and numbers are first seen. Names come by push, or are entered on the Roster page.',
  loginId: 'the login id in CMS',
};
