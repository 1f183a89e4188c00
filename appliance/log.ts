// One line per event on standard output: JSON for machines, plain text for a terminal. What the Worker logs passes through.
// Whatever was said by others, it ends no line and steers no terminal.

type LogLevel = 'debug' | 'info' | 'warn' | 'error';
export type LogFormat = 'json' | 'text';
export type Log = (level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Writes to standard output in the given form. */
export function createLog(format: LogFormat): Log {
  return (level, message, fields) => void process.stdout.write(`${formatEntry(format, level, message, fields)}\n`);
}

/** One entry as a line, its line break left out. */
export function formatEntry(format: LogFormat, ...[level, message, fields = {}]: Parameters<Log>): string {
  const time = new Date().toISOString();
  return format === 'json'
    ? withoutControls(JSON.stringify({ time, level, message, ...fields }))
    : withoutControls(`${time} ${level.padEnd(5)} ${message}${plainFields(fields)}`);
}

/** Control characters and line separators as JSON writes them; in JSON itself those are left that it does not escape. */
function withoutControls(line: string): string {
  return line.replace(/[\p{Cc}\u2028\u2029]/gu, (character) => {
    const known = SHORT_ESCAPES[character];
    return known ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const SHORT_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

function plainFields(fields: Readonly<Record<string, unknown>>): string {
  return Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('');
}

/**
 * Passes on a line that the Worker wrote with `console`. A line that is a JSON object keeps its fields; its own `time`,
 * `level` and `message`, where they are strings, win.
 */
export function logWorkerLine(log: Log, consoleLevel: string, line: string): void {
  const level = levelOf(consoleLevel);
  const fields = parseObject(line);
  if (fields === undefined) {
    log(level, line, { source: 'worker' });
    return;
  }
  const { level: ownLevel, message, ...rest } = fields;
  log(typeof ownLevel === 'string' ? levelOf(ownLevel) : level, typeof message === 'string' ? message : '', {
    ...rest,
    source: 'worker',
  });
}

function levelOf(text: string): LogLevel {
  return text === 'debug' || text === 'warn' || text === 'error' ? text : 'info';
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined; // not JSON after all: it is passed on as the text that it is
  }
}
