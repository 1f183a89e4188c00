import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ask, createConnection, freshSite, post, signIn } from './site.ts';

const MERGES = { name: 'Both', acd: { kind: 'merged' }, secrets: { accessKeySecret: 'canary-access-key' } };
const member = (into: number, more: object = {}) => ({
  name: 'South',
  timeZone: 'UTC',
  acd: { kind: 'push' },
  wfm: { kind: 'merged', into },
  ...more,
});

beforeEach(() => freshSite());
afterEach(() => vi.restoreAllMocks());

describe('a connection that hands over to another one', () => {
  it('is saved without secrets', async () => {
    const into = await createConnection(MERGES);
    const { status, body } = await api<{ id: number }>('POST', '/connections', member(into));
    expect(status).toBe(201);
    const { body: read } = await api<{ wfm: object }>('GET', `/connections/${body.id}`);
    expect(read.wfm).toEqual({ kind: 'merged', into });
  });

  it('brings what it is told to the other one, where the page of agents says whose word counts', async () => {
    const into = await createConnection(MERGES);
    const { body } = await api<{ id: number }>('POST', '/connections', member(into));
    const records = [{ agentId: 'ann', at: new Date().toISOString(), state: 'Contact' }];
    await api('POST', `/connections/${body.id}/push/state-changes`, { records });
    const cookie = await signIn();
    await vi.waitFor(
      async () => {
        const page = await (await ask(`/connections/${into}/agents`, { headers: { cookie } })).text();
        expect(page).toMatch(/Contact<\/span><span class="quiet"> from South/);
      },
      { timeout: 10_000, interval: 200 },
    );
  });

  it.each([
    ['nobody', 99, {}, /no connection 99/],
    ['one that merges none', 0, {}, /merges no connections/],
    ['another one with reports of half an hour', 1, { collection: { reportMinutes: 30 } }, /15 minutes/],
    ['another one while it merges itself', 1, { acd: { kind: 'merged' } }, /cannot hand over/],
  ])('cannot hand over to %s', async (_what, which, more, words) => {
    const plain = await createConnection({
      name: 'Plain',
      acd: { kind: 'push' },
      secrets: { accessKeySecret: 'canary-access-key' },
    });
    const merging = await createConnection(MERGES);
    const { status, body } = await api('POST', '/connections', member([plain, merging][which] ?? which, more));
    expect(status).toBe(400);
    expect(JSON.stringify(body)).toMatch(words);
  });

  it('chooses it by its name', async () => {
    const into = await createConnection(MERGES);
    await createConnection({ name: 'Plain', acd: { kind: 'push' }, secrets: { accessKeySecret: 'canary-access-key' } });
    const headers = { cookie: await signIn() };
    const fresh = await (await ask('/connections/new?acd.kind=push&wfm.kind=merged', { headers })).text();
    expect(choicesOf(fresh)).toEqual(['Choose a connection', 'Both']);
    const fields = { name: 'South', timeZone: 'UTC', 'acd.kind': 'push', 'wfm.kind': 'merged', ...COLLECTION };
    const nothing = await post('/connections/new', { ...fields, 'wfm.into': '' }, { headers });
    expect(nothing.status).toBe(422);
    expect(await nothing.text()).toContain('Choose the merged connection');
    const saved = await post('/connections/new', { ...fields, 'wfm.into': String(into) }, { headers });
    expect(saved.status).toBe(303);
    const member = await (await ask(`/connections/${into + 2}`, { headers })).text();
    expect(member).toMatch(new RegExp(`<option value="${into}" selected(="")?>Both</option>`));
  });

  it('says what to do first where no connection merges', async () => {
    await createConnection({ name: 'Plain', acd: { kind: 'push' }, secrets: { accessKeySecret: 'canary-access-key' } });
    const headers = { cookie: await signIn() };
    const page = await (await ask('/connections/new?acd.kind=push&wfm.kind=merged', { headers })).text();
    expect(choicesOf(page)).toEqual(['Choose a connection']);
    expect(page).toContain('There is no such connection yet.');
    expect(page).toContain('href="/connections/new?acd.kind=merged"');
  });

  it('keeps the one that it chose in sight when that one is gone', async () => {
    const into = await createConnection(MERGES);
    const { body } = await api<{ id: number }>('POST', '/connections', member(into));
    await api('DELETE', `/connections/${into}`);
    const headers = { cookie: await signIn() };
    const page = await (await ask(`/connections/${body.id}`, { headers })).text();
    expect(choicesOf(page)).toEqual([`Connection ${into}, which cannot be chosen any more`]);
  });

  it('is set up without the steps in the WFM, which are those of the connection that delivers', async () => {
    const into = await createConnection(MERGES);
    const { body } = await api<{ id: number }>('POST', '/connections', member(into));
    const headers = { cookie: await signIn() };
    const page = await (await ask(`/setup?connection=${body.id}`, { headers })).text();
    for (const step of ['role', 'employee', 'access-key', 'skills', 'code-book']) {
      expect(page).not.toContain(`id="${step}"`);
    }
    expect(page).toMatch(new RegExp(`<a href="/setup\\?connection=${into}">Both</a> delivers to CXone`));
    const of = async (id: number) => {
      const answer = await api<{ steps: { step: string }[] }>('GET', `/setup?connection=${id}`);
      return answer.body.steps.map(({ step }) => step);
    };
    expect(await of(body.id)).not.toContain('access-key');
    expect(await of(into)).toEqual(expect.arrayContaining(['role', 'employee', 'access-key', 'code-book']));
  });
});

/** What a new form sends of the settings that everybody has. */
const COLLECTION = {
  'collection.settleDelayS': '120',
  'collection.reReadAfterMinutes': '17, 32, 60, 180, 1440',
  'collection.reportMinutes': '15',
  'collection.missingAnswersToSignOut': '2',
  'collection.shortPct': '0',
  'collection.catchUpBodiesPerMinute': '60',
  'collection.retentionDays.stateChanges': '400',
  'collection.retentionDays.stateLog': '60',
  'collection.retentionDays.queueIntervals': '400',
  'collection.retentionDays.reportBodies': '60',
  'collection.retentionDays.events': '400',
};

const choicesOf = (page: string): string[] => {
  const [, select = ''] = /<select id="field-wfm-into"[^>]*>(.*?)<\/select>/s.exec(page) ?? [];
  return [...select.matchAll(/<option[^>]*>([^<]*)<\/option>/g)].map(([, label = '']) => label);
};
