/** A stand-in for NCC's HTTP API: say what it answers, then hand `network.fetch` to the code under test. */
import { nccSettingsSchema } from '../../../src/acd/nextiva-ncc/settings.ts';
import { openNcc } from '../../../src/acd/nextiva-ncc/source.ts';
import type { UpstreamDeps } from '../../../src/http/deps.ts';
import { type SeenRequest, testClock, testNetwork, testSignIns, testTokenCache, testWorld } from '../http/support.ts';

export const PASSWORD = 'pässwörd';
const BASE_URL = 'https://acme.thrio.io/wfm';
const SIGN_IN_PATH = '/provider/token-with-authorities';
const REFRESH_PATH = '/provider/api/token-refresh';

type Settings = Parameters<typeof nccSettingsSchema.parse>[0];

export function nccSettings(overrides: { realTime?: object; historical?: object; advanced?: object } = {}) {
  const group = { baseUrl: BASE_URL, username: 'wfm@acme.com' };
  const settings: Settings = {
    kind: 'nextiva-ncc',
    realTime: { ...group, ...overrides.realTime },
    historical: { ...group, ...overrides.historical },
    advanced: overrides.advanced ?? {},
  };
  return nccSettingsSchema.parse(settings);
}

export function fakeNcc() {
  const clock = testClock();
  const state = {
    /** What the WFM and configuration calls answer, by path. */
    answers: new Map<string, (request: SeenRequest) => Response>(),
    location: 'https://c1.thrio.io' as unknown,
    signIn: null as (() => Response) | null,
    /** Which form of the token is accepted. */
    scheme: 'raw' as 'raw' | 'Bearer' | 'none',
    issued: 0,
    valid: new Set<string>(),
    token: (issued: number): string => `token-${issued}`,
  };
  const issue = () => {
    state.issued += 1;
    const token = state.token(state.issued);
    state.valid.add(token);
    return Response.json({ token, location: state.location, clientLocation: null, authorities: ['WFM'] });
  };
  const isAccepted = (header: string) => {
    const form = header.startsWith('Bearer ') ? 'Bearer' : 'raw';
    return form === state.scheme && state.valid.has(header.replace(/^Bearer /, ''));
  };
  const network = testNetwork((request) => {
    const { pathname } = request.url;
    const authorization = request.headers.get('authorization') ?? '';
    if (pathname === SIGN_IN_PATH) return state.signIn ? state.signIn() : issue();
    if (!isAccepted(authorization)) return Response.json({ code: 401, message: 'Unauthorized' }, { status: 401 });
    if (pathname === REFRESH_PATH) return issue();
    return state.answers.get(pathname)?.(request) ?? new Response(null, { status: 404 });
  });
  const cache = testTokenCache();
  const signIns = testSignIns();
  return {
    clock,
    network,
    state,
    signIns,
    cache,
    signInCount: () => network.count(SIGN_IN_PATH),
    refreshCount: () => network.count(REFRESH_PATH),
    answers(path: string, answer: unknown) {
      state.answers.set(path, () => new Response(typeof answer === 'string' ? answer : JSON.stringify(answer)));
    },
    revokeAll: () => state.valid.clear(),
    open(
      settings = nccSettings(),
      secrets: Record<string, string> = { realTimePassword: PASSWORD, historicalPassword: PASSWORD },
      overrides: Partial<UpstreamDeps> = {},
    ) {
      const { deps } = testWorld(network, { clock, cache: cache.cache, signIns: signIns.memory });
      return openNcc(settings, secrets, { ...deps, ...overrides });
    },
  };
}
