/**
 * Tells a running stand-in to misbehave, or to behave again.
 */
import { UsageError, type Values } from './shared/command-line.ts';

const USUAL_URLS: Record<string, string> = {
  ncc: 'http://127.0.0.1:9101',
  mpower: 'http://127.0.0.1:9102',
  livevox: 'http://127.0.0.1:9103',
};
const TIMEOUT_MS = 5000;

/** Posts, clears or lists the rules; the exit code is 0 when the stand-in did it, 2 when it refused or is not there. */
export async function misbehave({ target, url, clear, retryAfter, ...rule }: Values): Promise<number> {
  const base = url ?? USUAL_URLS[String(target)];
  if (typeof base !== 'string')
    throw new UsageError('Say whom: --target ncc, mpower or livevox, or --url http://127.0.0.1:PORT.');
  const body = { ...rule, ...(retryAfter === undefined ? {} : { retryAfterS: retryAfter }) };
  if (Object.keys(body).length > 0 && rule.fault === undefined)
    throw new UsageError('Say what: --fault status, for example.');
  if (clear === true) return call(base, { method: 'DELETE' });
  if (rule.fault === undefined) return call(base, { method: 'GET' });
  return call(base, { method: 'POST', body: JSON.stringify(body) });
}

async function call(base: string, init: RequestInit): Promise<number> {
  let response: Response;
  try {
    response = await fetch(new URL('/_control/faults', base), { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error);
    console.error(
      `No stand-in answers at ${base}: ${cause}. Start one with npm run simulate -- ncc, mpower or livevox.`,
    );
    return 2;
  }
  console.log(await response.text());
  return response.ok ? 0 : 2;
}
