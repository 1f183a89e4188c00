/**
 * Starts the Mpower stand-in: the WFM's API on 127.0.0.1, with the record of what it accepted and its controls.
 */
import { StandInServer } from '../shared/server.ts';
import { MpowerApi } from './api.ts';
import { MpowerInside } from './inside.ts';
import { Ledger } from './ledger.ts';
import { type MpowerOptionsInput, mpowerOptionsSchema } from './options.ts';
import { MpowerTokens } from './tokens.ts';

export type RunningMpower = Awaited<ReturnType<typeof startMpower>>;

/**
 * Starts the stand-in and resolves when it listens. `nowMs` replaces the clock, for tests.
 * @throws z.ZodError for bad options; the system's error (EADDRINUSE) when the port is taken
 */
export async function startMpower(input: MpowerOptionsInput = {}, nowMs: () => number = Date.now) {
  const options = mpowerOptionsSchema.parse(input);
  const tokens = new MpowerTokens(options, nowMs);
  const ledger = new Ledger();
  const api = new MpowerApi(options, tokens, ledger, () => server.faults, nowMs);
  const server: StandInServer = new StandInServer({
    port: options.port,
    seed: options.seed,
    maxBodyBytes: options.maxBodyBytes,
    nowMs,
    vendor: (request) => api.handle(request),
    inside: (request) => inside.handle(request),
  });
  const inside = new MpowerInside(ledger, tokens, server, nowMs());
  await server.listen();
  return {
    url: server.url,
    options,
    faults: server.faults,
    requests: server.requests,
    truth: inside,
    revokeTokens: () => tokens.revoke(),
    close: () => server.close(),
  };
}
