/**
 * Starts the LiveVox stand-in: the modelled centre behind LiveVox's API on 127.0.0.1, with its truth and its controls.
 */
import { DayModel } from '../ncc/states.ts';
import { StandInServer } from '../shared/server.ts';
import { LiveVoxApi, type LiveVoxParts } from './api.ts';
import { EventFeed } from './events.ts';
import { LiveVoxInside } from './inside.ts';
import { type LiveVoxOptionsInput, liveVoxOptionsSchema } from './options.ts';
import { makeAgents, makeServices } from './roster.ts';
import { ServedEvents } from './served.ts';
import { LiveVoxSessions } from './sessions.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export type RunningLiveVox = Awaited<ReturnType<typeof startLiveVox>>;

/**
 * Starts the stand-in and resolves when it listens. `nowMs` replaces the clock, for tests.
 * @throws z.ZodError for bad options; the system's error (EADDRINUSE) when the port is taken
 */
export async function startLiveVox(input: LiveVoxOptionsInput = {}, nowMs: () => number = Date.now) {
  const options = liveVoxOptionsSchema.parse(input);
  let offsetMs = 0;
  const sourceNowMs = () => nowMs() + offsetMs;
  const agents = makeAgents(options);
  const parts: LiveVoxParts = {
    options,
    agents,
    services: makeServices(options),
    sessions: new LiveVoxSessions(options, sourceNowMs),
    feed: new EventFeed(new DayModel(options), agents, options.eventsKeptHours, sourceNowMs()),
    served: new ServedEvents(),
    nowMs: sourceNowMs,
    trueNowMs: nowMs,
  };
  const api = new LiveVoxApi(parts);
  const server: StandInServer = new StandInServer({
    port: options.port,
    seed: options.seed,
    maxBodyBytes: MAX_BODY_BYTES,
    nowMs: sourceNowMs,
    vendor: (request) => api.handle(request),
    inside: (request) => inside.handle(request),
  });
  const inside = new LiveVoxInside(parts, api, server, (ms) => {
    offsetMs = ms;
  });
  await server.listen();
  return {
    url: server.url,
    options,
    faults: server.faults,
    requests: server.requests,
    truth: inside,
    revokeSessions: () => parts.sessions.revoke(),
    forgetCursors: () => api.forgetCursors(),
    close: () => {
      api.close();
      return server.close();
    },
  };
}
