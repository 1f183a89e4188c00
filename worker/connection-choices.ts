/** The connections that a field of a connection form may name: those of the source that the field asks for. */
import { ACD_KINDS, type AcdKind } from '../src/acd/registry.ts';
import { listConnections } from '../src/store/connections.ts';
import { storedSettings } from './connection-settings.ts';
import { type FormKinds, formOf } from './pages/connection-fields.ts';

export interface ConnectionChoices {
  /** The source that such a connection has. */
  readonly acd: AcdKind;
  readonly choices: readonly { readonly value: string; readonly label: string }[];
}

/** Choices by the name of the field. `ownId`: the connection whose form it is, which cannot choose itself. */
export async function readChoices(
  db: D1Database,
  kinds: FormKinds,
  ownId: number | null,
): Promise<ReadonlyMap<string, ConnectionChoices>> {
  const fields = formOf(kinds).all.filter(({ kind }) => kind === 'connection');
  if (fields.length === 0) return new Map();
  const connections = (await listConnections(db)).filter(({ id }) => id !== ownId);
  return new Map(
    fields.flatMap(({ name, connectionsOf }) => {
      const acd = ACD_KINDS.find((kind) => kind === connectionsOf);
      if (!acd) return [];
      const fitting = connections.filter((connection) => storedSettings(connection)?.acd.kind === acd);
      const choices = fitting.map((connection) => ({ value: String(connection.id), label: connection.name }));
      return [[name, { acd, choices }] as const];
    }),
  );
}
