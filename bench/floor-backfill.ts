// The floor of a backfill: reads the figures of past intervals, stores them and sends one report an interval. It knows no
// failures, no revisions, no ledger and nothing beside it. Prints how long it took.
import { DatabaseSync } from 'node:sqlite';
import { parseArgs } from 'node:util';
import * as z from 'zod';

const INTERVAL_S = 900;
/** As many as the bridge asks for at once by default. */
const INTERVALS_PER_REQUEST = 24;

const options = z
  .object({ ncc: z.url(), mpower: z.url(), db: z.string(), 'from-s': z.coerce.number(), 'to-s': z.coerce.number() })
  .parse(
    parseArgs({
      options: {
        ncc: { type: 'string' },
        mpower: { type: 'string' },
        db: { type: 'string' },
        'from-s': { type: 'string' },
        'to-s': { type: 'string' },
      },
    }).values,
  );

interface Row {
  readonly 'queue-id': string;
  readonly startTime: number;
  readonly sumHandleTime: number;
  readonly enteredCount: number;
  readonly abandonedCount: number;
}

const database = new DatabaseSync(options.db);
database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
  CREATE TABLE figures (start_s INTEGER, queue TEXT, entered INTEGER, abandoned INTEGER, handle_s REAL,
    PRIMARY KEY (start_s, queue)) STRICT, WITHOUT ROWID`);
const insert = database.prepare('INSERT INTO figures VALUES (?, ?, ?, ?, ?)');

const credentials = Buffer.from('wfm@demo.example:demo-password').toString('base64');
const signIn = await fetch(`${options.ncc}/provider/token-with-authorities`, {
  headers: { authorization: `Basic ${credentials}` },
});
const nccToken = z.object({ token: z.string() }).parse(await signIn.json()).token;
const accessKey = { accessKeyId: 'DEMO-ACCESS-KEY-ID', accessKeySecret: 'demo-access-key-secret' };
const keyAnswer = await post(
  '/authentication/v1/token/access-key',
  JSON.stringify({ accessKeyTokenRequest: accessKey }),
);
const mpowerToken = z.object({ access_token: z.string() }).parse(await keyAnswer.json()).access_token;

console.log(`The floor loads from ${options.ncc}`);
const beganMs = performance.now();
let rowCount = 0;
for (let endS = options['to-s']; endS > options['from-s']; endS -= INTERVALS_PER_REQUEST * INTERVAL_S) {
  await load(Math.max(options['from-s'], endS - INTERVALS_PER_REQUEST * INTERVAL_S), endS);
}
console.log(JSON.stringify({ rows: rowCount, ms: performance.now() - beganMs }));

async function load(startS: number, endS: number): Promise<void> {
  const response = await fetch(`${options.ncc}/historical?start=${startS}&end=${endS}`, {
    headers: { authorization: nccToken },
  });
  const rows = (await response.json()) as Row[];
  const windows = Map.groupBy(rows, ({ startTime }) => startTime);
  database.exec('BEGIN');
  for (const row of rows) {
    insert.run(row.startTime, row['queue-id'], row.enteredCount, row.abandonedCount, row.sumHandleTime);
  }
  database.exec('COMMIT');
  rowCount += rows.length;
  for (const [windowS, own] of windows) await send(windowS, own);
}

async function send(windowS: number, rows: readonly Row[]): Promise<void> {
  const queueReport = rows.map((row) => ({
    queueValue: row['queue-id'],
    queueName: '',
    isOutbound: false,
    contactsReceived: row.enteredCount,
    abandonedShort: 0,
    abandonedLong: row.abandonedCount,
    handledShort: 0,
    handledLong: row.enteredCount - row.abandonedCount,
    handleTime: row.sumHandleTime,
    workTime: 0,
    queueDelayTime: 0,
    svcLvlPct: 0,
    rightPartyHandleTime: 0,
    rightPartyContacts: 0,
    wrongPartyHandleTime: 0,
    wrongPartyContacts: 0,
    backlog: 0,
    backlogNotExpired: 0,
    backlogExpired: 0,
    holdTime: 0,
    active: 0,
  }));
  const body = {
    acdType: 'Generic_Nextiva',
    reportVersion: '0',
    startDate: new Date(windowS * 1_000).toISOString(),
    endDate: new Date((windowS + INTERVAL_S) * 1_000).toISOString(),
    status: 'SUCCESS',
    statusReason: '',
    reportData: { queueReport, agentQueueReport: [], agentSystemPerformanceReport: [] },
  };
  const response = await post('/wfm/acd/v1/historical', JSON.stringify(body), mpowerToken);
  if (!response.ok) throw new Error(`Mpower answered ${response.status}: ${await response.text()}`);
  await response.arrayBuffer();
}

function post(path: string, body: string, token?: string): Promise<Response> {
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${options.mpower}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...authorization },
    body,
  });
}
