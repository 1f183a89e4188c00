import { beforeEach, describe, expect, it } from 'vitest';
import { api, createConnection, freshSite } from './site.ts';

const MERGES = { name: 'Both', acd: { kind: 'merged' }, secrets: { accessKeySecret: 'canary-access-key' } };
const member = (into: number, more: object = {}) => ({
  name: 'South',
  timeZone: 'UTC',
  acd: { kind: 'push' },
  wfm: { kind: 'merged', into },
  ...more,
});

beforeEach(() => freshSite());

describe('a connection that hands over to another one', () => {
  it('is saved without secrets, and handed over to the other one where it is pushed', async () => {
    const into = await createConnection(MERGES);
    const { status, body } = await api<{ id: number }>('POST', '/connections', member(into));
    expect(status).toBe(201);
    const { body: read } = await api<{ wfm: object }>('GET', `/connections/${body.id}`);
    expect(read.wfm).toEqual({ kind: 'merged', into });
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
