import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import type { ImportKind } from '../../../src/domain/import-file.ts';
import { readImportFile } from '../../../src/jobs/read-import.ts';
import { confirmImport, type ImportRow, readImport } from '../../../src/store/imports.ts';
import { type Bridge, openBridge, settings } from '../../support/bridge.ts';

const START_MS = Date.parse('2026-03-10T09:00:00Z');
const MINUTE_MS = 60_000;

async function read(bridge: Bridge, kind: ImportKind, text: string): Promise<ImportRow> {
  const { retentionDays } = settings().collection;
  const result = await readImportFile(
    env.DB,
    { id: bridge.connectionId, acdKind: 'nextiva-ncc', retentionDays },
    { kind, fileName: 'past.csv', text },
    { nowMs: bridge.clock.nowMs, by: 'test' },
  );
  if (!result.ok) throw new Error(result.message);
  return result.row;
}

async function store(bridge: Bridge, row: ImportRow): Promise<ImportRow> {
  const change = { connectionId: bridge.connectionId, id: row.id, nowMs: bridge.clock.nowMs, by: 'test', detail: '' };
  expect(await confirmImport(env.DB, change)).toBe(true);
  await bridge.run(30_000);
  const after = await readImport(env.DB, bridge.connectionId, row.id);
  if (!after) throw new Error('The import is gone.');
  return after;
}

/** A bridge that knows two queues and two agents of its roster and has looked at the agents for a minute. */
async function readyBridge(): Promise<Bridge> {
  const bridge = await openBridge(START_MS);
  bridge.ncc.queues.add('sales').add('care');
  bridge.ncc.users.set('a1', { username: 'ann@example.com' }).set('a2', { username: 'bob@example.com' });
  bridge.ncc.agents.set('a1', { status: 'Available' });
  await bridge.run(MINUTE_MS);
  return bridge;
}

const figures = async () =>
  (
    await env.DB.prepare(
      `SELECT q.source_id AS queue, i.start_ms AS startMs, i.offered, i.abandoned, i.handle_time_ms AS handleTimeMs, i.revision
       FROM queue_interval i JOIN queue q ON q.id = i.queue_id ORDER BY i.start_ms, q.source_id`,
    ).all()
  ).results;

const FILE = `interval_start_utc,queue,offered,handled,total_handle_time_s,abandoned
2026-03-09T10:00:00Z,sales,10,8,1600,2
2026-03-09 10:15,Queue care,5,5,700.5,
`;

describe('an import of queue figures', () => {
  it('stores nothing until it is confirmed, then stores, reports and enters the ledger', async () => {
    const bridge = await readyBridge();
    const before = await figures();
    const row = await read(bridge, 'intervals', FILE);
    expect(row).toMatchObject({
      status: 'read',
      rowCount: 2,
      newCount: 2,
      changedCount: 0,
      sameCount: 0,
      refusedCount: 0,
    });
    await bridge.run(30_000);
    expect(await figures()).toEqual(before);

    expect(await store(bridge, row)).toMatchObject({ status: 'done', newCount: 2, changedCount: 0 });
    expect((await figures()).slice(0, 2)).toEqual([
      {
        queue: 'sales',
        startMs: Date.parse('2026-03-09T10:00Z'),
        offered: 10,
        abandoned: 2,
        handleTimeMs: 1_600_000,
        revision: 1,
      },
      {
        queue: 'care',
        startMs: Date.parse('2026-03-09T10:15Z'),
        offered: 5,
        abandoned: 0,
        handleTimeMs: 700_500,
        revision: 1,
      },
    ]);
    const sent = bridge.mpower.historical.filter(({ startDate }) => startDate.startsWith('2026-03-09T10:'));
    expect(
      sent.map(({ reportData }) =>
        reportData.queueReport.map(({ queueValue, contactsReceived }) => [queueValue, contactsReceived]),
      ),
    ).toEqual(expect.arrayContaining([[['sales', 10]], [['care', 5]]]));
    const ledger = await env.DB.prepare(
      `SELECT status, revision, queue_count, offered, handle_time_ms FROM interval_ledger WHERE start_ms = ?1`,
    )
      .bind(Date.parse('2026-03-09T10:00Z'))
      .first();
    expect(ledger).toEqual({
      status: 'collected',
      revision: 1,
      queue_count: 1,
      offered: 10,
      handle_time_ms: 1_600_000,
    });
  });

  it('changes nothing and sends nothing when the same file comes twice', async () => {
    const bridge = await readyBridge();
    await store(bridge, await read(bridge, 'intervals', FILE));
    await bridge.run(MINUTE_MS);
    const [stored, sent] = [await figures(), bridge.mpower.historical.length];
    const again = await read(bridge, 'intervals', FILE);
    expect(again).toMatchObject({ newCount: 0, changedCount: 0, sameCount: 2 });
    expect(await store(bridge, again)).toMatchObject({ status: 'done', newCount: 0, changedCount: 0, sameCount: 2 });
    expect(await figures()).toEqual(stored);
    expect(bridge.mpower.historical.length).toBe(sent);
  });

  it('raises the revision where figures differ, and keeps the account', async () => {
    const bridge = await readyBridge();
    await store(bridge, await read(bridge, 'intervals', FILE));
    const changed = await read(bridge, 'intervals', FILE.replace('10,8,1600,2', '11,9,1700,2'));
    expect(changed).toMatchObject({ newCount: 0, changedCount: 1, sameCount: 1 });
    await store(bridge, changed);
    await bridge.run(MINUTE_MS);
    expect((await figures())[0]).toMatchObject({ offered: 11, revision: 2 });
    const stream = await env.DB.prepare(
      `SELECT read_count - delivered_count - set_aside_count AS waiting FROM stream WHERE name = 'historical'`,
    ).first();
    expect(stream).toEqual({ waiting: 0 });
  });

  it('says by line what is wrong with each row, and stores the others', async () => {
    const bridge = await readyBridge();
    const row = await read(
      bridge,
      'intervals',
      `Interval Start (UTC);Queue;Offered;Handled;Total Handle Time (s);Service level
2026-03-09T10:00:00Z;sales;10;8;1600;80
2026-03-09T10:07:00Z;sales;10;8;1600;80
2026-03-09T10:15:00Z;nowhere;1;1;60;80
2026-03-09T10:15:00Z;sales;1;2;60;80
2026-02-30T10:15:00Z;sales;1;1;60;80
2026-03-09T10:30:00Z;sales;many;1;60;80
2026-03-09T10:30:00Z;sales;1;1;99999999;80
2026-03-09T10:00:00Z;sales;9;8;1600;80
2026-03-10T09:00:00Z;sales;1;1;60;80
2019-03-10T09:00:00Z;sales;1;1;60;80
`,
    );
    expect(row.remarks).toEqual(['Not used: the column Service level.']);
    expect(row.refused.map(({ line, reason }) => `${line}: ${reason}`)).toEqual([
      '3: The start is not on a quarter of an hour: 00, 15, 30 or 45 minutes.',
      '4: There is no queue "nowhere" on the roster: give its id or name.',
      '5: 2 contacts were handled and only 1 offered.',
      '6: "2026-02-30T10:15:00Z" is not a time such as 2026-01-31T13:15:00Z.',
      '7: "many" is not a number of contacts offered.',
      '8: The handle time comes to over 4 hours a contact: it looks like milliseconds, and seconds are expected.',
      '9: Line 2 has the same queue and interval.',
      '10: The interval has not ended yet.',
      expect.stringMatching(/^11: The interval is older than figures are kept here/),
    ]);
    expect(await store(bridge, row)).toMatchObject({ newCount: 1, refusedCount: 9 });
  });

  it('goes on after a crash where it was, and stores no part twice', async () => {
    const bridge = await readyBridge();
    const lines = Array.from({ length: 2_050 }, (_, i) => {
      const start = new Date(Date.parse('2026-01-01T00:00:00Z') + i * 900_000).toISOString();
      return `${start},sales,2,2,60,0`;
    });
    const row = await read(
      bridge,
      'intervals',
      `interval_start_utc,queue,offered,handled,total_handle_time_s,abandoned\n${lines.join('\n')}\n`,
    );
    expect(row).toMatchObject({ rowCount: 2_050, partCount: 2 });
    // What follows from the figures is of no interest here.
    bridge.mpower.misbehave = ({ path }) => (path.endsWith('/historical') ? new Response(null, { status: 503 }) : null);
    // The second part's batch is lost once, and with it everything in memory.
    let lost = 0;
    const { db } = bridge.deps;
    const batch = db.batch.bind(db);
    db.batch = async (statements) => {
      const { nextPart = 0 } = (await readImport(db, bridge.connectionId, row.id)) ?? {};
      if (nextPart === 1 && statements.length > 4 && lost === 0) {
        lost += 1;
        bridge.crash();
        throw new Error('The database went away.');
      }
      return batch(statements);
    };
    const after = await store(bridge, row);
    db.batch = batch;
    expect(lost).toBe(1);
    expect(after).toMatchObject({ status: 'done', newCount: 2_050, changedCount: 0, sameCount: 0 });
    const revisions = await env.DB.prepare('SELECT max(revision) AS most FROM queue_interval').first();
    expect(revisions).toEqual({ most: 1 });
  });
});

describe('an import of state changes', () => {
  const CHANGES = `at_utc,agent,state,reason
2026-03-09T10:00:00Z,ann@example.com,Available,
2026-03-09T10:05:00Z,ann@example.com,Busy,
2026-03-09T10:20:00Z,ann@example.com,Logged out,
2026-03-09T11:00:00Z,a2,Lunch,
2026-03-09T11:40:00Z,a2,Available,
`;

  it('becomes the activities of its windows, and the time after the last row stays unknown', async () => {
    const bridge = await readyBridge();
    const row = await read(bridge, 'state-changes', CHANGES);
    expect(row).toMatchObject({ rowCount: 5, newCount: 5, refusedCount: 0 });
    expect(row.remarks.join(' ')).toMatch(/The last row of 1 agent is no sign-out.* 1 state is new here/);
    await bridge.run(20 * MINUTE_MS);
    await store(bridge, row);
    await bridge.run(2 * MINUTE_MS);
    const activities = bridge.mpower.activity
      .filter(({ startDate }) => startDate.startsWith('2026-03-09'))
      .flatMap(({ reportData }) =>
        reportData.flatMap(({ userName, agentActivity }) =>
          agentActivity.map(
            ({ state, startTime, duration }) =>
              `${userName} ${state} ${startTime.slice(11, 16)} ${duration / MINUTE_MS}`,
          ),
        ),
      );
    expect(activities.sort()).toEqual([
      'ann@example.com Available 10:00 5',
      'ann@example.com Busy 10:05 15',
      'bob@example.com Lunch 11:00 40',
    ]);
    expect(bridge.mpower.events.some(({ eventUtcTime }) => eventUtcTime.startsWith('2026-03-09'))).toBe(false);
  });

  it('never replaces what the bridge saw itself', async () => {
    const bridge = await readyBridge();
    const at = new Date(START_MS + 30_000).toISOString();
    const row = await read(bridge, 'state-changes', `at_utc,agent,state\n${at},a1,Busy\n`);
    expect(row).toMatchObject({ newCount: 0, refusedCount: 1 });
    expect(row.refused[0]?.reason).toBe('The bridge was looking at this agent then: what it saw stands.');
  });

  it('changes nothing when the same file comes twice', async () => {
    const bridge = await readyBridge();
    await store(bridge, await read(bridge, 'state-changes', CHANGES));
    await bridge.run(MINUTE_MS);
    const count = () =>
      env.DB.prepare('SELECT count(*) AS rows, sum(at_ms) AS sum FROM state_change WHERE at_ms < ?1')
        .bind(START_MS)
        .first();
    const [stored, sent] = [await count(), bridge.mpower.activity.length];
    expect(await store(bridge, await read(bridge, 'state-changes', CHANGES))).toMatchObject({
      newCount: 0,
      changedCount: 0,
      sameCount: 5,
    });
    await bridge.run(MINUTE_MS);
    expect(await count()).toEqual(stored);
    expect(bridge.mpower.activity.length).toBe(sent);
  });
});
