// Mpower away, losing answers, refusing single records: what is read is kept, sent once in effect, and nobody waits for
// the one that is refused.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../host/support/stage.ts';
import type { RunSettings, Scenario } from '../scenario.ts';
import { type Rig, withRig } from '../support/rig.ts';
import { shownAfterMs } from './source.ts';

const LOGIN_IDS = /wait(?:s)? for an ACD Login ID/;
/** After the end of an outage, whatever waits. */
const PRESENT_WITHIN_MS = 30_000;
const TOLD_AGAIN_WITHIN_MS = 60_000;

/**
 * An hour of traffic in a sixth of it: 3,000 agents of whom each poll finds 1 in 200 changed make as many changes in
 * 10 minutes as a centre of 300 agents that change state every 6 minutes makes in an hour. The recorded run lasts the hour.
 */
async function outage({ outageMinutes }: RunSettings): Promise<string> {
  let told = '';
  const outageS = Math.round(outageMinutes * 60);
  await withRig({ ncc: ['--agents', '3000', '--change-share', '0.005'] }, async (rig) => {
    await rig.proxies.mpower.set({ kind: 'refuse' });
    const beganMs = Date.now();
    const shownMs = await shownAfterMs(rig, /has not taken agent states/);
    await sleep(Math.max(0, beganMs + outageS * 1_000 - Date.now()));
    const { account } = (await rig.status()).streams.find(({ name }) => name === 'agent-states') ?? {};
    assert.ok(account && account.waiting > 0, 'What was read meanwhile waits.');
    assert.equal((await rig.healthz()).status, outageS >= 75 ? 503 : (await rig.healthz()).status);
    await rig.proxies.mpower.set({ kind: 'pass' });
    const endedMs = Date.now();
    const presentMs = await presentAfterMs(rig, endedMs);
    await rig.judge({ limitMs: 240_000, inOrder: false });
    // Those whose history went out after their present states are told once more at the end of the catch-up.
    let late: string[] = [];
    await eventually(
      'what Mpower heard last of each agent is the newest',
      async () => {
        late = await outdated(rig, beganMs);
        return late.length === 0;
      },
      TOLD_AGAIN_WITHIN_MS,
    ).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${late.length} agents, among them ${late.slice(0, 5).join(', ')}`);
    });
    await rig.healthy(60_000, LOGIN_IDS);
    told =
      `away for ${outageS} s: shown after ${Math.round(shownMs / 1_000)} s, ${account.waiting} changes waited, ` +
      `every agent's newest state there ${Math.round(presentMs / 1_000)} s after the end, everything there ${Math.round((Date.now() - endedMs) / 1_000)} s after it`;
  });
  return told;
}

/** Waits until Mpower has the newest state of each agent that was committed when the outage ended; how long that took. */
async function presentAfterMs(rig: Rig, endedMs: number): Promise<number> {
  const wanted = newestCommitted(rig);
  assert.ok(wanted.size > 0, 'There are agents whose states are known.');
  let lacking: string[] = [];
  await eventually(
    'Mpower has the newest state of every agent',
    async () => {
      // What was accepted before the outage counts: not everybody has changed since.
      const accepted = await rig.acceptedStates();
      for (const { loginId, eventUtcTime } of accepted) {
        if (Date.parse(eventUtcTime) >= (wanted.get(loginId) ?? Number.POSITIVE_INFINITY)) wanted.delete(loginId);
      }
      lacking = [...wanted.keys()];
      return lacking.length === 0;
    },
    PRESENT_WITHIN_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}: ${lacking.length} are lacking, among them ${lacking.slice(0, 5).join(', ')}`);
  });
  return Date.now() - endedMs;
}

/** Login id → instant of the newest committed state, of agents whom Mpower can be told of. */
function newestCommitted(rig: Rig): Map<string, number> {
  const rows = rig.readDatabase((database) =>
    database
      .prepare(
        `SELECT trim(coalesce(a.login_id, a.username)) AS loginId, max(c.at_ms) AS atMs
         FROM agent a JOIN state_change c ON c.agent_id = a.id
         WHERE a.included = 1 AND a.held_count = 0 AND c.state_id <> 0 AND loginId <> '' GROUP BY a.id`,
      )
      .all(),
  );
  return new Map(rows.map((row): [string, number] => [String(row.loginId), Number(row.atMs)]));
}

/** Agents of whom the last thing that Mpower heard is not the newest. */
async function outdated(rig: Rig, fromMs: number): Promise<string[]> {
  const newest = new Map<string, string>();
  const last = new Map<string, string>();
  for (const { kind, body } of await rig.bodies(fromMs)) {
    if (kind !== 'agent-states') continue;
    const { agentStateList } = JSON.parse(body) as { agentStateList: { loginId: string; eventUtcTime: string }[] };
    for (const { loginId, eventUtcTime } of agentStateList) {
      last.set(loginId, eventUtcTime);
      if (eventUtcTime > (newest.get(loginId) ?? '')) newest.set(loginId, eventUtcTime);
    }
  }
  return [...last].filter(([loginId, time]) => newest.get(loginId) !== time).map(([loginId]) => loginId);
}

async function lostAnswers(): Promise<string> {
  let told = '';
  await withRig({ ncc: ['--agents', '500', '--change-share', '0.02'] }, async (rig) => {
    const before = await rig.mpower();
    for (let round = 0; round < 4; round += 1) {
      // Accepted, and nobody hears of it; below HTTP and within it.
      if (round % 2 === 0) await rig.proxies.mpower.set({ kind: 'drop-answers' });
      else await rig.fault('mpower', { fault: 'lose-answer', path: 'agent-states' });
      await sleep(9_000);
      await rig.proxies.mpower.set({ kind: 'pass' });
      await rig.clearFaults('mpower');
      await sleep(6_000);
    }
    await rig.judge({ limitMs: 120_000 });
    const after = await rig.mpower();
    assert.ok(after.duplicates > before.duplicates, 'What nobody heard of was sent again.');
    told = `${after.duplicates - before.duplicates} records sent again, none with another effect, none out of order`;
  });
  return told;
}

async function poison(): Promise<string> {
  let told = '';
  await withRig({ ncc: ['--agents', '300'] }, async (rig) => {
    const roster = await (await fetch(`${rig.standIns.ncc.url}/_truth/roster`)).text();
    const agents = roster
      .split('\n')
      .filter((line) => line.includes('"kind":"agent"'))
      .map((line) => JSON.parse(line) as { agentId: string; username: string });
    const [bad, ...others] = agents.slice(20, 60);
    assert.ok(bad, 'There is an agent to poison.');
    await rig.fault('mpower', { fault: 'poison', value: bad.username });
    const control = (agentId: string, state: string) =>
      fetch(`${rig.standIns.ncc.url}/_control/agents`, { method: 'POST', body: JSON.stringify({ agentId, state }) });
    const changedMs = Date.now();
    await Promise.all([bad, ...others].map(({ agentId }) => control(agentId, 'Poisoned break')));
    await eventually('the record is set aside', async () => (await rig.status()).setAsideOpen > 0, 60_000);
    const asideMs = Date.now() - changedMs;
    const accepted = await (await fetch(`${rig.standIns.mpower.url}/_truth/agent-states`)).text();
    const arrived = others.filter(({ username }) =>
      accepted.includes(`{"loginId":${JSON.stringify(username)},"acdId":"Tenant_Name","eventCode":"Poisoned break"`),
    );
    assert.equal(arrived.length, others.length, 'The others were not held up.');
    await rig.clearFaults('mpower');
    const { rows } = (await rig.api('GET', `/connections/${rig.connectionId}/set-aside`)) as {
      rows: { id: number; reason: string }[];
    };
    assert.match(rows[0]?.reason ?? '', /\w/, 'It is kept with the reason.');
    for (const { id } of rows) await rig.api('POST', `/connections/${rig.connectionId}/set-aside/${id}/send-again`);
    await rig.judge({ limitMs: 60_000 });
    told = `${others.length} changes beside it accepted and the one set aside within ${Math.round(asideMs / 1_000)} s, sent again by hand`;
  });
  return told;
}

export const destinationScenarios: readonly Scenario[] = [
  {
    key: 'mpower-down',
    name: 'keeps everything while Mpower is away, and brings it all in order when it is back',
    limitMs: ({ outageMinutes }) => 600_000 + outageMinutes * 90_000,
    run: outage,
  },
  {
    key: 'lost-answers',
    name: 'has no double effect when answers are lost after acceptance',
    limitMs: () => 300_000,
    run: lostAnswers,
  },
  {
    key: 'poison',
    name: 'sets one poison record aside without holding up the others',
    limitMs: () => 200_000,
    run: poison,
  },
];
