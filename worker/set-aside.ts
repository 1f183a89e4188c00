/** Sending records that were set aside once more, the same for page and API. */
import { recordAudit } from '../src/store/audit.ts';
import { listSetAside, readSetAsideRow, type SetAsideFilter, type SetAsideRow } from '../src/store/diary-read.ts';
import { type App, callCollector } from './app.ts';
import { notFound, ProblemError } from './respond.ts';

interface Who {
  readonly by: string;
  readonly nowMs: number;
}

/** Records in one go at most, and how long that may take: a person waits for it. */
const AT_ONCE_MAX = 100;
const AT_ONCE_MS = 15_000;

/** Sends one record again. Throws `ProblemError`: there is none, it was sent again already, or it cannot be sent now. */
export async function sendRecordAgain(app: App, connectionId: number, id: number, who: Who): Promise<SetAsideRow> {
  const row = await readSetAsideRow(app.db, connectionId, id);
  if (!row) throw notFound(`There is no record ${id} set aside by connection ${connectionId}.`);
  if (row.status === 'sent again') throw new ProblemError(409, 'Done already', 'This record was sent again already.');
  const told = await callCollector(app, connectionId, (collector) => collector.sendAgain(id));
  if (!told) throw new ProblemError(503, 'Not now', 'The collector could not be reached. Try again in a minute.');
  if (!told.answer.ok) throw new ProblemError(409, 'Not sent', told.answer.message);
  const detail = `${row.stream} of ${row.recordKey}.`;
  await app.db.batch([recordAudit(app.db, { ...audited(who), action: 'record sent again', connectionId, detail })]);
  return (await readSetAsideRow(app.db, connectionId, id)) ?? row;
}

/** What became of the records that a filter finds. */
export interface SentAgain {
  readonly sent: number;
  /** Refused again, or not to be sent. */
  readonly failed: number;
  readonly left: boolean;
  /** Why the first one failed; '' when none did. */
  readonly reason: string;
}

/** Sends every record again that the filter finds, newest first, as many as a person waits for. */
export async function sendAllAgain(
  app: App,
  connectionId: number,
  filter: SetAsideFilter,
  who: Who,
): Promise<SentAgain> {
  const open = { ...filter, status: 'set aside' as const };
  const rows = await listSetAside(app.db, {
    connectionId,
    ...open,
    beforeId: Number.MAX_SAFE_INTEGER,
    limit: AT_ONCE_MAX + 1,
  });
  const untilMs = app.clock.nowMs() + AT_ONCE_MS;
  let sent = 0;
  let failed = 0;
  let reason = '';
  for (const { id } of rows.slice(0, AT_ONCE_MAX)) {
    if (app.clock.nowMs() >= untilMs) break;
    const told = await callCollector(app, connectionId, (collector) => collector.sendAgain(id));
    if (told?.answer.ok) sent += 1;
    else {
      failed += 1;
      reason ||= told?.answer.message ?? 'The collector could not be reached.';
    }
    // Whoever cannot be reached is not asked a hundred times.
    if (!told) break;
  }
  if (sent > 0) {
    const detail = `${sent} records${filter.stream ? ` of ${filter.stream}` : ''}.`;
    await app.db.batch([recordAudit(app.db, { ...audited(who), action: 'records sent again', connectionId, detail })]);
  }
  return { sent, failed, left: rows.length > sent + failed, reason };
}

function audited({ by, nowMs }: Who): { by: string; atMs: number } {
  return { by, atMs: nowMs };
}
