/** The LiveVox source against its stand-in, over HTTP: what it reads is what the stand-in served, whatever happened between. */
import { afterEach, describe, expect, it } from 'vitest';
import { startLiveVox } from '../../simulators/livevox/start.ts';
import type { AgentEvent } from '../../src/acd/acd.ts';
import { liveVoxSettingsSchema } from '../../src/acd/livevox/settings.ts';
import { openAcd } from '../../src/acd/registry.ts';
import { createSealer } from '../../src/crypto/seal.ts';
import type { UpstreamDeps } from '../../src/http/deps.ts';
import type { SignInRecord } from '../../src/runtime.ts';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 2, 2, 10);

let close: (() => Promise<void>) | null = null;

afterEach(async () => {
  await close?.();
  close = null;
});

async function stage(options: Parameters<typeof startLiveVox>[0] = {}, advanced: object = {}) {
  let nowMs = START_MS;
  const standIn = await startLiveVox({ port: 0, longPollMs: 0, agents: 30, ...options }, () => nowMs);
  close = standIn.close;
  const records = new Map<string, SignInRecord>();
  const tokens = new Map<string, string>();
  const deps: UpstreamDeps = {
    connectionId: 1,
    fetch: (request) => fetch(request),
    clock: {
      nowMs: () => nowMs,
      sleep: async () => undefined,
      deadline: (ms) => AbortSignal.timeout(ms),
      random: () => 0.5,
    },
    tokens: {
      get: async (key) => tokens.get(key) ?? null,
      put: async (key, value) => void tokens.set(key, value),
      delete: async (key) => void tokens.delete(key),
    },
    signIns: {
      read: async (fingerprint) => records.get(fingerprint) ?? null,
      write: async (fingerprint, record) => void records.set(fingerprint, record),
    },
    sealer: createSealer('AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='),
    allowPrivateNetwork: true,
  };
  const settings = { kind: 'livevox', baseUrl: standIn.url, clientName: 'DEMO', username: 'wfm', advanced } as const;
  const secrets = { liveVoxPassword: 'demo-password', liveVoxAccessToken: 'demo-access-token' };
  const acd = openAcd(liveVoxSettingsSchema.parse(settings), secrets, deps);
  return {
    standIn,
    read: (cursor: string | null) => {
      if (!acd.readAgentEvents) throw new Error('LiveVox has a feed of events.');
      return acd.readAgentEvents(cursor);
    },
    roster: () => acd.readRoster?.(),
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

const keyOf = ({ agentId, name, reason, atMs }: AgentEvent) => `${atMs} ${agentId} ${name} ${reason}`;

/** What the stand-in says that an agent's states were, of everything that it keeps. */
function expected(standIn: Awaited<ReturnType<typeof startLiveVox>>): string[] {
  const kept = [...standIn.truth.keptEvents()].filter(({ line }) => line !== 'DIRECT');
  return [
    ...new Set(
      kept.map(({ agentId, eventType, reason, atMs }) =>
        keyOf({ agentId: String(agentId), name: eventType, reason, atMs }),
      ),
    ),
  ].sort();
}

describe('the LiveVox source against its stand-in', () => {
  it('reads every state of a day and of the hours after it, with dead sessions, refusals and lost answers between', async () => {
    const { standIn, read, advance } = await stage({ eventsPerAnswer: 700, timestampForm: 'mixed' });
    const seen = new Map<string, AgentEvent>();
    let cursor: string | null = null;
    for (let poll = 0; poll < 240; poll += 1) {
      if (poll % 17 === 3) standIn.revokeSessions();
      if (poll % 11 === 5) standIn.faults.add({ fault: 'lose-answer', path: 'feed', count: 1 });
      if (poll % 13 === 7) standIn.faults.add({ fault: 'status', status: 503, path: 'feed', count: 1 });
      try {
        const answer = await read(cursor);
        expect([answer.isGap, answer.refused]).toEqual([false, []]);
        for (const event of answer.events) seen.set(keyOf(event), event);
        cursor = answer.cursor;
      } catch (error) {
        expect(error).toMatchObject({ name: 'UpstreamError' });
      }
      advance(MINUTE_MS / 2);
    }
    for (let last = 0; last < 3; last += 1) {
      const answer = await read(cursor);
      for (const event of answer.events) seen.set(keyOf(event), event);
      cursor = answer.cursor;
    }
    const kept = expected(standIn);
    expect(kept.length).toBeGreaterThan(2_000);
    expect(kept.filter((key) => !seen.has(key))).toEqual([]);
    expect(standIn.truth.summary().refusedSignIns).toBe(0);
    expect(standIn.truth.summary().signIns).toBeLessThanOrEqual(16);
  });

  it('refuses rows that nobody can read, each by itself, and keeps their neighbours', async () => {
    const { standIn, read } = await stage({ eventsPerAnswer: 100_000 });
    standIn.faults.add({ fault: 'garble', garble: 'hostile-rows', path: 'feed', count: 1 });
    const { events, refused } = await read(null);
    expect(refused).toHaveLength(13);
    expect(events.map(keyOf).sort()).toEqual(expected(standIn));
  });

  it('begins anew when its cursor is forgotten, and says that there is a gap', async () => {
    const { standIn, read } = await stage();
    const { cursor } = await read(null);
    standIn.forgetCursors();
    const anew = await read(cursor);
    expect(anew.isGap).toBe(true);
    expect((await read(anew.cursor)).isGap).toBe(false);
  });

  it.each([
    [{}, {}],
    [{ loginIdsInList: false, servicesByCallCenter: true, rowsPerPageMax: 1_000 }, { servicesByCallCenter: true }],
  ])('reads the whole roster (row %#)', async (options, advanced) => {
    const { standIn, roster } = await stage({ agents: 60, services: 23, ...options }, advanced);
    const read = await roster();
    const truth = [...standIn.truth.roster()];
    expect(read?.agents.map(({ agentId, username }) => ({ agentId, username }))).toEqual(
      truth.flatMap((row) =>
        'agentId' in row && 'loginId' in row ? [{ agentId: String(row.agentId), username: row.loginId }] : [],
      ),
    );
    expect(read?.queues).toHaveLength(25);
  });
});
