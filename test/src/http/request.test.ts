import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { createJsonGuard } from '../../../src/http/json-guard.ts';
import { requestJson, requestText } from '../../../src/http/request.ts';
import { UpstreamError } from '../../../src/http/upstream-error.ts';
import { rejection, START_MS, testClock, testNetwork, testWorld } from './support.ts';

const URL_ASKED = 'https://acme.thrio.io/wfm/historical?start=1&key=canary-query';
const ENDPOINT = 'GET /wfm/historical';

/** What becomes of one answer. */
async function ask(answer: () => Response | Promise<Response>, options: object = {}) {
  const { deps } = testWorld(testNetwork(answer));
  return requestText(deps, { url: URL_ASKED, ...options });
}

async function failureOf(answer: () => Response | Promise<Response>, options: object = {}) {
  const error = await rejection(ask(answer, options));
  if (!(error instanceof UpstreamError)) throw new Error('It failed of something else.', { cause: error });
  return { ...error.failure, message: error.message, endpoint: error.endpoint };
}

/** A body that comes in the given pieces and then ends, hangs or breaks. */
function streamed(pieces: readonly (string | Uint8Array)[], end: 'close' | 'hang' | 'error' = 'close') {
  const state = { cancelled: false, pulled: 0 };
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const piece = pieces[state.pulled];
        state.pulled += 1;
        if (piece !== undefined)
          controller.enqueue(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece);
        else if (end === 'close') controller.close();
        else if (end === 'error') controller.error(new Error('Network connection lost.'));
        else return new Promise(() => undefined);
        return undefined;
      },
      cancel() {
        state.cancelled = true;
      },
    },
    { highWaterMark: 0 },
  );
  return { state, response: () => new Response(stream) };
}

describe('a good answer', () => {
  it('comes with its text, its time of arrival and the Date that the other side gave', async () => {
    const headers = { date: 'Mon, 02 Mar 2026 08:55:00 GMT' };
    expect(await ask(() => new Response('{"a":1}', { headers }))).toEqual({
      endpoint: ENDPOINT,
      status: 200,
      text: '{"a":1}',
      askedAtMs: START_MS,
      arrivedAtMs: START_MS,
      dateMs: Date.parse('2026-03-02T08:55:00Z'),
    });
  });

  it('keeps characters whole that were cut between two pieces', async () => {
    const bytes = new TextEncoder().encode('"Pause café 休憩"');
    const pieces = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect((await ask(streamed(pieces).response)).text).toBe('"Pause café 休憩"');
  });

  it('is asked for without following redirects and with the headers given', async () => {
    const network = testNetwork(() => new Response('1'));
    let redirect = '';
    const { deps } = testWorld({
      fetch: (request) => {
        redirect = request.redirect;
        return network.fetch(request);
      },
    });
    await requestText(deps, {
      url: URL_ASKED,
      method: 'POST',
      body: '{"x":1}',
      headers: { authorization: 'raw-token' },
    });
    expect(redirect).toBe('manual');
    expect(network.seen[0]).toMatchObject({ method: 'POST', body: '{"x":1}' });
    expect(network.seen[0]?.headers.get('authorization')).toBe('raw-token');
  });
});

describe('the deadline', () => {
  it('ends a request that never answers, although the fetch overlooks its signal', async () => {
    const clock = testClock();
    const { deps } = testWorld({ fetch: () => new Promise(() => undefined) }, { clock });
    const asked = rejection(requestText(deps, { url: URL_ASKED }));
    await Promise.resolve();
    clock.advance(10_000);
    expect(await asked).toMatchObject({ failure: { kind: 'timeout', timeoutMs: 10_000 }, endpoint: ENDPOINT });
  });

  it.each(['hang', 'one byte now and then'])('ends a body that does not end: %s', async (how) => {
    const clock = testClock();
    const body = streamed(how === 'hang' ? ['{"a":'] : Array.from({ length: 30 }, () => ' '), 'hang');
    const { deps } = testWorld({ fetch: async () => body.response() }, { clock });
    const asked = rejection(requestText(deps, { url: URL_ASKED, timeoutMs: 3_000 }));
    for (let second = 0; second < 3; second += 1) {
      await new Promise((resolve) => setTimeout(resolve, 1));
      clock.advance(1_000);
    }
    expect(await asked).toMatchObject({ failure: { kind: 'timeout', timeoutMs: 3_000 } });
    expect(body.state.cancelled).toBe(true);
  });

  it('is called a timeout, too, when the fetch itself stops at it', async () => {
    const clock = testClock();
    const fetch = (request: Request) =>
      new Promise<Response>((_, reject) =>
        request.signal.addEventListener('abort', () => reject(new Error('aborted'))),
      );
    const { deps } = testWorld({ fetch }, { clock });
    const asked = rejection(requestText(deps, { url: URL_ASKED }));
    await Promise.resolve();
    clock.advance(10_000);
    expect(await asked).toMatchObject({ failure: { kind: 'timeout' } });
  });
});

describe('a failure', () => {
  it.each([301, 302, 303, 307, 308, 304])('is a redirect when the answer is %i', async (status) => {
    const answer = () => new Response(null, { status, headers: { location: 'https://169.254.169.254/' } });
    expect(await failureOf(answer)).toMatchObject({ kind: 'redirect', status });
  });

  it.each(['http://acme.thrio.io/x', 'https://127.0.0.1/x', 'https://localhost/x', 'nonsense'])(
    'is an address when %s is asked for, and nothing is sent',
    async (url) => {
      const network = testNetwork(() => new Response('1'));
      const error = await rejection(requestText(testWorld(network).deps, { url }));
      expect(error).toMatchObject({ failure: { kind: 'address' } });
      expect(network.seen).toEqual([]);
    },
  );

  it.each([
    [new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ECONNREFUSED' }) }), 'refused'],
    [new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'ENOTFOUND' }) }), 'no such host'],
    [
      new TypeError('fetch failed', { cause: Object.assign(new Error('x'), { code: 'CERT_HAS_EXPIRED' }) }),
      'not trusted (CERT_HAS_EXPIRED)',
    ],
    [new Error('Network connection lost.'), 'Network connection lost.'],
    [new Error('internal error; reference = u8en36p0'), 'no such host, or its certificate'],
    ['a string', 'the connection failed'],
  ])('says why the network failed (row %#)', async (thrown, words) => {
    const failure = await failureOf(() => Promise.reject(thrown));
    expect(failure).toMatchObject({ kind: 'unreachable', detail: expect.stringContaining(words) });
  });

  it('is a broken connection when the body breaks off', async () => {
    expect(await failureOf(streamed(['{"a":'], 'error').response)).toMatchObject({ kind: 'unreachable' });
  });

  it.each<[string, number | null, string]>([
    ['7', 7_000, 'seconds'],
    ['0', 0, 'at once'],
    ['99999', 3_600_000, 'at most an hour'],
    ['Mon, 02 Mar 2026 09:00:30 GMT', 30_000, 'a date'],
    ['Mon, 02 Mar 2026 08:00:00 GMT', 0, 'a date in the past'],
    ['Tue, 03 Mar 2026 09:00:00 GMT', 3_600_000, 'a date too far'],
    ['soon', null, 'nonsense'],
    ['-5', null, 'less than nothing'],
    ['1e3', null, 'a form that is not allowed'],
  ])('reads Retry-After %s as %s: %s', async (text, retryAfterMs) => {
    const answer = () => new Response(null, { status: 429, headers: { 'retry-after': text } });
    expect(await failureOf(answer)).toMatchObject({ kind: 'status', status: 429, retryAfterMs });
  });

  it.each([
    ['{"code":"E1","message":"No such thing"}', {}, 'No such thing (code E1)'],
    ['{"type":"t","message":"Bad","code":3,"param":"p"}', {}, 'Bad (code 3)'],
    ['{"error":{"message":"Deep"}}', {}, 'Deep'],
    ['{"errors":["one","two"]}', {}, 'one; two'],
    ['"words"', {}, 'words'],
    ['plain words', {}, 'plain words'],
    ['', { icStatusDescription: 'From the header' }, 'From the header'],
    ['{"message":"Body"}', { icStatusDescription: 'Header' }, 'Header; Body'],
    ['{"message":"Same"}', { icStatusDescription: 'Same' }, 'Same'],
    ['<html><title>503 Busy</title></html>', {}, '503 Busy'],
    ['{"message":"cut', {}, ''],
    ['{"__proto__":{"message":"x"}}', {}, ''],
    ['a\u0000b\u001b[31m\u202ec\nd', {}, 'a b [31m c d'],
  ])('repeats the words of %o', async (body, headers, detail) => {
    expect(await failureOf(() => new Response(body, { status: 503, headers }))).toMatchObject({ detail });
  });

  it('never repeats a secret, the token or a query, and stays short', async () => {
    const secret = 'p"ss wörd/1';
    const echo = [
      'Bearer canary-token-123456',
      secret,
      encodeURIComponent(secret),
      JSON.stringify(secret),
      'https://acme.thrio.io/x?key=canary-query',
      'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    ].join(' ');
    const options = { headers: { authorization: 'Bearer canary-token-123456' }, secrets: [secret] };
    for (const body of [echo, JSON.stringify({ message: echo }), `${'x'.repeat(280)}${echo}`]) {
      const { message, endpoint } = await failureOf(() => new Response(body, { status: 400 }), options);
      expect(message).not.toMatch(/canary|p"ss|p\\"ss|p%22ss|eyJ/);
      expect(message.length).toBeLessThan(360);
      expect(endpoint).toBe(ENDPOINT);
    }
  });

  it('leaves no half of a secret that another secret begins', async () => {
    const answer = () => new Response('canary-long', { status: 400 });
    expect(await failureOf(answer, { secrets: ['canary', 'canary-long'] })).toMatchObject({ detail: '[removed]' });
  });

  it.each([
    '{"token":"canary-1234","location":"x"',
    ',{"access_token" : "canary-1234"}',
    '<title>{"refreshToken":"canary-1234</title>',
    'token=canary-1234',
    ':{"sessionId":"canary-1234","agentId":0}',
    '<p>Session ID: canary-1234</p>',
    JSON.stringify({ message: '{\\"id_token\\":\\"canary-1234\\"}' }),
  ])('leaves out a token or a session that a refusal carries all the same: %s', async (body) => {
    const { message } = await failureOf(() => new Response(body, { status: 425 }));
    expect(message).not.toContain('canary');
  });

  it('stops reading the words of a refusal after some kilobytes', async () => {
    const pieces = Array.from({ length: 100 }, () => 'x'.repeat(4_096));
    const body = streamed(pieces);
    const stream = body.response().body;
    expect(await failureOf(() => new Response(stream, { status: 500 }))).toMatchObject({ status: 500 });
    expect(body.state.pulled).toBeLessThan(10);
  });
});

describe('a body that is too much', () => {
  it('is refused by its Content-Length before a byte is read', async () => {
    const body = streamed(['1']);
    const answer = () => new Response(body.response().body, { headers: { 'content-length': '32000001' } });
    expect(await failureOf(answer)).toMatchObject({ kind: 'oversize', limit: '32 MB' });
    expect(body.state.cancelled).toBe(true);
  });

  it('is refused while it is read when it does not say its length', async () => {
    const body = streamed(Array.from({ length: 1_000 }, () => ' '.repeat(1_000)));
    expect(await failureOf(body.response, { bodyBytesMax: 10_000 })).toMatchObject({
      kind: 'oversize',
      limit: '0.01 MB',
    });
    expect(body.state.pulled).toBeLessThan(15);
    expect(body.state.cancelled).toBe(true);
  });

  it('is taken at exactly the cap', async () => {
    expect((await ask(() => new Response('x'.repeat(1_000)), { bodyBytesMax: 1_000 })).text).toHaveLength(1_000);
  });

  it.each([
    ['nests too deep', '['.repeat(100_000), '64 levels of nesting'],
    ['holds too many values', `[${'{},'.repeat(33_000)}`, '2,000,000 values'],
  ])('is refused while it is read when it %s', async (_, piece, limit) => {
    const body = streamed(Array.from({ length: 300 }, () => piece));
    expect(await failureOf(body.response)).toMatchObject({ kind: 'oversize', limit });
    expect(body.state.pulled).toBeLessThan(50);
    expect(body.state.cancelled).toBe(true);
  });

  it.each(['', ' '.repeat(5_000_000)])(
    'is refused before it is parsed when it nests too deep (row %#)',
    async (before) => {
      const { deps } = testWorld(testNetwork(() => new Response(`${before}${'['.repeat(65)}`)));
      const error = await rejection(requestJson(deps, { url: URL_ASKED, schema: z.unknown() }));
      expect(error).toMatchObject({ failure: { kind: 'oversize', limit: '64 levels of nesting' } });
    },
  );
});

describe('JSON', () => {
  const schema = z.object({ a: z.number() });
  const askJson = (body: BodyInit) =>
    requestJson(testWorld(testNetwork(() => new Response(body))).deps, { url: URL_ASKED, schema });

  it('is given in the shape asked for', async () => {
    expect(await askJson('{"a":1,"b":2}')).toMatchObject({ value: { a: 1 }, arrivedAtMs: START_MS });
  });

  it.each([
    ['', 'nothing'],
    ['<!doctype html><p>token=canary', 'an HTML page'],
    ['{"token":"canary', 'cut off'],
    ['null', 'expected object'],
    ['[]', 'expected object'],
    ['{"a":"canary"}', 'a: Invalid input'],
    ['{"a":1e400}', 'a: Invalid input'],
    [Uint8Array.of(0x22, 0xff, 0x22), 'not UTF-8'],
    [Uint8Array.of(0x22, 0xe4), 'not UTF-8'],
  ])('%o is a shape failure that does not quote the answer', async (body, words) => {
    const error = await rejection(askJson(body));
    expect(error).toMatchObject({ failure: { kind: 'shape', issues: expect.stringContaining(words) } });
    expect(String(error)).not.toContain('canary');
  });

  it('with "__proto__" in it changes no prototype', async () => {
    await askJson('{"a":1,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}');
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });
});

describe('the guard', () => {
  const limitOf = (text: string, depthMax: number, cuts: number[] = []) => {
    const guard = createJsonGuard({ depthMax, valuesMax: 1_000_000 });
    const ends = [...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
    let start = 0;
    for (const end of ends) {
      const limit = guard(text.slice(start, end));
      if (limit) return limit;
      start = end;
    }
    return undefined;
  };
  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

  it('passes JSON exactly to its depth, whatever is in its strings and wherever it is cut', () => {
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }),
        fc.array(fc.nat(), { maxLength: 4 }),
        (value, cuts) => {
          const depth = depthOf(value);
          const text = JSON.stringify(value);
          expect(limitOf(text, depth, cuts)).toBeUndefined();
          if (depth > 0) expect(limitOf(text, depth - 1, cuts)).toBeDefined();
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(['"\\\\"', '"\\""', '"a\\\\\\"["', '["\\u005b"]', '"[[["'])('is not misled by %s', (text) => {
    const depth = depthOf(JSON.parse(text));
    for (let cut = 0; cut <= text.length; cut += 1) expect(limitOf(`[${text}]`, depth + 1, [cut])).toBeUndefined();
    for (let cut = 0; cut <= text.length; cut += 1) expect(limitOf(`[${text},[]]`, depth, [cut])).toBeDefined();
  });
});
