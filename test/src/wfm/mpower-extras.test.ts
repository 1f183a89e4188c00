import { describe, expect, it } from 'vitest';
import { fakeMpower, mpowerSettings } from './fake-mpower.ts';

describe('a heartbeat', () => {
  it('is not sent where no path is named', async () => {
    const mpower = fakeMpower();
    expect(await mpower.open().sendHeartbeat(0)).toBe(null);
    expect(mpower.network.seen).toEqual([]);
  });

  it('carries the template with type, id and instant in place, and stays JSON whatever they hold', async () => {
    const mpower = fakeMpower();
    const advanced = {
      heartbeatPath: '/beat',
      heartbeatBody: '{"a": ["{acdType}/{acdId}", 1], "at": "{time}", "x": "{y}"}',
    };
    const wfm = mpower.open(mpowerSettings({ acdType: 'T"\\', acdId: '{time}', advanced }));
    expect(await wfm.sendHeartbeat(0)).toEqual({ kind: 'accepted', status: 200 });
    const { url, body } = mpower.network.seen.at(-1) ?? { url: new URL('none:'), body: '' };
    expect(url.pathname).toBe('/beat');
    expect(JSON.parse(body)).toEqual({ a: ['T"\\/{time}', 1], at: '1970-01-01T00:00:00.000Z', x: '{y}' });
  });

  it('that is refused is an outcome, not an error', async () => {
    const mpower = fakeMpower();
    mpower.state.report = () => new Response(null, { status: 404 });
    const outcome = await mpower.open(mpowerSettings({ advanced: { heartbeatPath: '/beat' } })).sendHeartbeat(0);
    expect(outcome).toMatchObject({ kind: 'misconfigured', status: 404 });
  });

  it.each(['', '[]', '"text"', '{"open": '])('has no template that is not a JSON object: %s', (heartbeatBody) => {
    expect(() => mpowerSettings({ advanced: { heartbeatBody } })).toThrow('not a JSON object');
  });
});

describe('ACD details', () => {
  it.each([
    ['a list of names', { acdTypes: ['A', 'B', 'A'] }, ['A', 'B']],
    ['objects with names', { data: [{ acdType: { name: 'A', id: 'x' } }, { acdType: 'B' }] }, ['A', 'B']],
    ['nothing of the kind', { types: ['A'], status: 'ok' }, []],
  ])('offer the types in %s', async (_, answer, acdTypes) => {
    const mpower = fakeMpower();
    mpower.state.report = () => Response.json(answer);
    const details = await mpower.open(mpowerSettings({ advanced: { acdDetailsPath: '/acd' } })).readAcdDetails();
    expect(details?.acdTypes).toEqual(acdTypes);
    expect(mpower.network.seen.at(-1)?.method).toBe('GET');
  });

  it('are asked for with the fixed query of the path', async () => {
    const mpower = fakeMpower();
    mpower.state.report = () => Response.json([]);
    const details = await mpower
      .open(mpowerSettings({ advanced: { acdDetailsPath: '/acd?type=all&x=1' } }))
      .readAcdDetails();
    expect(details?.outcome).toEqual({ kind: 'accepted', status: 200 });
    const { pathname, search } = mpower.network.seen.at(-1)?.url ?? new URL('none:');
    expect([pathname, search]).toEqual(['/acd', '?type=all&x=1']);
  });

  it.each(['acd', '?a=b', '/acd?a=b?c', '/acd#x', '/acd?a b'])('have no path like %s', (acdDetailsPath) => {
    expect(() => mpowerSettings({ advanced: { acdDetailsPath } })).toThrow('A path starts with');
  });

  it('show an answer that is no JSON as it is, cut', async () => {
    const mpower = fakeMpower();
    mpower.state.report = () => new Response('x'.repeat(9_000));
    const details = await mpower.open(mpowerSettings({ advanced: { acdDetailsPath: '/acd' } })).readAcdDetails();
    expect(details?.text).toHaveLength(2_001);
  });
});

it('an answer that is good by its status repeats no token, neither in words of an error nor in ACD details', async () => {
  const mpower = fakeMpower();
  mpower.state.report = () =>
    Response.json({ error: 'failed', message: 'you sent access-1 to us', acdType: 'access-1' });
  const wfm = mpower.open(mpowerSettings({ advanced: { acdDetailsPath: '/acd' } }));
  expect(await wfm.send('agent-states', '{}')).toMatchObject({ reason: expect.stringContaining('you sent [removed]') });
  const details = await wfm.readAcdDetails();
  expect(details?.text).toContain('you sent [removed] to us');
  expect(details?.acdTypes).toEqual(['[removed]']);
});

it('a sign-in that is refused says so', async () => {
  const mpower = fakeMpower();
  expect(await mpower.open().signIn()).toEqual({ kind: 'accepted', status: 200 });
  const other = fakeMpower();
  other.state.signIn = () => Response.json({ message: 'no such key' }, { status: 401 });
  expect(await other.open().signIn()).toMatchObject({ kind: 'misconfigured' });
});
