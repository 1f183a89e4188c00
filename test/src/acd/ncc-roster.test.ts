import { describe, expect, it } from 'vitest';
import { rejection } from '../http/support.ts';
import { fakeNcc } from './fake-ncc.ts';

const QUEUES = '/data/api/types/queue';
const USERS = '/data/api/types/user';

/** An NCC that lists objects in pages, as asked. */
function listing(lists: { queues?: object[]; users?: object[]; total?: (length: number) => unknown }) {
  const ncc = fakeNcc();
  for (const [path, objects] of [
    [QUEUES, lists.queues ?? []],
    [USERS, lists.users ?? []],
  ] as const) {
    ncc.state.answers.set(path, ({ url }) => {
      const start = Number(url.searchParams.get('start'));
      const page = objects.slice(start, start + Number(url.searchParams.get('rows')));
      return Response.json({ count: page.length, total: (lists.total ?? String)(objects.length), objects: page });
    });
  }
  return ncc;
}

const users = (count: number) =>
  Array.from({ length: count }, (_, index) => ({ _id: `i${index}`, userId: `u${index}` }));

describe('the roster', () => {
  it('names queues and agents as NCC does, in milliseconds', async () => {
    const ncc = listing({
      queues: [
        { _id: 'q-1', queueId: '8057', name: ' Sales & <b>', voiceSLA: 20, chatSLA: 60 },
        { _id: 'q-2', name: null, voiceSLA: 'x' },
      ],
      users: [
        {
          _id: 'a-1',
          userId: '5',
          username: 'ann@acme.com',
          firstName: 'Ann',
          lastName: 'Lee',
          name: 'Ann L',
          enabled: true,
        },
        { _id: 'a-2', userId: 6, username: 'bo@acme.com', firstName: 'Bo', lastName: '休', enabled: false },
        { _id: 'a-3', username: 'cy@acme.com' },
      ],
    });
    expect(await ncc.open().readRoster()).toEqual({
      queues: [
        { queueId: '8057', aliasId: 'q-1', name: 'Sales & <b>', serviceLevelMs: 20_000 },
        { queueId: 'q-2', aliasId: '', name: '', serviceLevelMs: null },
      ],
      agents: [
        { agentId: '5', aliasId: 'a-1', username: 'ann@acme.com', name: 'Ann L', enabled: true },
        { agentId: '6', aliasId: 'a-2', username: 'bo@acme.com', name: 'Bo 休', enabled: false },
        { agentId: 'a-3', aliasId: '', username: 'cy@acme.com', name: 'cy@acme.com', enabled: true },
      ],
    });
  });

  it('is read at the location, without the path of the base URL, and unfiltered', async () => {
    const ncc = listing({});
    await ncc.open().readRoster();
    expect(ncc.network.seen.slice(1).map(({ url }) => url.href)).toEqual([
      `https://c1.thrio.io${QUEUES}?start=0&rows=100`,
      `https://c1.thrio.io${USERS}?start=0&rows=100`,
    ]);
  });

  it.each([0, 1, 99, 100, 101, 250, 300])('of %i users is whole', async (count) => {
    for (const total of [String, Number]) {
      const { agents } = await listing({ users: users(count), total })
        .open()
        .readRoster();
      expect(new Set(agents.map(({ agentId }) => agentId)).size).toBe(count);
    }
  });

  it('keeps the later of two rows with one id', async () => {
    const twice = [
      { userId: '1', name: 'old' },
      { userId: '1', name: 'new' },
    ];
    expect(await listing({ users: twice }).open().readRoster()).toMatchObject({ agents: [{ name: 'new' }] });
  });

  it('ends at an empty page, which is looked at twice when the total says that more should come', async () => {
    const ncc = listing({ users: users(100), total: (length) => length + 5 });
    expect((await ncc.open().readRoster()).agents).toHaveLength(100);
    expect(ncc.network.seen.filter(({ url }) => url.search === '?start=100&rows=100')).toHaveLength(2);
  });

  it('goes on when a page was empty once only', async () => {
    const ncc = listing({ users: users(150) });
    const answer = ncc.state.answers.get(USERS);
    let calls = 0;
    ncc.state.answers.set(USERS, (request) => {
      calls += 1;
      return calls === 2
        ? Response.json({ count: 0, total: '150', objects: [] })
        : (answer?.(request) ?? new Response());
    });
    expect((await ncc.open().readRoster()).agents).toHaveLength(150);
  });

  it.each([
    [() => new Response(null, { status: 503 }), 'status'],
    [() => new Response('<html>'), 'shape'],
    [() => Response.json({}), 'shape'],
    [() => Response.json({ total: 'many', objects: [] }), 'shape'],
    [() => Response.json({ total: -1, objects: [] }), 'shape'],
    [() => Response.json({ total: 150, objects: {} }), 'shape'],
    [() => Response.json({ total: 150, objects: [{ name: 'nobody' }] }), 'shape'],
    [() => Response.json({ total: 150, objects: [null] }), 'shape'],
  ])('is no roster when its second page fails (row %#)', async (page, kind) => {
    const ncc = listing({ users: users(150) });
    const answer = ncc.state.answers.get(USERS);
    ncc.state.answers.set(USERS, (request) =>
      request.url.searchParams.get('start') === '100' ? page() : (answer?.(request) ?? new Response()),
    );
    expect(await rejection(ncc.open().readRoster())).toMatchObject({ failure: { kind }, endpoint: `GET ${USERS}` });
  });

  it('names the row that cannot be read', async () => {
    const ncc = listing({ users: [...users(120), { name: 'nobody' }] });
    expect(await rejection(ncc.open().readRoster())).toMatchObject({
      failure: { issues: expect.stringMatching(/^row 120 .*has neither userId nor _id/) },
    });
  });

  it('does not go round and round when NCC overlooks where to start', async () => {
    const ncc = fakeNcc();
    ncc.answers(QUEUES, { count: 2, total: 500, objects: [{ queueId: 'a' }, { queueId: 'b' }] });
    expect(await rejection(ncc.open().readRoster())).toMatchObject({ failure: { kind: 'shape' } });
    expect(ncc.network.count(QUEUES)).toBe(2);
  });
});
