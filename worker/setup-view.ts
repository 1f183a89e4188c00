/** The set-up of one connection, ready to be shown. */
import { acdTraits } from '../src/acd/registry.ts';
import { assessSetup, type SetupSource, type StepStanding } from '../src/domain/setup.ts';
import { readTicks } from '../src/store/setup-ticks.ts';
import { type ConnectionHealth, readHealth } from './health-view.ts';

export interface SetupView {
  readonly connections: readonly ConnectionHealth[];
  /** The connection whose steps these are; null where there is none yet. */
  readonly connection: ConnectionHealth | null;
  readonly steps: readonly StepStanding[];
}

/** The steps of the connection `askedId`, else of the first one; null when the asked one does not exist. */
export async function readSetup(db: D1Database, askedId: number | null, nowMs: number): Promise<SetupView | null> {
  const [connections, ticks] = await Promise.all([readHealth(db, nowMs), readTicks(db)]);
  const connection = connections.find(({ facts }) => askedId === null || facts.connectionId === askedId) ?? null;
  if (askedId !== null && !connection) return null;
  return { connections, connection, steps: assessSetup(connection?.facts ?? null, ticks, sourceOf(connection)) };
}

function sourceOf(connection: ConnectionHealth | null): SetupSource | undefined {
  if (!connection?.settings) return undefined;
  const { agentStates, queueIntervals, hasRoster } = acdTraits(connection.settings.acd);
  return { isAsked: agentStates !== 'pushed', hasFigures: queueIntervals !== 'none', hasRoster };
}
