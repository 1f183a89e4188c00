// NCC in all the ways in which it can fail to answer: hanging, dribbling, cut, slow, refusing, with pages instead of data,
// with tokens that end all the time.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../../host/support/stage.ts';
import type { Scenario } from '../scenario.ts';
import type { ProxyMode } from '../support/proxy.ts';
import { type FaultRule, keptDistanceMs, type Rig, type Span, withRig } from '../support/rig.ts';

/** A fault has to be seen, shown and gone again within these. */
const SHOWN_WITHIN_MS = 60_000;
const MENDED_WITHIN_MS = 120_000;

/** Waits until a fault of the feed is said, by /healthz and by the Overview; how long that took. */
export async function shownAfterMs(rig: Rig, said: RegExp, sinceMs = Date.now()): Promise<number> {
  let findings = '';
  await eventually(
    `the status says ${said}`,
    async () => {
      findings = await rig.findings().catch(String);
      return said.test(findings);
    },
    SHOWN_WITHIN_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\nIt says:\n${findings}`);
  });
  const shownMs = Date.now() - sinceMs;
  const { text } = await rig.healthz();
  assert.match(text, /"(?:degraded|stalled)":1/, `It is on /healthz, which says ${text}; the status said ${findings}`);
  assert.match(await rig.overview(), said, 'It is on the Overview.');
  return shownMs;
}

interface Fault {
  readonly name: string;
  readonly proxy?: ProxyMode;
  readonly rules?: readonly FaultRule[];
  readonly forMs: number;
  /** Null: polls take longer, and nothing is wrong. */
  readonly said: RegExp | null;
}

const FAULTS: readonly Fault[] = [
  { name: 'hangs', proxy: { kind: 'hang' }, forMs: 25_000, said: /No agent states could be read/ },
  {
    name: 'dribbles',
    proxy: { kind: 'dribble', everyMs: 1_000 },
    forMs: 25_000,
    said: /No agent states could be read/,
  },
  { name: 'refuses connections', proxy: { kind: 'refuse' }, forMs: 10_000, said: /No agent states could be read/ },
  {
    name: 'is cut in mid-answer',
    proxy: { kind: 'cut', afterBytes: 700 },
    forMs: 10_000,
    said: /No agent states could be read/,
  },
  { name: 'takes 4 s an answer', proxy: { kind: 'delay', delayMs: 4_000 }, forMs: 20_000, said: null },
  { name: 'answers with a page', rules: [{ fault: 'html' }], forMs: 10_000, said: /something unexpected/ },
  {
    name: 'answers with half a text',
    rules: [{ fault: 'garble', garble: 'truncated', path: 'realTime' }],
    forMs: 10_000,
    said: /something unexpected/,
  },
  {
    name: 'sends 64 MB',
    rules: [{ fault: 'garble', garble: 'huge', sizeMb: 64, path: 'realTime' }],
    forMs: 10_000,
    said: /something unexpected/,
  },
  {
    name: 'answers 503 with Retry-After',
    rules: [{ fault: 'status', status: 503, retryAfterS: 5, body: 'html' }],
    forMs: 10_000,
    said: /No agent states could be read/,
  },
];

async function runFault(rig: Rig, { name, proxy, rules = [], forMs, said }: Fault, spans: Span[]): Promise<string> {
  const beganMs = Date.now();
  if (proxy) await rig.proxies.ncc.set(proxy);
  for (const rule of rules) await rig.fault('ncc', rule);
  const shown = said ? `shown after ${Math.round((await shownAfterMs(rig, said)) / 1_000)} s` : 'no fault';
  await sleep(Math.max(0, beganMs + forMs - Date.now()));
  await rig.proxies.ncc.set({ kind: 'pass' });
  await rig.clearFaults('ncc');
  const endedMs = Date.now();
  await rig.nextPoll(endedMs, MENDED_WITHIN_MS);
  const mendedMs = Date.now() - endedMs;
  // Answers that NCC gave into a broken connection nobody has seen.
  spans.push({ fromMs: beganMs - 4_000, toMs: endedMs + 12_000 });
  await rig.healthy(30_000, /wait(?:s)? for an ACD Login ID/);
  return `${name}: ${shown}, read again ${Math.round(mendedMs / 1_000)} s after its end`;
}

async function sourceFaults(): Promise<string> {
  const measured: string[] = [];
  const spans: Span[] = [];
  await withRig({}, async (rig) => {
    const startedMs = Date.now();
    for (const fault of FAULTS) measured.push(await runFault(rig, fault, spans));
    await rig.judge({ between: spans });
    measured.push(`polls at least ${await keptDistanceMs(rig, startedMs)} ms apart`);
  });
  return measured.join('; ');
}

async function shortTokens(): Promise<string> {
  let told = '';
  const lifeS = 5;
  const seconds = 60;
  const life = ['--token-life-s', String(lifeS)];
  await withRig({ ncc: ['--agents', '300', ...life], mpower: [...life, '--refresh-life-s', '20'] }, async (rig) => {
    const before = { ncc: await rig.ncc(), mpower: await rig.mpower() };
    await sleep(seconds * 1_000);
    const after = { ncc: await rig.ncc(), mpower: await rig.mpower() };
    const renewals = (['ncc', 'mpower'] as const).map((side) => {
      const count = after[side].signIns + after[side].refreshes - before[side].signIns - before[side].refreshes;
      // One in each life, renewed a little before its end.
      assert.ok(count <= Math.ceil(seconds / (lifeS * 0.6)) + 2, `${side}: ${count} renewals in ${seconds} s.`);
      return `${side} ${count}`;
    });
    await rig.healthy(20_000, /wait(?:s)? for an ACD Login ID/);
    await rig.judge();
    told = `tokens of ${lifeS} s for ${seconds} s, sign-ins and refreshes: ${renewals.join(', ')}`;
  });
  return told;
}

async function revokedTokens(): Promise<string> {
  let told = '';
  await withRig({}, async (rig) => {
    const before = { ncc: await rig.ncc(), mpower: await rig.mpower() };
    const rounds = 8;
    for (let round = 0; round < rounds; round += 1) {
      for (const { url } of Object.values(rig.standIns)) {
        await fetch(`${url}/_control/tokens`, { method: 'POST', body: '{"revoke":true}' });
      }
      await rig.nextPoll(Date.now());
    }
    await rig.judge();
    const after = { ncc: await rig.ncc(), mpower: await rig.mpower() };
    const renewed = after.ncc.signIns + after.ncc.refreshes - before.ncc.signIns - before.ncc.refreshes;
    assert.ok(renewed <= 2 * rounds, `${renewed} sign-ins and refreshes for ${rounds} revocations.`);
    told = `${rounds} revocations of every token: ${renewed} sign-ins and refreshes at NCC`;
  });
  return told;
}

export const sourceScenarios: readonly Scenario[] = [
  {
    key: 'bad-ncc',
    name: 'shows within a minute that NCC does not answer as it should, loses nothing, and reads on by itself',
    limitMs: () => 900_000,
    run: sourceFaults,
  },
  {
    key: 'short-tokens',
    name: 'signs in once a life when tokens end every 5 s under load',
    limitMs: () => 200_000,
    run: shortTokens,
  },
  {
    key: 'revoked-tokens',
    name: 'signs in anew when every token was revoked, and loses nothing',
    limitMs: () => 200_000,
    run: revokedTokens,
  },
];
