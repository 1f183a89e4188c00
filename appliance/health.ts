// Asks the bridge on this machine whether it answers, for health checks of containers and services.
import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { StartRefused } from './start-refused.ts';

const LIMIT_MS = 8_000;
const WILDCARDS: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' };

export interface HealthOptions {
  readonly host: string;
  readonly port: number;
  readonly isTls: boolean;
  /** Ask for health, not only for an answer: a bridge that stalls because the ACD is away fails then. */
  readonly isStrict: boolean;
}

/**
 * @returns the status of /healthz: 200 is healthy, 503 stalled or not configured
 * @throws StartRefused when the bridge does not answer, its engine is away, or (strict) it is not healthy
 */
export async function checkHealth({ host, port, isTls, isStrict }: HealthOptions): Promise<number> {
  const { status, isOfBridge } = await ask(isTls, WILDCARDS[host] ?? host, port);
  if (!isOfBridge) throw new StartRefused(`The engine of the bridge does not answer (status ${status}).`);
  if (isStrict && status !== 200) throw new StartRefused(`The bridge answers and is not healthy (status ${status}).`);
  return status;
}

function ask(isTls: boolean, host: string, port: number): Promise<{ status: number; isOfBridge: boolean }> {
  return new Promise((resolve, reject) => {
    // To itself: the certificate names the outside.
    const options = { host, port, path: '/healthz', timeout: LIMIT_MS, signal: AbortSignal.timeout(LIMIT_MS) };
    const request = isTls ? httpsRequest({ ...options, rejectUnauthorized: false }) : httpRequest(options);
    request.once('error', (cause) =>
      reject(new StartRefused(`The bridge does not answer on ${host}, port ${port} (${cause.message}).`, { cause })),
    );
    request.once('response', (response) => {
      response.resume();
      // What the front answers by itself, while the engine is away, is plain text; the Worker answers in JSON.
      const isOfBridge = /json/.test(response.headers['content-type'] ?? '');
      response.once('close', () => resolve({ status: response.statusCode ?? 0, isOfBridge }));
    });
    request.end();
  });
}
