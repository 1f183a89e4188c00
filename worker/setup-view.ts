/** The set-up of one connection, ready to be shown. */
import { acdTraits } from '../src/acd/registry.ts';
import { assessSetup, type SetupSides, type StepStanding } from '../src/domain/setup.ts';
import { readTicks } from '../src/store/setup-ticks.ts';
import { wfmTraits } from '../src/wfm/registry.ts';
import { type ConnectionHealth, readHealth } from './health-view.ts';

export interface SetupView {
  readonly connections: readonly ConnectionHealth[];
  /** The connection whose steps these are; null where there is none yet. */
  readonly connection: ConnectionHealth | null;
  readonly steps: readonly StepStanding[];
  /** The connection that sends for this one, its name null where it is gone; null where this one sends itself. */
  readonly deliverer: { readonly id: number; readonly name: string | null } | null;
}

/** The steps of the connection `askedId`, else of the first one; null when the asked one does not exist. */
export async function readSetup(db: D1Database, askedId: number | null, nowMs: number): Promise<SetupView | null> {
  const [connections, ticks] = await Promise.all([readHealth(db, nowMs), readTicks(db)]);
  const connection = connections.find(({ facts }) => askedId === null || facts.connectionId === askedId) ?? null;
  if (askedId !== null && !connection) return null;
  const steps = assessSetup(connection?.facts ?? null, ticks, sidesOf(connection));
  return { connections, connection, steps, deliverer: delivererOf(connection, connections) };
}

function sidesOf(connection: ConnectionHealth | null): SetupSides | undefined {
  if (!connection?.settings) return undefined;
  const { agentStates, queueIntervals, hasRoster } = acdTraits(connection.settings.acd);
  const handsOver = wfmTraits(connection.settings.wfm).handsOverTo !== null;
  return { isAsked: agentStates !== 'pushed', hasFigures: queueIntervals !== 'none', hasRoster, handsOver };
}

function delivererOf(
  connection: ConnectionHealth | null,
  connections: readonly ConnectionHealth[],
): SetupView['deliverer'] {
  const id = connection?.settings ? wfmTraits(connection.settings.wfm).handsOverTo : null;
  if (id === null) return null;
  const name = connections.find(({ facts }) => facts.connectionId === id)?.facts.name;
  return { id, name: name ?? null };
}
