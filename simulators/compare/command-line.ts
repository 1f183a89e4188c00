/** The options of the comparison. */
import { type Command, HELP } from '../shared/command-line.ts';

export const COMPARE: Command = {
  name: 'compare',
  summary: 'hold what NCC served against what Mpower accepted',
  details:
    'Knows NCC as the source and no other: LiveVox and CMS tell their truths at /_truth/events, /_truth/states and\n' +
    '/_truth/exports, which nothing here compares.\n' +
    'Looks at states, 15-minute figures and activities; the activities that are due follow from the accepted states.\n' +
    'Exit 0: all there and alike. Exit 1: something is missing or\n' +
    'different (with --strict also: something is there that was not served). Exit 2: nothing to judge: nothing has been\n' +
    'served in the range, or a stand-in could not be asked.\n' +
    'In flight, and so not missing: states and figures served less than --in-flight-s ago; activities of a window that\n' +
    'ended less than --settle-s plus --in-flight-s ago.',
  options: [
    { name: 'ncc', value: 'URL', kind: 'text', help: 'the NCC stand-in (http://127.0.0.1:9101)' },
    { name: 'mpower', value: 'URL', kind: 'text', help: 'the Mpower stand-in (http://127.0.0.1:9102)' },
    { name: 'from', value: 'ISO', kind: 'text', help: 'compare from here (all that was served)' },
    { name: 'to', value: 'ISO', kind: 'text', help: 'compare up to here (now)' },
    { name: 'in-flight-s', value: 'S', kind: 'number', help: 'how long something may be under way (60)' },
    { name: 'settle-s', value: 'S', kind: 'number', help: 'how long a window settles before it is reported (120)' },
    { name: 'gap-s', value: 'S', kind: 'number', help: 'a longer pause between two polls counts as not looking (60)' },
    { name: 'show', value: 'N', kind: 'number', help: 'examples shown of each kind of trouble (5)' },
    { name: 'strict', kind: 'switch', help: 'fail on what was not served, too' },
    { name: 'json', kind: 'switch', help: 'print the whole result as JSON' },
    HELP,
  ],
};
