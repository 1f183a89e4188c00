/**
 * Starts the NCC stand-in: the modelled centre behind NCC's API on 127.0.0.1, with its truth and its controls.
 */
import { StandInServer } from '../shared/server.ts';
import { NccApi, type NccParts } from './api.ts';
import { Board } from './board.ts';
import { FigureModel } from './figures.ts';
import { NccInside } from './inside.ts';
import { type NccOptionsInput, nccOptionsSchema } from './options.ts';
import { makeQueues, makeUsers } from './roster.ts';
import { ServedFigures, ServedStates } from './served.ts';
import { DayModel } from './states.ts';
import { NccTokens } from './tokens.ts';

const MAX_BODY_BYTES = 1024 * 1024;

export type RunningNcc = Awaited<ReturnType<typeof startNcc>>;

/**
 * Starts the stand-in and resolves when it listens. `nowMs` replaces the clock, for tests.
 * @throws z.ZodError for bad options; the system's error (EADDRINUSE) when the port is taken
 */
export async function startNcc(input: NccOptionsInput = {}, nowMs: () => number = Date.now) {
  const options = nccOptionsSchema.parse(input);
  let offsetMs = 0;
  const sourceNowMs = () => nowMs() + offsetMs;
  const location = () => {
    if (options.location !== undefined) return options.location;
    if (options.locationForm === 'bare') return new URL(server.url).host;
    return options.locationForm === 'slash' ? `${server.url}/` : server.url;
  };
  const parts: NccParts = {
    options,
    queues: makeQueues(options),
    users: makeUsers(options),
    board: new Board(new DayModel(options), options),
    figures: new FigureModel(options),
    tokens: new NccTokens(options, sourceNowMs, location),
    servedStates: new ServedStates(options.agents),
    servedFigures: new ServedFigures(),
    nowMs: sourceNowMs,
    trueNowMs: nowMs,
  };
  const api = new NccApi(parts);
  const server: StandInServer = new StandInServer({
    port: options.port,
    seed: options.seed,
    maxBodyBytes: MAX_BODY_BYTES,
    nowMs: sourceNowMs,
    vendor: (request) => api.handle(request),
    inside: (request) => inside.handle(request),
  });
  const setClockOffset = (ms: number) => {
    offsetMs = ms;
  };
  const inside = new NccInside(parts, api, server, setClockOffset);
  await server.listen();
  return {
    url: server.url,
    options,
    faults: server.faults,
    requests: server.requests,
    truth: inside,
    setClockOffset,
    revokeTokens: () => parts.tokens.revoke(),
    close: () => server.close(),
  };
}
