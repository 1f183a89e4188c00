import { describe, expect, it } from 'vitest';
import { MPOWER_AREAS } from '../../../src/wfm/cxone-mpower/settings.ts';
import { openWfm } from '../../../src/wfm/registry.ts';
import type { Outcome } from '../../../src/wfm/wfm.ts';
import { rejection, testWorld } from '../http/support.ts';
import { fakeMpower, KEY_ID, mpowerSettings, SECRET } from './fake-mpower.ts';

const BODY = '{"agentStateList":[]}';

async function outcomeOf(report: () => Response | Promise<Response>) {
  const mpower = fakeMpower();
  mpower.state.report = report;
  return mpower.open().send('agent-states', BODY);
}

describe('a body that was sent', () => {
  it('goes as it is to the path of its stream, with the token as Bearer', async () => {
    const mpower = fakeMpower();
    const wfm = mpower.open(mpowerSettings({ advanced: { historicalPath: '/v9/historical' } }));
    await wfm.send('agent-states', BODY);
    await wfm.send('historical', '{"h":1}');
    await wfm.send('agent-activity', '{"a":1}');
    expect(mpower.network.seen.slice(1).map(({ method, url, body }) => [method, url.href, body])).toEqual([
      ['POST', 'https://na1.nice-incontact.com/wfm/acd/v1/agent-states', BODY],
      ['POST', 'https://na1.nice-incontact.com/v9/historical', '{"h":1}'],
      ['POST', 'https://na1.nice-incontact.com/wfm/acd/v1/agent-activity', '{"a":1}'],
    ]);
    expect(mpower.network.seen[1]?.headers.get('authorization')).toBe('Bearer access-1');
    expect(mpower.network.seen[1]?.headers.get('content-type')).toBe('application/json');
  });

  it.each([
    ['', 'nothing, as NICE says'],
    [' \n', 'white space'],
    ['null', 'null'],
    ['{}', 'an empty object'],
    ['[]', 'an empty list'],
    ['{"status":"SUCCESS","id":7}', 'a word of success'],
    ['{"errors":[],"error":null,"success":true}', 'no errors'],
    ['{"code":200,"message":"OK"}', 'a code of success'],
    ['{"errorCode":0,"message":""}', 'error code 0'],
    ['true', 'true'],
    ['OK', 'a word of success, not JSON'],
    ['Accepted', 'another'],
    ['"Accepted"', 'the same as JSON'],
    ['450 records accepted', 'a count that is no status'],
    ['Processed with 0 errors', 'a count of no errors'],
    ['{"errorCode":"0"}', 'the digits of error code 0'],
    ['{"errorCode":"0","errorMessage":"Success"}', 'a message of success in the field of errors'],
    ['{"message":"Accepted","code":"RECEIVED"}', 'a code that is a word'],
    ['{"message":"SUCCESS","code":"S0000"}', 'a code of success'],
    ['{"status":"QUEUED","message":"Queued for processing","code":"Q1"}', 'words that tell of no error'],
    ['[{"id":1,"status":"OK"},{"id":2,"status":"OK"}]', 'a list of successes'],
  ])('is accepted when 200 comes with %o: %s', async (text) => {
    expect(await outcomeOf(() => new Response(text))).toEqual({ kind: 'accepted', status: 200 });
  });

  it.each([201, 202, 204])('is accepted at %i', async (status) => {
    expect(await outcomeOf(() => new Response(null, { status }))).toEqual({ kind: 'accepted', status });
  });

  it.each([
    ['<!doctype html><title>Sign in</title>', 'an HTML page'],
    ['Service temporarily unavailable', 'Service temporarily unavailable'],
    ['Internal error', 'Internal error'],
    ['Request rejected by policy', 'Request rejected'],
    ['HTTP/1.1 502 Bad Gateway', '502 Bad Gateway'],
    ['503', 'an error'],
    ['"Access denied"', 'Access denied'],
    ['false', 'an error'],
    ['{"status":"SUC', 'not JSON'],
    ['[{"id":1},', 'not JSON'],
    ['{"error":"invalid acdType"}', 'invalid acdType'],
    ['{"errors":[{"message":"bad queue"}]}', 'bad queue'],
    ['{"errorCode":17}', 'an error'],
    ['{"ErrorMessage":"bad"}', 'an error'],
    ['{"fault":{"faultstring":"quota","faultcode":"q"}}', 'quota'],
    ['{"status":"FAILED","message":"not taken"}', 'not taken'],
    ['{"status":"error"}', 'an error'],
    ['{"status":500,"title":"oops"}', 'oops'],
    ['{"success":false}', 'an error'],
    ['{"success":"false"}', 'an error'],
    ['{"statusCode":"422"}', 'an error'],
    ['{"message":"Invalid acdType"}', 'Invalid acdType'],
    ['{"status":"PARTIALLY_FAILED"}', 'an error'],
    ['{"status":"ok","errorCode":"0","errors":["queue 7"]}', 'queue 7'],
    ['{"code":"E42","message":"no such tenant"}', 'no such tenant (code E42)'],
    ['[{"id":1},{"error":"second"}]', 'second'],
  ])('is not taken for accepted when 200 comes with %o', async (text, words) => {
    expect(await outcomeOf(() => new Response(text))).toEqual({
      kind: 'unavailable',
      status: 200,
      reason: expect.stringContaining(words),
      retryAfterMs: null,
    });
  });

  it.each<[number, Outcome['kind']]>([
    [400, 'refused'],
    [422, 'refused'],
    [413, 'too large'],
    [402, 'misconfigured'],
    [403, 'misconfigured'],
    [404, 'misconfigured'],
    [405, 'misconfigured'],
    [409, 'misconfigured'],
    [410, 'misconfigured'],
    [415, 'misconfigured'],
    [501, 'misconfigured'],
    [301, 'misconfigured'],
    [307, 'misconfigured'],
    [408, 'unavailable'],
    [425, 'unavailable'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [502, 'unavailable'],
    [503, 'unavailable'],
    [504, 'unavailable'],
    [599, 'unavailable'],
  ])('that is answered %i is %s', async (status, kind) => {
    const outcome = await outcomeOf(() => new Response(null, { status, headers: { 'retry-after': '7' } }));
    expect(outcome).toMatchObject({ kind, status, reason: expect.stringContaining(`answered ${status}`) });
    if (outcome.kind === 'unavailable') expect(outcome.retryAfterMs).toBe(7_000);
  });

  it('is refused in the words of NICE, from the header and the body', async () => {
    const headers = { icStatusDescription: 'queueValue is too long' };
    const outcome = await outcomeOf(() => Response.json({ message: 'Bad request' }, { status: 400, headers }));
    expect(outcome).toMatchObject({
      kind: 'refused',
      reason: expect.stringContaining('queueValue is too long; Bad request'),
    });
  });

  it('may or may not have been accepted when the connection breaks or the answer is endless', async () => {
    const unknown = { kind: 'unavailable', status: null, retryAfterMs: null };
    expect(await outcomeOf(() => Promise.reject(new Error('Network connection lost.')))).toMatchObject(unknown);
    expect(await outcomeOf(() => new Response('x'.repeat(64_001)))).toMatchObject(unknown);
    expect(await outcomeOf(() => new Response(Uint8Array.of(0xff)))).toMatchObject(unknown);
  });

  it('may or may not have been accepted when no answer comes within 15 seconds', async () => {
    const mpower = fakeMpower();
    const wfm = mpower.open();
    await wfm.send('historical', BODY);
    mpower.state.report = () => new Promise(() => undefined);
    const sent = wfm.send('historical', BODY);
    await new Promise((resolve) => setTimeout(resolve, 5));
    mpower.clock.advance(15_000);
    expect(await sent).toMatchObject({ kind: 'unavailable', reason: expect.stringContaining('within 15 s') });
  });

  it('is not sent to an address that may not be called', async () => {
    const mpower = fakeMpower();
    const outcome = await mpower.open(mpowerSettings({ baseUrl: 'http://169.254.169.254' })).send('historical', BODY);
    expect(outcome).toMatchObject({ kind: 'misconfigured', status: null });
    expect(mpower.network.seen).toEqual([]);
  });

  it('never shows the secret or a token in its reason', async () => {
    const mpower = fakeMpower();
    mpower.state.report = () => new Response(`${SECRET} Bearer access-1 access-1`, { status: 400 });
    const reasons = [await mpower.open().send('historical', BODY)];
    mpower.state.signIn = () => new Response(`no key ${KEY_ID} with ${SECRET}`, { status: 400 });
    reasons.push(await mpower.open(mpowerSettings({ tenantName: 'other' })).send('historical', BODY));
    expect(JSON.stringify(reasons)).not.toMatch(/3MMUKO|access-1/);
  });

  it('needs a secret', () => {
    const { deps } = testWorld(fakeMpower().network);
    expect(() => openWfm(mpowerSettings(), {}, deps)).toThrow('access key secret is not set');
  });
});

describe('the access key', () => {
  const bodyFor = async (overrides: object) => {
    const mpower = fakeMpower();
    await mpower.open(mpowerSettings(overrides)).send('historical', BODY);
    return mpower.network.seen[0]?.body;
  };

  it('is sent as NICE documents it, with the tenant name only when it is set', async () => {
    const accessKeyTokenRequest = { accessKeyId: KEY_ID, accessKeySecret: SECRET };
    expect(await bodyFor({})).toBe(JSON.stringify({ accessKeyTokenRequest }));
    expect(await bodyFor({ tenantName: 'acme' })).toBe(JSON.stringify({ tenantName: 'acme', accessKeyTokenRequest }));
  });

  it('is sent flat when the setting says so', async () => {
    const flat = await bodyFor({ advanced: { flatSignInBody: true } });
    expect(flat).toBe(JSON.stringify({ accessKeyId: KEY_ID, accessKeySecret: SECRET }));
  });

  it('is misconfigured when it is refused, and not tried again within 21 minutes', async () => {
    for (const status of [400, 401, 403, 422]) {
      const mpower = fakeMpower();
      mpower.state.signIn = () => new Response('no such key', { status });
      const wfm = mpower.open();
      for (let minute = 0; minute < 21; minute += 1) {
        const outcome = await wfm.send('historical', BODY);
        expect(outcome).toMatchObject({ kind: 'misconfigured', reason: expect.stringContaining('no such key') });
        mpower.clock.advance(60_000);
      }
      expect(mpower.signInCount()).toBe(1);
      await wfm.send('historical', BODY);
      expect(mpower.signInCount()).toBe(2);
    }
  });

  it.each<[number, Outcome['kind']]>([
    [404, 'misconfigured'],
    [413, 'misconfigured'],
    [302, 'misconfigured'],
    [429, 'unavailable'],
    [503, 'unavailable'],
  ])('answered %i makes the outcome %s: it says nothing about the body', async (status, kind) => {
    const mpower = fakeMpower();
    mpower.state.signIn = () => new Response(null, { status });
    expect(await mpower.open().send('historical', BODY)).toMatchObject({ kind, status });
  });
});

describe('a token of Mpower', () => {
  it.each([
    ['a life in seconds', 3_600],
    ['the digits of one', '3600'],
    ['the end as a Unix time', fakeMpower().clock.nowMs() / 1_000 + 3_600],
    ['nothing, which counts as an hour', null],
  ])('is refreshed at 80 %% of its life, given as %s', async (_, expiresIn) => {
    const mpower = fakeMpower();
    mpower.state.expiresIn = expiresIn;
    const wfm = mpower.open();
    await wfm.send('historical', BODY);
    mpower.clock.advance(0.8 * 3_600_000 - 1);
    await wfm.send('historical', BODY);
    expect(mpower.refreshCount()).toBe(0);
    mpower.clock.advance(1);
    await wfm.send('historical', BODY);
    expect([mpower.refreshCount(), mpower.signInCount()]).toEqual([1, 1]);
    expect(mpower.network.seen.at(-2)?.body).toBe('{"token":"refresh-1","updateCookie":true,"toggleEnabled":false}');
    expect(mpower.network.seen.at(-1)?.headers.get('authorization')).toBe('Bearer access-2');
  });

  it('is refreshed with the newest refresh token, life after life', async () => {
    const mpower = fakeMpower();
    const wfm = mpower.open();
    for (let life = 0; life < 50; life += 1) {
      expect(await wfm.send('historical', BODY)).toMatchObject({ kind: 'accepted' });
      mpower.clock.advance(3_000_000);
    }
    expect([mpower.signInCount(), mpower.refreshCount()]).toEqual([1, 49]);
  });

  it('is got with the access key once when the refresh is refused', async () => {
    const mpower = fakeMpower();
    const wfm = mpower.open();
    await wfm.send('historical', BODY);
    mpower.state.refresh = () => new Response(null, { status: 400 });
    mpower.clock.advance(3_000_000);
    expect(await wfm.send('historical', BODY)).toMatchObject({ kind: 'accepted' });
    expect([mpower.signInCount(), mpower.refreshCount()]).toEqual([2, 1]);
  });

  it('that is refused is renewed once, and the body is sent once more', async () => {
    const mpower = fakeMpower();
    const wfm = mpower.open();
    await wfm.send('historical', BODY);
    mpower.state.valid.clear();
    const outcomes = await Promise.all(Array.from({ length: 500 }, () => wfm.send('historical', BODY)));
    expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']));
    expect(mpower.signInCount()).toBe(2);
  });

  it('that is refused afresh is misconfigured, without a storm of sign-ins', async () => {
    const mpower = fakeMpower();
    mpower.state.report = () => new Response(null, { status: 401 });
    const wfm = mpower.open();
    expect(await wfm.send('historical', BODY)).toMatchObject({ kind: 'misconfigured', status: 401 });
    expect(mpower.network.count('/wfm/acd/v1/historical')).toBe(2);
    const signIns = mpower.signInCount();
    expect(await wfm.send('historical', BODY)).toMatchObject({ kind: 'misconfigured' });
    expect(mpower.signInCount()).toBe(signIns);
  });

  it.each([
    [() => Response.json({}), 'no token'],
    [() => Response.json({ access_token: 'a b' }), 'no token that can stand in a header'],
    [() => Response.json({ access_token: 'a', expires_in: -1 }), 'a life below zero'],
    [() => new Response('<html>'), 'an HTML page'],
  ])('is not there when the sign-in answers with something else (row %#: %s)', async (signIn) => {
    const mpower = fakeMpower();
    mpower.state.signIn = signIn;
    expect(await mpower.open().send('historical', BODY)).toMatchObject({ kind: 'unavailable', status: null });
  });
});

it('the areas of CXone are whole addresses', () => {
  expect(MPOWER_AREAS.map(({ baseUrl }) => baseUrl)).toContain('https://na1.nice-incontact.com');
});

it('compose never sends', async () => {
  const mpower = fakeMpower();
  mpower.open().compose({ stream: 'agent-states', events: [] });
  const invalid = { loginId: 'a', eventCode: 'b', reasonCode: '', stateClass: 'ready' as const, atMs: Number.NaN };
  const composed = Promise.resolve().then(() => mpower.open().compose({ stream: 'agent-states', events: [invalid] }));
  expect(await rejection(composed)).toBeInstanceOf(RangeError);
  expect(mpower.network.seen).toEqual([]);
});
