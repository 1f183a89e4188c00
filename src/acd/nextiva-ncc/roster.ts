/**
 * Reads NCC's lists of queues and users, page by page, whole or not at all: whoever is missing from a part must not be
 * taken for removed.
 */
import type * as z from 'zod';
import type { Roster, RosterAgent, RosterQueue } from '../../domain/roster.ts';
import { describeIssues, parseJson, parseShape } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { NccClient } from './client.ts';
import { pageWire, queueWire, userWire } from './schema.ts';

const ROWS_PER_PAGE = 100;
const PAGES_MAX = 1_000;

/** All queues and users. Throws `UpstreamError` when a page fails, or a row of it cannot be read. */
export async function readRoster(client: NccClient, paths: { queues: string; users: string }): Promise<Roster> {
  const queues = await readQueues(client, paths.queues);
  const agents = await readUsers(client, paths.users);
  return { queues, agents };
}

/** All queues. Throws as `readRoster` does. */
export function readQueues(client: NccClient, path: string): Promise<RosterQueue[]> {
  return readList(client, path, queueWire, ({ queueId }) => queueId);
}

/** All users. Throws as `readRoster` does. */
export function readUsers(client: NccClient, path: string): Promise<RosterAgent[]> {
  return readList(client, path, userWire, ({ agentId }) => agentId);
}

/** The rows of all pages; of rows with the same id the last. */
async function readList<S extends z.ZodType>(
  client: NccClient,
  path: string,
  wire: S,
  idOf: (row: z.output<S>) => string,
): Promise<z.output<S>[]> {
  const byId = new Map<string, z.output<S>>();
  let start = 0;
  let isSecondLook = false;
  for (let pages = 0; pages < PAGES_MAX; pages += 1) {
    const { endpoint, total, objects } = await readPage(client, path, start);
    if (objects.length === 0) {
      // An empty page ends the list. One that comes before its own total is looked at twice.
      if (start >= total || isSecondLook) return [...byId.values()];
      isSecondLook = true;
      continue;
    }
    isSecondLook = false;
    const countBefore = byId.size;
    for (const [index, object] of objects.entries()) {
      const parsed = wire.safeParse(object);
      if (!parsed.success) {
        const issues = `row ${start + index} cannot be read, and without it the list is not whole: ${describeIssues(parsed.error)}`;
        throw new UpstreamError(endpoint, { kind: 'shape', issues });
      }
      byId.set(idOf(parsed.data), parsed.data);
    }
    start += objects.length;
    if (start >= total) return [...byId.values()];
    if (byId.size === countBefore) {
      const issues = `the page that ends at row ${start} of ${total} brought nothing new; NCC seems to overlook "start"`;
      throw new UpstreamError(endpoint, { kind: 'shape', issues });
    }
  }
  throw new UpstreamError(`GET ${path}`, { kind: 'oversize', limit: `${PAGES_MAX} pages` });
}

async function readPage(client: NccClient, path: string, start: number) {
  const { endpoint, text } = await client.get(path, `?start=${start}&rows=${ROWS_PER_PAGE}`);
  return { endpoint, ...parseShape(endpoint, parseJson(endpoint, text), pageWire) };
}
