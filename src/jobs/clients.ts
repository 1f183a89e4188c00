/**
 * The clients of a connection's settings. Each failure is known by the client that it came from, because a call of clients
 * that are replaced goes on: what becomes of it says nothing about the settings that are in force by then.
 */
import type { Acd } from '../acd/acd.ts';
import { openAcd } from '../acd/registry.ts';
import type { ConnectionSettings } from '../connection.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import { openWfm } from '../wfm/registry.ts';
import type { Wfm } from '../wfm/wfm.ts';

export interface Clients {
  readonly acd: Acd;
  readonly wfm: Wfm;
}

/** The client that an error or an outcome came from last. */
const clientOf = new WeakMap<object, Acd | Wfm>();

/** Opens both clients. They call nobody until they are asked. */
export function openClients(
  settings: ConnectionSettings,
  secrets: Readonly<Record<string, string>>,
  deps: UpstreamDeps,
): Clients {
  return { acd: knownAcd(openAcd(settings.acd, secrets, deps)), wfm: knownWfm(openWfm(settings.wfm, secrets, deps)) };
}

/** True when a failure came from clients that are not the present ones. */
export function isOfFormerClients({ acd, wfm }: Clients, failure: object): boolean {
  const client = clientOf.get(failure);
  return client !== undefined && client !== acd && client !== wfm;
}

function knownAcd(acd: Acd): Acd {
  const call = async <T>(asked: Promise<T>): Promise<T> => {
    try {
      return await asked;
    } catch (error) {
      if (error instanceof Error) clientOf.set(error, known);
      throw error;
    }
  };
  const { readAgentStates, readAgentEvents, readQueueIntervals, readRoster, warning } = acd;
  const known: Acd = {
    readAgentStates: readAgentStates && (() => call(readAgentStates())),
    readAgentEvents: readAgentEvents && ((cursor) => call(readAgentEvents(cursor))),
    readQueueIntervals: readQueueIntervals && ((window) => call(readQueueIntervals(window))),
    readRoster: readRoster && (() => call(readRoster())),
    warning,
  };
  return known;
}

function knownWfm(wfm: Wfm): Wfm {
  const known: Wfm = {
    compose: (report) => wfm.compose(report),
    async send(stream, body) {
      const outcome = await wfm.send(stream, body);
      clientOf.set(outcome, known);
      return outcome;
    },
    signIn: () => wfm.signIn(),
    readAcdDetails: () => wfm.readAcdDetails(),
    sendHeartbeat: (atMs) => wfm.sendHeartbeat(atMs),
  };
  return known;
}
