// Where the embedded engine keeps what the bridge stores, below the data directory.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface DatabaseFiles {
  /** The bridge's own database. */
  readonly bridge: string;
  /** Where the engine keeps the alarms of the collectors. */
  readonly alarms: string;
  /** The stores of the collectors. */
  readonly collectors: readonly string[];
}

export function databaseFiles(dataDirectory: string): DatabaseFiles {
  const d1 = path.join(dataDirectory, 'v3/d1/miniflare-D1DatabaseObject');
  const objects = path.join(dataDirectory, 'v3/do');
  const [object = ''] = existsSync(objects) ? readdirSync(objects) : [];
  const stores = object === '' ? [] : sqliteFiles(path.join(objects, object));
  return {
    bridge: sqliteFiles(d1).find((file) => !isMetadata(file)) ?? path.join(d1, 'missing'),
    alarms: stores.find(isMetadata) ?? path.join(objects, 'missing'),
    collectors: stores.filter((file) => !isMetadata(file)),
  };
}

function sqliteFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sqlite'))
    .map((name) => path.join(directory, name));
}

const isMetadata = (file: string) => path.basename(file).startsWith('metadata');
