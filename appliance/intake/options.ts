// What relay, folder watcher and push client are told: addresses, where to push, settings of the source. Each is checked
// before anything is started.
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { type AvayaCmsSettings, avayaCmsSettingsSchema } from '../../src/acd/avaya-cms/settings.ts';
import { describeIssues, messageOf, StartRefused } from '../start-refused.ts';
import type { PushTarget } from './push-client.ts';

export interface HostPort {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
}

export const hostPortText = ({ host, port }: HostPort): string =>
  isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;

/** `host:port`, `[v6]:port`. @throws StartRefused naming the option */
export function readHostPort(option: string, text: string): HostPort {
  const [, v6, name, digits] = /^(?:\[([\da-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new StartRefused(`${option} takes an address and a port, such as 0.0.0.0:7001, not "${text}".`);
  }
  return { host: v6 ?? name ?? '', port };
}

/** The value of an option that has to be there. @throws StartRefused naming it */
export function required(option: string, value: string | undefined): string {
  if (value !== undefined && value !== '') return value;
  throw new StartRefused(`--${option} is missing. See --help.`);
}

/**
 * Where to push.
 * @param allowPrivateNetwork admits plain http to other machines, where the token can be read on its way
 * @throws StartRefused when the address is not a connection's, or the token cannot be read
 */
export function readTarget(to: string, tokenFile: string, allowPrivateNetwork: boolean): PushTarget {
  const url = URL.canParse(to) ? new URL(to) : undefined;
  const address = url === undefined ? '' : `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
  if (url === undefined || url.search !== '' || !/\/api\/v1\/connections\/\d+$/.test(address)) {
    throw new StartRefused("--to takes a connection's address: https://HOST/api/v1/connections/N");
  }
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && (isHere || allowPrivateNetwork))) {
    throw new StartRefused('--to has to begin with https://, or the token could be read on its way.');
  }
  const target = { address: () => address, token: () => readToken(tokenFile) };
  target.token();
  return target;
}

/** @throws StartRefused when the file cannot be read or is empty */
export function readToken(file: string): string {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new StartRefused(`The token file ${file} cannot be read (${messageOf(cause)}).`, { cause });
  }
  const token = text.split(/\r?\n/)[0]?.trim() ?? '';
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new StartRefused(`The token file ${file} does not hold a token in its first line.`);
}

/** The settings of the source out of a file; undefined: the defaults. @throws StartRefused saying what is wrong */
export function readSettingsFile(file: string | undefined): AvayaCmsSettings {
  if (file === undefined) return avayaCmsSettingsSchema.parse({ kind: 'avaya-cms' });
  return checkSettings(readJsonFile(file), file);
}

/** @param where names the settings in messages */
export function checkSettings(value: unknown, where: string): AvayaCmsSettings {
  const given = typeof value === 'object' && value !== null ? value : {};
  const parsed = avayaCmsSettingsSchema.safeParse({ kind: 'avaya-cms', ...given });
  if (parsed.success) return parsed.data;
  throw new StartRefused(`${where} is not usable: ${describeIssues(parsed.error)}.`);
}

/** @throws StartRefused when the file cannot be read or is not JSON */
export function readJsonFile(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new StartRefused(`${file} cannot be read as JSON (${messageOf(cause)}).`, { cause });
  }
}
