import { describe, expect, it } from 'vitest';
import { rejection } from '../../http/support.ts';
import { AGENTS, fakeLiveVox, liveVoxSettings, SERVICES } from './fake-livevox.ts';

const CALL_CENTERS = '/configuration/v6.0/callCenters';
const PSEUDO = [
  { queueId: '-4', aliasId: '', name: 'HCI_NO_SKILL', serviceLevelMs: null },
  { queueId: '-3', aliasId: '', name: 'OUTBOUND_NO_SKILL', serviceLevelMs: null },
];

/** A LiveVox that lists objects in pages, at most `cap` at once whatever is asked. */
function listing(lists: { agents?: object[]; services?: object[]; cap?: number; pages?: boolean }) {
  const liveVox = fakeLiveVox();
  const { agents = [], services = [], cap = 1_000, pages = true } = lists;
  for (const [path, field, rows] of [
    [AGENTS, 'agent', agents],
    [SERVICES, 'service', services],
  ] as const) {
    liveVox.state.answers.set(path, ({ url }) => {
      const offset = pages ? Number(url.searchParams.get('offset')) : 0;
      const count = pages ? Math.min(cap, Number(url.searchParams.get('count'))) : rows.length;
      return Response.json({ [field]: rows.slice(offset, offset + count) });
    });
  }
  return liveVox;
}

const agents = (count: number) => Array.from({ length: count }, (_, id) => ({ id, loginId: `LOGIN${id}` }));

describe('the roster of LiveVox', () => {
  it('names agents by login id and services as queues, with the two pseudo skills', async () => {
    const liveVox = listing({
      agents: [
        { id: 71, loginId: 'ANN', firstName: 'Ann', lastName: 'Lee', active: true },
        { id: '72', loginId: 'BO', firstName: 'Bo', lastName: null },
        { id: 73, loginId: 'GONE', active: false },
      ],
      services: [{ id: 9001, name: ' Sales & <b>' }, { serviceId: 9002 }],
    });
    expect(await liveVox.open().readRoster()).toEqual({
      queues: [
        { queueId: '9001', aliasId: '', name: 'Sales & <b>', serviceLevelMs: null },
        { queueId: '9002', aliasId: '', name: '', serviceLevelMs: null },
        ...PSEUDO,
      ],
      agents: [
        { agentId: '71', aliasId: '', username: 'ANN', name: 'Ann Lee', enabled: true },
        { agentId: '72', aliasId: '', username: 'BO', name: 'Bo', enabled: true },
        { agentId: '73', aliasId: '', username: 'GONE', name: 'GONE', enabled: false },
      ],
    });
  });

  it('names a pseudo skill once when the list has it', async () => {
    const { queues } = await listing({ services: [{ id: -4, name: 'No skill' }] })
      .open()
      .readRoster();
    expect(queues.map(({ queueId, name }) => [queueId, name])).toEqual([
      ['-4', 'No skill'],
      ['-3', 'OUTBOUND_NO_SKILL'],
    ]);
  });

  it.each([0, 1, 99, 100, 101, 250])(
    'of %i agents is whole, also when LiveVox gives fewer at once than asked',
    async (count) => {
      for (const cap of [1_000, 100, 7]) {
        const read = await listing({ agents: agents(count), cap })
          .open()
          .readRoster();
        expect(new Set(read.agents.map(({ agentId }) => agentId)).size).toBe(count);
      }
    },
  );

  it('is whole when LiveVox knows no pages and all fits into one answer', async () => {
    const read = await listing({ agents: agents(20), services: [{ id: 1 }], pages: false })
      .open()
      .readRoster();
    expect([read.agents.length, read.queues.length]).toEqual([20, 3]);
  });

  it('is refused when LiveVox overlooks where to start and there may be more', async () => {
    const liveVox = listing({ agents: agents(50), pages: false });
    const settings = liveVoxSettings({}, { rowsPerPage: 50 });
    expect(await rejection(liveVox.open(settings).readRoster())).toMatchObject({ failure: { kind: 'shape' } });
    expect(liveVox.network.count(AGENTS)).toBe(2);
  });

  it('is asked for as the settings say', async () => {
    const liveVox = fakeLiveVox();
    liveVox.answers('/v9/people', { rows: [] });
    liveVox.answers('/v9/queues', []);
    const settings = liveVoxSettings(
      {},
      {
        agentsPath: '/v9/people',
        servicesPath: '/v9/queues',
        agentsField: 'rows',
        countParameter: 'limit',
        offsetParameter: 'start',
        rowsPerPage: 10,
      },
    );
    expect(await liveVox.open(settings).readRoster()).toEqual({ queues: PSEUDO, agents: [] });
    expect(liveVox.network.seen.slice(1).map(({ url }) => url.href)).toEqual([
      'https://api.livevox.com/v9/queues?limit=10&start=0',
      'https://api.livevox.com/v9/people?limit=10&start=0',
    ]);
  });

  it('asks for agents by themselves where the list has no login id, once, and not for those who left', async () => {
    const liveVox = listing({ agents: [{ id: 1 }, { id: 2, loginId: 'TWO' }, { id: 3, active: false }] });
    liveVox.answers(`${AGENTS}/1`, { loginId: 'ONE', firstName: 'Una' });
    const acd = liveVox.open();
    for (let reading = 0; reading < 2; reading += 1) {
      expect(await acd.readRoster()).toMatchObject({
        agents: [{ username: 'ONE', name: 'Una' }, { username: 'TWO' }, { username: '' }],
      });
    }
    expect(liveVox.network.count(`${AGENTS}/1`)).toBe(1);
    expect(liveVox.network.count(`${AGENTS}/3`)).toBe(0);
  });

  it('does not ask for agents by themselves where the settings say so', async () => {
    const liveVox = listing({ agents: [{ id: 1 }] });
    const settings = liveVoxSettings({}, { readAgentDetails: false });
    expect(await liveVox.open(settings).readRoster()).toMatchObject({ agents: [{ username: '' }] });
  });

  it('asks for services by call centre where the settings say so', async () => {
    const liveVox = listing({});
    liveVox.state.answers.set(CALL_CENTERS, ({ url }) =>
      Response.json({
        callCenter: url.searchParams.get('offset') === '0' ? [{ callCenterId: 5 }, { callCenterId: 6 }] : [],
      }),
    );
    liveVox.state.answers.set(SERVICES, ({ url }) => {
      const id = Number(url.searchParams.get('callCenter'));
      return Response.json({ service: url.searchParams.get('offset') === '0' ? [{ id: id * 10 }, { id: 1 }] : [] });
    });
    const settings = liveVoxSettings({}, { servicesByCallCenter: true });
    const { queues } = await liveVox.open(settings).readRoster();
    expect(queues.map(({ queueId }) => queueId)).toEqual(['50', '1', '60', '-4', '-3']);
  });

  it.each([
    [() => new Response(null, { status: 503 }), 'status'],
    [() => new Response('<html>'), 'shape'],
    [() => Response.json({}), 'shape'],
    [() => Response.json({ agent: {} }), 'shape'],
    [() => Response.json({ agent: [{ loginId: 'nobody' }] }), 'shape'],
    [() => Response.json({ agent: [null] }), 'shape'],
  ])('is no roster when its second page fails (row %#)', async (page, kind) => {
    const liveVox = listing({ agents: agents(150), cap: 100 });
    const answer = liveVox.state.answers.get(AGENTS);
    liveVox.state.answers.set(AGENTS, (request) =>
      request.url.searchParams.get('offset') === '100' ? page() : (answer?.(request) ?? new Response()),
    );
    expect(await rejection(liveVox.open().readRoster())).toMatchObject({
      failure: { kind },
      endpoint: `GET ${AGENTS}`,
    });
  });

  it('is no roster when an agent cannot be asked for', async () => {
    const liveVox = listing({ agents: [{ id: 1 }, { id: 2 }] });
    liveVox.answers(`${AGENTS}/1`, { loginId: 'ONE' });
    expect(await rejection(liveVox.open().readRoster())).toMatchObject({ failure: { kind: 'status', status: 404 } });
  });

  it('ends where LiveVox answers that there is no content', async () => {
    const liveVox = listing({ agents: agents(3), cap: 3 });
    const answer = liveVox.state.answers.get(AGENTS);
    liveVox.state.answers.set(AGENTS, (request) =>
      request.url.searchParams.get('offset') === '0'
        ? (answer?.(request) ?? new Response())
        : new Response(null, { status: 204 }),
    );
    expect((await liveVox.open().readRoster()).agents).toHaveLength(3);
  });
});
