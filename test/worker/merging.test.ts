import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { api, ask, createConnection, freshSite, signIn } from './site.ts';

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
});
