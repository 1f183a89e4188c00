/** The options of the Avaya CMS stand-in. */
import { type Command, EXIT_WITH_PARENT, HELP } from '../shared/command-line.ts';

export const CMS: Command = {
  name: 'cms',
  summary: 'run the Avaya CMS stand-in (real-time feed to a relay, exports into a folder)',
  details:
    'Opens a connection to a relay and tells the states of its agents, as JSON or as text\n' +
    '"2026-03-02 08:05:07|2001|50|3", and writes hsplit and hagent of each interval as exports.\n' +
    'Truth (one JSON object a line): /_truth/summary, /_truth/states (lines sent), /_truth/exports (rows written).\n' +
    'Control (POST JSON): /_control/feed {"cut":true}.',
  options: [
    {
      name: 'port',
      value: 'P',
      kind: 'number',
      help: 'port of truth and controls on 127.0.0.1, 0 for a free one (9104)',
    },
    { name: 'feed', value: 'HOST:PORT', kind: 'text', help: 'the relay to connect to (none)' },
    { name: 'form', value: 'FORM', kind: 'text', help: 'lines as json or text (json)' },
    { name: 'folder', value: 'DIR', kind: 'text', help: 'where exports go (nowhere)' },
    { name: 'past-intervals', value: 'N', kind: 'number', help: 'export so many intervals before the start (8)' },
    { name: 'export-delay-s', value: 'S', kind: 'number', help: 'so long after its end an interval is exported (20)' },
    { name: 'interval-minutes', value: 'N', kind: 'number', help: '15 or 30 (15)' },
    { name: 'time-zone', value: 'ZONE', kind: 'text', help: "the switch's IANA time zone (UTC)" },
    { name: 'no-utc-column', kind: 'no-switch', help: 'leave starttime_utc out of the exports' },
    { name: 'seed', value: 'S', kind: 'number', help: 'what the model grows from (1)' },
    { name: 'agents', value: 'N', kind: 'number', help: 'number of agents (40)' },
    { name: 'splits', value: 'N', kind: 'number', help: 'number of splits (8)' },
    { name: 'pace', value: 'X', kind: 'number', help: 'so many times faster agents change (1)' },
    EXIT_WITH_PARENT,
    HELP,
  ],
};
