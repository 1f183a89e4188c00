/**
 * Calls Nextiva NCC with a token: a refused one is renewed once and the call repeated once; the form in which NCC wants
 * its token is found out and remembered (contracts/nextiva-ncc.md, "Signing in").
 */
import type { UpstreamDeps } from '../../http/deps.ts';
import { requestText, type TextAnswer } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import type { TokenKeeper } from '../../http/token-keeper.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import { authorizationOf } from './token.ts';

export interface NccClient {
  /** GETs `{location}{path}{query}`. `query` begins with "?" or is ''. Throws only `UpstreamError`. */
  get(path: string, query?: string): Promise<TextAnswer>;
  /** POSTs `body`, which is JSON, to `{location}{path}{query}`. Throws only `UpstreamError`. */
  post(path: string, query: string, body: string): Promise<TextAnswer>;
}

export function createNccClient(keeper: TokenKeeper, password: string, deps: UpstreamDeps): NccClient {
  /** One call with a token; `body` null: a GET. */
  async function call(target: string, body: string | null, token: Token, scheme: string): Promise<TextAnswer> {
    const authorization = authorizationOf(token, scheme);
    const answer = await requestText(deps, {
      url: `${token.location}${target}`,
      ...(body === null
        ? { headers: { authorization } }
        : { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body }),
      secrets: [password, token.value],
    });
    await keeper.accepted(token, scheme);
    return answer;
  }

  async function answerOf(target: string, body: string | null): Promise<TextAnswer> {
    let token = await keeper.token();
    const scheme = token.scheme === '' ? 'raw' : token.scheme;
    const first = await unlessRefused(call(target, body, token, scheme));
    if (first.answer) return first.answer;
    if (!keeper.isUntried(token)) {
      token = await keeper.renewAfterRefusal(token);
      const second = await unlessRefused(call(target, body, token, scheme));
      if (second.answer) return second.answer;
    }
    // A fresh token refused: perhaps it is only wanted in the other form.
    const other = await unlessRefused(call(target, body, token, scheme === 'raw' ? 'Bearer' : 'raw'));
    if (other.answer) return other.answer;
    throw keeper.refusedAfresh(token, other.endpoint);
  }

  return {
    get: (path, query = '') => answerOf(`${path}${query}`, null),
    post: (path, query, body) => answerOf(`${path}${query}`, body),
  };
}

type Attempt = { readonly answer: TextAnswer } | { readonly answer?: undefined; readonly endpoint: string };

/** Turns a 401 into data; everything else is thrown. */
async function unlessRefused(call: Promise<TextAnswer>): Promise<Attempt> {
  try {
    return { answer: await call };
  } catch (error) {
    if (error instanceof UpstreamError && error.failure.kind === 'status' && error.failure.status === 401) {
      return { endpoint: error.endpoint };
    }
    throw error;
  }
}
