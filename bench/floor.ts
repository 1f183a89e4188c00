// The floor that every figure is held against: the least that a program in Node can do for the same traffic. It polls,
// compares, stores and forwards; it knows no failures, no restarts, no settings and no second stream.
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import * as z from 'zod';

const options = z
  .object({
    ncc: z.url(),
    mpower: z.url(),
    db: z.string(),
    'period-ms': z.coerce.number().positive(),
    'phase-ms': z.coerce.number(),
  })
  .parse(
    parseArgs({
      options: {
        ncc: { type: 'string' },
        mpower: { type: 'string' },
        db: { type: 'string' },
        'period-ms': { type: 'string' },
        'phase-ms': { type: 'string' },
      },
    }).values,
  );

/** As many as the bridge puts into one body by default. */
const EVENTS_PER_BODY = 1_000;

interface Row {
  readonly 'agent-id': string;
  readonly 'agent-status': string;
  readonly 'agent-status-time': number;
}

const database = new DatabaseSync(options.db);
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE change (agent TEXT, at_ms INTEGER, state TEXT, PRIMARY KEY (agent, at_ms)) STRICT, WITHOUT ROWID`);
const insert = database.prepare('INSERT INTO change VALUES (?, ?, ?) ON CONFLICT DO NOTHING');

const nccToken = await signInToNcc();
const mpowerToken = await signInToMpower();
const usernames = await readUsernames();
const known = new Map<string, Row>();
console.log(`The floor polls ${options.ncc}`);

const periodMs = options['period-ms'];
const phaseMs = options['phase-ms'];
for (let dueMs = Math.ceil((Date.now() - phaseMs) / periodMs) * periodMs + phaseMs; ; dueMs += periodMs) {
  await sleep(Math.max(0, dueMs - Date.now()));
  await poll();
}

async function poll(): Promise<void> {
  const response = await fetch(`${options.ncc}/realTime`, { headers: { authorization: nccToken } });
  const rows = (await response.json()) as Row[];
  const changed: Row[] = [];
  for (const row of rows) {
    const before = known.get(row['agent-id']);
    if (before?.['agent-status'] === row['agent-status'] && before['agent-status-time'] === row['agent-status-time']) {
      continue;
    }
    known.set(row['agent-id'], row);
    changed.push(row);
  }
  if (changed.length === 0) return;
  database.exec('BEGIN');
  for (const row of changed) insert.run(row['agent-id'], row['agent-status-time'] * 1_000, row['agent-status']);
  database.exec('COMMIT');
  for (let from = 0; from < changed.length; from += EVENTS_PER_BODY) {
    await forward(changed.slice(from, from + EVENTS_PER_BODY));
  }
}

async function forward(rows: readonly Row[]): Promise<void> {
  const agentStateList = rows.map((row) => ({
    loginId: usernames.get(row['agent-id']),
    acdId: 'Tenant_Name',
    eventCode: row['agent-status'],
    reasonCode: '',
    eventUtcTime: new Date(row['agent-status-time'] * 1_000).toISOString(),
  }));
  const response = await post('/wfm/acd/v1/agent-states', { agentStateList }, mpowerToken);
  await response.arrayBuffer();
}

function post(path: string, body: unknown, token?: string): Promise<Response> {
  return fetch(`${options.mpower}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    body: JSON.stringify(body),
  });
}

async function signInToNcc(): Promise<string> {
  const credentials = Buffer.from('wfm@demo.example:demo-password').toString('base64');
  const response = await fetch(`${options.ncc}/provider/token-with-authorities`, {
    headers: { authorization: `Basic ${credentials}` },
  });
  return z.object({ token: z.string() }).parse(await response.json()).token;
}

async function signInToMpower(): Promise<string> {
  const response = await post('/authentication/v1/token/access-key', {
    accessKeyTokenRequest: { accessKeyId: 'DEMO-ACCESS-KEY-ID', accessKeySecret: 'demo-access-key-secret' },
  });
  return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
}

async function readUsernames(): Promise<Map<string, string>> {
  const names = new Map<string, string>();
  const page = z.object({
    total: z.coerce.number(),
    objects: z.array(z.object({ userId: z.string(), username: z.string() })),
  });
  for (let start = 0, total = 1; start < total; start += 1_000) {
    const response = await fetch(`${options.ncc}/data/api/types/user?start=${start}&rows=1000`, {
      headers: { authorization: nccToken },
    });
    const { objects, ...rest } = page.parse(await response.json());
    total = rest.total;
    for (const { userId, username } of objects) names.set(userId, username);
  }
  return names;
}
