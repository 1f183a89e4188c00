// The bridge on one machine: lock, secrets, schema, engine, front, cron, in this order, and back in the other. Nothing of
// the Worker runs before the database is known to be whole and of this version.
import * as z from 'zod';
import { startBackups } from './backup-schedule.ts';
import { createCallers } from './callers.ts';
import { startCron } from './cron.ts';
import { refuseHeld, removeLeftovers } from './data-directory.ts';
import type { Engine, EngineOptions } from './engine.ts';
import { prepareEngineProcess, startEngine, withDatabase } from './engine.ts';
import { startFront } from './front.ts';
import { readIntake, startIntake } from './intake/intake.ts';
import { lockDataDirectory } from './lock.ts';
import type { Log } from './log.ts';
import { migrate } from './migrations.ts';
import { createDirectOutbound, createProxiedOutbound, type OutboundHandler } from './outbound.ts';
import type { Secrets } from './secrets.ts';
import { loadSecrets, SECRETS_FILE } from './secrets.ts';
import type { Environment, HostSettings } from './settings.ts';
import { checkExtraAuthorities, readVariableOrFile } from './settings.ts';
import { startWatchdog } from './watchdog.ts';
import { readWorkerConfig } from './worker-config.ts';

/** For answers under way; what remains of the 10 s that a stop may take is the engine's. */
const DRAIN_MS = 8_000;

export interface Host {
  readonly url: string;
  /** Ends everything within 10 s, answers under way first. */
  stop(): Promise<void>;
}

/**
 * Starts the bridge.
 * @param tellPassword called once, with the administrator's password, by the start that makes it
 * @param onFailure called when the engine cannot be replaced after a failure: the process should end and be started anew
 * @throws StartRefused when something must be put right first
 */
export async function startHost(
  settings: HostSettings,
  environment: Environment,
  log: Log,
  tellPassword: (password: string) => void,
  onFailure: (cause: unknown) => void,
): Promise<Host> {
  const { dataDirectory, distDirectory } = settings;
  const config = readWorkerConfig(distDirectory);
  const callers = createCallers(settings.trustedProxies);
  checkExtraAuthorities(environment);
  const intake = settings.intakeFile === undefined ? undefined : readIntake(settings.intakeFile, dataDirectory);
  const variables = readVariables(config.variables, environment);
  const outbound = outboundOf(settings, variables, log);
  const unlock = lockDataDirectory(dataDirectory);
  refuseHeld(dataDirectory);
  removeLeftovers(dataDirectory);
  const front = await startFront({ host: settings.host, port: settings.port, callers, tls: settings.tls, log });

  const isAccessConfigured = Boolean(variables.ACCESS_TEAM_DOMAIN) && Boolean(variables.ACCESS_AUDIENCE);
  const { secrets, created } = loadSecrets({ dataDirectory, environment, isAccessConfigured });
  if (created.length > 0) log('info', `Made ${created.join(' and ')} and stored them in ${SECRETS_FILE}.`);
  if (created.includes('ADMIN_PASSWORD')) tellPassword(secrets.ADMIN_PASSWORD ?? '');

  let isStopping = false;
  let engineAddress: URL | undefined;
  const useEngineAt = (address: URL) => {
    engineAddress = address;
    front.setEngine(address);
  };

  prepareEngineProcess(dataDirectory, log);
  const engineOptions: EngineOptions = {
    config,
    distDirectory,
    dataDirectory,
    variables: { ...variables, ...definedOf(secrets) },
    outbound,
    onRestart: useEngineAt,
    log,
  };
  const applied = await withDatabase(engineOptions, (database) => migrate(database, config.migrations, log));
  if (applied.length > 0) log('info', `Applied the migrations ${applied.join(', ')}.`);

  let engine: Engine = await startEngine(engineOptions);
  useEngineAt(engine.address);
  // At once, too: after a restore, or when an alarm was lost, the loops need not wait for the minute to begin.
  const stopCron = startCron({
    expressions: config.crons,
    fire: (cron, time) => engine.fireCron(cron, time),
    beginsAtOnce: true,
    log,
  });
  const stopBackups = startBackups({ settings, log });
  const stopIntake = intake && (await startIntake(intake, () => engineAddress ?? engine.address, log));
  const stopWatchdog = startWatchdog({
    engineAddress: () => engineAddress ?? engine.address,
    async replace() {
      try {
        await engine.close();
        if (isStopping) return;
        engine = await startEngine(engineOptions);
        useEngineAt(engine.address);
      } catch (thrown) {
        onFailure(thrown);
      }
    },
    onSilence: (isSilent) => front.setSilent(isSilent),
    log,
  });

  return {
    url: front.url,
    async stop() {
      isStopping = true;
      stopCron();
      stopBackups();
      stopWatchdog();
      await stopIntake?.();
      await front.drain(AbortSignal.timeout(DRAIN_MS));
      await engine.close();
      unlock();
    },
  };
}

/** How requests leave. Where private addresses are admitted, in development, the engine asks by itself, http included. */
function outboundOf(
  { outboundProxy, privateHosts }: HostSettings,
  variables: Readonly<Record<string, string>>,
  log: Log,
): OutboundHandler | undefined {
  if (outboundProxy !== undefined) return createProxiedOutbound(outboundProxy, log);
  const isPrivateAllowed = z.stringbool().safeParse(variables.ALLOW_PRIVATE_NETWORK).data === true;
  return isPrivateAllowed ? undefined : createDirectOutbound(privateHosts, log);
}

/** The Worker's plain variables: those of wrangler.toml, replaced by the environment where it names them. */
function readVariables(defaults: Readonly<Record<string, string>>, environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(defaults).map(([name, value]) => [name, readVariableOrFile(environment, name) ?? value]),
  );
}

/** Absent secrets stay absent: the Worker distinguishes them from empty ones. */
function definedOf(secrets: Secrets): Record<string, string> {
  return Object.fromEntries(
    Object.entries(secrets).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}
