/** A stand-in for LiveVox's HTTP API: say what it answers, then hand `network.fetch` to the code under test. */
import { liveVoxSettingsSchema } from '../../../../src/acd/livevox/settings.ts';
import { openLiveVox } from '../../../../src/acd/livevox/source.ts';
import type { UpstreamDeps } from '../../../../src/http/deps.ts';
import {
  type SeenRequest,
  testClock,
  testNetwork,
  testSignIns,
  testTokenCache,
  testWorld,
} from '../../http/support.ts';

export const PASSWORD = 'pässwörd-canary';
export const ACCESS_TOKEN = 'access-token-canary';
export const SIGN_IN = '/session/v5.0/login';
export const FEED = '/realtime/v6.0/agentEvent/feed';
export const AGENTS = '/configuration/v6.0/agents';
export const SERVICES = '/configuration/v6.0/services';

type Settings = Parameters<typeof liveVoxSettingsSchema.parse>[0];

export function liveVoxSettings(overrides: object = {}, advanced: object = {}) {
  const settings: Settings = { kind: 'livevox', clientName: 'ACME', username: 'wfm', ...overrides, advanced };
  return liveVoxSettingsSchema.parse(settings);
}

/** An event as LiveVox writes it. */
export function event(atMs: number | string, overrides: Record<string, unknown> = {}) {
  return { agentId: 71, eventType: 'READY', lineNumber: 'ACD', sessionId: 's', timestamp: atMs, ...overrides };
}

export function fakeLiveVox() {
  const clock = testClock();
  const state = {
    answers: new Map<string, (request: SeenRequest) => Response>(),
    signIn: null as (() => Response) | null,
    issued: 0,
    valid: new Set<string>(),
    daysUntilPasswordExpires: undefined as unknown,
    /** No session is accepted, however new. */
    refusesAll: false,
  };
  const issue = () => {
    state.issued += 1;
    const sessionId = `session-canary-${state.issued}`;
    state.valid.add(sessionId);
    const { daysUntilPasswordExpires } = state;
    return Response.json({ sessionId, clientId: 1, userId: 2, daysUntilPasswordExpires });
  };
  const network = testNetwork((request) => {
    const { pathname } = request.url;
    if (pathname === SIGN_IN) return state.signIn ? state.signIn() : issue();
    const session = request.headers.get('lv-session') ?? '';
    if (state.refusesAll || !state.valid.has(session)) {
      return Response.json({ code: 401, message: `Session ${session} is not valid` }, { status: 401 });
    }
    return state.answers.get(pathname)?.(request) ?? new Response(null, { status: 404 });
  });
  const cache = testTokenCache();
  const signIns = testSignIns();
  return {
    clock,
    network,
    state,
    cache,
    signIns,
    signInCount: () => network.count(SIGN_IN),
    answers(path: string, answer: unknown) {
      state.answers.set(path, () => new Response(typeof answer === 'string' ? answer : JSON.stringify(answer)));
    },
    /** The feed answers with these rows, whatever is asked. */
    feeds(...rows: unknown[]) {
      this.answers(FEED, { token: 'next', agentEvent: rows });
    },
    endSessions: () => state.valid.clear(),
    open(
      settings = liveVoxSettings(),
      secrets: Record<string, string> = { liveVoxPassword: PASSWORD, liveVoxAccessToken: ACCESS_TOKEN },
      overrides: Partial<UpstreamDeps> = {},
    ) {
      const { deps } = testWorld(network, { clock, cache: cache.cache, signIns: signIns.memory });
      return openLiveVox(settings, secrets, { ...deps, ...overrides });
    },
  };
}
