// Environment and command line → the host's settings, parsed whole and once. Options win over variables.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod';
import { parseCron } from './cron.ts';
import type { LogFormat } from './log.ts';
import type { OptionValues } from './options.ts';
import type { ProxySettings } from './outbound.ts';
import { describeIssues, messageOf, StartRefused } from './start-refused.ts';
import type { TlsFiles } from './tls.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const HOST_OPTIONS = {
  port: { type: 'string', placeholder: 'P', help: 'port of pages and API, 0 for a free one (PORT; default 8787)' },
  host: { type: 'string', placeholder: 'ADDRESS', help: 'address to listen on (HOST; default 127.0.0.1)' },
  data: { type: 'string', placeholder: 'DIR', help: 'directory of everything that is kept (DATA_DIR; default ./data)' },
  dist: {
    type: 'string',
    placeholder: 'DIR',
    help: 'directory of the built Worker (default: the one of this version)',
  },
  'log-format': {
    type: 'string',
    placeholder: 'FORM',
    help: 'json or text (LOG_FORMAT; default json, text on a terminal)',
  },
  'exit-with-parent': { type: 'boolean', help: 'end when standard input closes' },
  help: { type: 'boolean', help: 'show this and end' },
} as const;

/** Automatic backups, into `directory`. */
export interface BackupSettings {
  /** Cron expression (UTC); undefined: none are made. */
  readonly schedule: string | undefined;
  /** So many of them are kept. */
  readonly keepCount: number;
  readonly directory: string;
}

export interface HostSettings {
  readonly host: string;
  /** 0: the system chooses. */
  readonly port: number;
  readonly tls: TlsFiles | undefined;
  /** Addresses and networks, separated by commas; '' for none. */
  readonly trustedProxies: string;
  readonly outboundProxy: ProxySettings | undefined;
  /** Names that may lead to addresses inside, separated by commas; '' for none. */
  readonly privateHosts: string;
  readonly backups: BackupSettings;
  /** What is taken in beside the bridge: relays and watched folders. Undefined: nothing. */
  readonly intakeFile: string | undefined;
  readonly dataDirectory: string;
  readonly distDirectory: string;
  readonly logFormat: LogFormat;
  readonly exitsWithParent: boolean;
}

const settingsSchema = z.object({
  host: z.string().regex(/^[\w.:-]+$/, 'expected a host name or an address'),
  port: z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().max(65_535, 'expected a port from 0 to 65535')),
  data: z.string(),
  dist: z.string(),
  'log-format': z.enum(['json', 'text'], 'expected json or text'),
  TLS_CERT_FILE: z.string().optional(),
  TLS_KEY_FILE: z.string().optional(),
  TRUSTED_PROXIES: z.string(),
  HTTPS_PROXY: z.string().optional(),
  NO_PROXY: z.string(),
  PRIVATE_HOSTS: z.string(),
  BACKUP_SCHEDULE: z.string().refine(isSchedule, 'expected "off", or a cron expression of five numeric fields (UTC)'),
  BACKUP_KEEP: z
    .string()
    .regex(/^\d+$/, 'expected a whole number')
    .transform(Number)
    .pipe(z.number().min(1).max(1_000, 'expected 1 to 1000')),
  BACKUP_DIR: z.string().optional(),
  INTAKE_FILE: z.string().optional(),
});

function isSchedule(text: string): boolean {
  if (text === 'off') return true;
  try {
    parseCron(text);
    return true;
  } catch {
    return false; // the setting's own message says what is expected
  }
}

/** At a quiet hour, and not on the hour, when everybody else's begin. */
const DEFAULT_BACKUP_SCHEDULE = '40 2 * * *';

/** @throws StartRefused with every setting that is wrong, at once */
export function readHostSettings(options: OptionValues<typeof HOST_OPTIONS>, environment: Environment): HostSettings {
  const result = settingsSchema.safeParse({
    host: options.host ?? readVariable(environment, 'HOST') ?? '127.0.0.1',
    port: options.port ?? readVariable(environment, 'PORT') ?? '8787',
    data: options.data ?? readVariable(environment, 'DATA_DIR') ?? 'data',
    dist: options.dist ?? path.join(import.meta.dirname, '../dist'),
    'log-format':
      options['log-format'] ?? readVariable(environment, 'LOG_FORMAT') ?? (process.stdout.isTTY ? 'text' : 'json'),
    TLS_CERT_FILE: readVariable(environment, 'TLS_CERT_FILE'),
    TLS_KEY_FILE: readVariable(environment, 'TLS_KEY_FILE'),
    TRUSTED_PROXIES: readVariable(environment, 'TRUSTED_PROXIES') ?? '',
    // Its address may hold a password.
    HTTPS_PROXY: readVariableOrFile(environment, 'HTTPS_PROXY'),
    NO_PROXY: readVariable(environment, 'NO_PROXY') ?? '',
    PRIVATE_HOSTS: readVariable(environment, 'PRIVATE_HOSTS') ?? '',
    BACKUP_SCHEDULE: readVariable(environment, 'BACKUP_SCHEDULE') ?? DEFAULT_BACKUP_SCHEDULE,
    BACKUP_KEEP: readVariable(environment, 'BACKUP_KEEP') ?? '7',
    BACKUP_DIR: readVariable(environment, 'BACKUP_DIR'),
    INTAKE_FILE: readVariable(environment, 'INTAKE_FILE'),
  });
  if (!result.success) throw new StartRefused(`The settings are not usable: ${describeIssues(result.error)}.`);
  const settings = result.data;
  const dataDirectory = path.resolve(settings.data);
  return {
    host: settings.host,
    port: settings.port,
    tls: tlsFiles(settings.TLS_CERT_FILE, settings.TLS_KEY_FILE),
    trustedProxies: settings.TRUSTED_PROXIES,
    outboundProxy:
      settings.HTTPS_PROXY === undefined ? undefined : { proxyUrl: settings.HTTPS_PROXY, noProxy: settings.NO_PROXY },
    privateHosts: settings.PRIVATE_HOSTS,
    backups: {
      schedule: settings.BACKUP_SCHEDULE === 'off' ? undefined : settings.BACKUP_SCHEDULE,
      keepCount: settings.BACKUP_KEEP,
      directory: path.resolve(settings.BACKUP_DIR ?? path.join(dataDirectory, 'backups')),
    },
    intakeFile: settings.INTAKE_FILE === undefined ? undefined : path.resolve(settings.INTAKE_FILE),
    dataDirectory,
    distDirectory: path.resolve(settings.dist),
    logFormat: settings['log-format'],
    exitsWithParent: options['exit-with-parent'] === true,
  };
}

function tlsFiles(certificateFile: string | undefined, keyFile: string | undefined): TlsFiles | undefined {
  if (certificateFile === undefined && keyFile === undefined) return undefined;
  if (certificateFile !== undefined && keyFile !== undefined) return { certificateFile, keyFile };
  throw new StartRefused('TLS needs both TLS_CERT_FILE and TLS_KEY_FILE, and only one is set. Set both or neither.');
}

/**
 * Refuses certificates of the site's own authorities (NODE_EXTRA_CA_CERTS) that would be left out in silence.
 * @throws StartRefused when the file cannot be read or holds no certificate
 */
export function checkExtraAuthorities(environment: Environment): void {
  const file = readVariable(environment, 'NODE_EXTRA_CA_CERTS');
  if (file === undefined) return;
  try {
    if (/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.test(readFileSync(file, 'utf8'))) return;
  } catch (cause) {
    throw new StartRefused(`NODE_EXTRA_CA_CERTS names ${file}, which cannot be read (${messageOf(cause)}).`, { cause });
  }
  throw new StartRefused(`NODE_EXTRA_CA_CERTS names ${file}, which holds no PEM certificate.`);
}

/** A variable that is set to nothing counts as not set: compose files write it so. */
function readVariable(environment: Environment, name: string): string | undefined {
  const value = environment[name];
  return value === undefined || value === '' ? undefined : value;
}

/**
 * A variable from the environment, or from the file that NAME_FILE names (its last line break removed).
 * @throws StartRefused when both are set or the file cannot be read
 */
export function readVariableOrFile(environment: Environment, name: string): string | undefined {
  const value = readVariable(environment, name);
  const file = readVariable(environment, `${name}_FILE`);
  if (file === undefined) return value;
  if (value !== undefined) throw new StartRefused(`${name} and ${name}_FILE are both set. Remove one of them.`);
  try {
    const content = readFileSync(file, 'utf8').replace(/\r?\n$/, '');
    return content === '' ? undefined : content;
  } catch (cause) {
    throw new StartRefused(`${name}_FILE names ${file}, which cannot be read (${messageOf(cause)}).`, { cause });
  }
}
