/** A stand-in for CXone Mpower: say how it answers, then hand `network.fetch` to the code under test. */
import type { UpstreamDeps } from '../../../src/http/deps.ts';
import { mpowerSettingsSchema } from '../../../src/wfm/cxone-mpower/settings.ts';
import { openWfm } from '../../../src/wfm/registry.ts';
import { testClock, testNetwork, testSignIns, testTokenCache, testWorld } from '../http/support.ts';

export const SECRET = '3MMUKO7PCQ====';
export const KEY_ID = 'ICIK6JQHUUZANCQ====';
const SIGN_IN_PATH = '/authentication/v1/token/access-key';
const REFRESH_PATH = '/public/authentication/v1/refresh';

export function mpowerSettings(overrides: object = {}) {
  return mpowerSettingsSchema.parse({
    kind: 'cxone-mpower',
    baseUrl: 'https://na1.nice-incontact.com/',
    accessKeyId: KEY_ID,
    ...overrides,
  });
}

export function fakeMpower() {
  const clock = testClock();
  const state = {
    report: (): Response | Promise<Response> => new Response(null, { status: 200 }),
    signIn: null as (() => Response) | null,
    refresh: null as (() => Response) | null,
    expiresIn: 3_600 as unknown,
    issued: 0,
    valid: new Set<string>(),
    refreshToken: '',
  };
  const issue = () => {
    state.issued += 1;
    const token = `access-${state.issued}`;
    state.valid.add(token);
    state.refreshToken = `refresh-${state.issued}`;
    return { token, refreshToken: state.refreshToken };
  };
  const network = testNetwork((request) => {
    const { pathname } = request.url;
    if (pathname === SIGN_IN_PATH) {
      if (state.signIn) return state.signIn();
      const { token, refreshToken } = issue();
      return Response.json({
        id_token: 'id',
        token_type: 'Bearer',
        expires_in: state.expiresIn,
        refresh_token: refreshToken,
        access_token: token,
      });
    }
    if (pathname === REFRESH_PATH) {
      if (state.refresh) return state.refresh();
      if (JSON.parse(request.body).token !== state.refreshToken) return new Response(null, { status: 400 });
      const { token, refreshToken } = issue();
      return Response.json({
        token,
        tokenExpirationTimeSec: state.expiresIn,
        refreshToken,
        refreshTokenExpirationTimeSec: 7_200,
        sessionId: null,
      });
    }
    const token = request.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
    return state.valid.has(token) ? state.report() : new Response(null, { status: 401 });
  });
  const cache = testTokenCache();
  const signIns = testSignIns();
  return {
    clock,
    network,
    state,
    signInCount: () => network.count(SIGN_IN_PATH),
    refreshCount: () => network.count(REFRESH_PATH),
    open(settings = mpowerSettings(), overrides: Partial<UpstreamDeps> = {}) {
      const { deps } = testWorld(network, { clock, cache: cache.cache, signIns: signIns.memory });
      return openWfm(settings, { accessKeySecret: SECRET }, { ...deps, ...overrides });
    },
  };
}
