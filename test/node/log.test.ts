/** The appliance's log is one line an event, whatever others have said in it: nobody writes lines of their own into it. */
import { expect, it } from 'vitest';
import type { Log } from '../../appliance/log.ts';
import { formatEntry, logWorkerLine } from '../../appliance/log.ts';

/** Line ends of every kind, a forged event, and what steers a terminal in one byte, in two and as a window title. */
const HOSTILE =
  'a\r\n{"level":"error","message":"forged"}\n\u0085\u2028\u2029\u001b[2K\u009b2K\u001b]0;title\u0007\u0000\u007f';
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

it.each(['json', 'text'] as const)('is one line without control characters in the form %s', (format) => {
  const line = formatEntry(format, 'warn', HOSTILE, { agent: HOSTILE, list: [HOSTILE], [HOSTILE]: 1 });
  expect(line).not.toMatch(CONTROLS);
  expect(line).toContain(format === 'json' ? String.raw`a\r\n{\"level\"` : String.raw`a\r\n{"level"`);
});

it('loses nothing of what was said in JSON', () => {
  const entry = JSON.parse(formatEntry('json', 'warn', HOSTILE, { agent: HOSTILE }));
  expect(entry).toMatchObject({ level: 'warn', message: HOSTILE, agent: HOSTILE });
});

it('takes from a line of the Worker its own fields only, and a line that only begins like one as text', () => {
  const entries: Parameters<Log>[] = [];
  const log: Log = (...entry) => void entries.push(entry);
  logWorkerLine(log, 'warn', JSON.stringify({ level: 'warn', message: 'm', path: HOSTILE }));
  logWorkerLine(log, 'warn', `{"level":"error","message":"forged"}\n${HOSTILE}`);
  expect(entries).toEqual([
    ['warn', 'm', { path: HOSTILE, source: 'worker' }],
    ['warn', `{"level":"error","message":"forged"}\n${HOSTILE}`, { source: 'worker' }],
  ]);
});
