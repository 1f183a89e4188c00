// The floor of a backfill: reads the figures of past intervals, checks each row, takes queues that the answer leaves out
// for zero, stores all of them and sends one report an interval, with the rows and fields that the bridge's has. It knows no
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

/** More than there are queues: one page has them all. */
const QUEUES_PER_PAGE = 1_000;

interface Row {
  readonly 'queue-id': string;
  readonly startTime: number;
  readonly sumHandleTime: number;
  readonly enteredCount: number;
  readonly abandonedCount: number;
}

/** Figures of one queue in one window. */
interface Figures {
  readonly queueId: string;
  readonly entered: number;
  readonly abandoned: number;
  readonly handleS: number;
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
const queueAnswer = await fetch(`${options.ncc}/data/api/types/queue?start=0&rows=${QUEUES_PER_PAGE}`, {
  headers: { authorization: nccToken },
});
const queueNames = new Map(
  z
    .object({ objects: z.array(z.object({ queueId: z.string(), name: z.string() })) })
    .parse(await queueAnswer.json())
    .objects.map(({ queueId, name }) => [queueId, name]),
);
const accessKey = { accessKeyId: 'DEMO-ACCESS-KEY-ID', accessKeySecret: 'demo-access-key-secret' };
const keyAnswer = await post(
  '/authentication/v1/token/access-key',
  JSON.stringify({ accessKeyTokenRequest: accessKey }),
);
const mpowerToken = z.object({ access_token: z.string() }).parse(await keyAnswer.json()).access_token;

console.log(`The floor loads from ${options.ncc}`);
const beganMs = performance.now();
const cpuBefore = process.cpuUsage();
let rowCount = 0;
for (let endS = options['to-s']; endS > options['from-s']; endS -= INTERVALS_PER_REQUEST * INTERVAL_S) {
  await load(Math.max(options['from-s'], endS - INTERVALS_PER_REQUEST * INTERVAL_S), endS);
}
const { user, system } = process.cpuUsage(cpuBefore);
console.log(JSON.stringify({ rows: rowCount, ms: performance.now() - beganMs, cpuMs: (user + system) / 1_000 }));

async function load(startS: number, endS: number): Promise<void> {
  const response = await fetch(`${options.ncc}/historical?start=${startS}&end=${endS}`, {
    headers: { authorization: nccToken },
  });
  const rows = (await response.json()) as Row[];
  const windows = new Map<number, Map<string, Figures>>();
  for (let windowS = startS; windowS < endS; windowS += INTERVAL_S) windows.set(windowS, new Map());
  for (const row of rows) add(windows, row);
  database.exec('BEGIN');
  for (const [windowS, figures] of windows) {
    for (const queueId of queueNames.keys()) {
      if (!figures.has(queueId)) figures.set(queueId, { queueId, entered: 0, abandoned: 0, handleS: 0 });
    }
    for (const { queueId, entered, abandoned, handleS } of figures.values()) {
      insert.run(windowS, queueId, entered, abandoned, handleS);
      rowCount += 1;
    }
  }
  database.exec('COMMIT');
  for (const [windowS, figures] of windows) await send(windowS, [...figures.values()]);
}

function isCount(value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= 0;
}

/** Adds a row to its window. Throws for one that cannot be right. */
function add(windows: ReadonlyMap<number, Map<string, Figures>>, row: Row): void {
  const { 'queue-id': queueId, startTime, enteredCount, abandonedCount, sumHandleTime } = row;
  const figures = windows.get(startTime > 1e11 ? startTime / 1_000 : startTime);
  const isGood = typeof queueId === 'string' && isCount(enteredCount) && isCount(abandonedCount) && sumHandleTime >= 0;
  if (!figures || !isGood) throw new Error(`A row cannot be read: ${JSON.stringify(row)}`);
  figures.set(queueId, { queueId, entered: enteredCount, abandoned: abandonedCount, handleS: sumHandleTime });
}

async function send(windowS: number, figures: readonly Figures[]): Promise<void> {
  const queueReport = figures.map(({ queueId, entered, abandoned, handleS }) => ({
    queueValue: queueId,
    queueName: queueNames.get(queueId) ?? '',
    isOutbound: false,
    contactsReceived: entered,
    abandonedShort: 0,
    abandonedLong: abandoned,
    handledShort: 0,
    handledLong: entered - abandoned,
    handleTime: handleS,
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
