/** What the faults that are on at the moment do to one call: to a vendor, to D1, to KV. */
import type { Random } from '../../simulators/shared/random.ts';
import type { D1Weather } from './d1.ts';
import type { Fault, FaultKind } from './faults.ts';
import { json, NCC_ORIGIN } from './ncc.ts';
import type { Carriage, Exchange, NetWeather, Reply } from './network.ts';

export type ActiveFaults = ReadonlyMap<FaultKind, readonly Fault[]>;

const page = (status: number): Reply => ({
  status,
  headers: { 'content-type': 'text/html' },
  text: '<html><head><title>Service unavailable</title></head></html>',
});

/** Which calls of NCC a fault is about. */
function concerns({ choice }: Fault, path: string): boolean {
  if (choice < 0.5) return true;
  if (choice < 0.7) return path === '/wfm/realTime';
  if (choice < 0.85) return path === '/wfm/historical';
  return path.startsWith('/provider/') || path.startsWith('/data/');
}

function trouble({ measure }: Fault, random: Random, nowMs: number): { carriage?: Carriage; instead?: Reply } {
  if (measure < 0.15) return { instead: json(500, { code: 500, message: 'Internal error' }) };
  if (measure < 0.3) return { instead: page(503) };
  if (measure < 0.4) return { instead: { ...page(503), headers: { 'retry-after': '30' } } };
  if (measure < 0.5) {
    return { instead: { status: 429, headers: { 'retry-after': new Date(nowMs + 45_000).toUTCString() }, text: '' } };
  }
  if (measure < 0.6) return { instead: { status: 429, headers: { 'retry-after': '20' }, text: 'slow down' } };
  if (measure < 0.75) return { carriage: 'reset before' };
  if (measure < 0.9) return { carriage: 'lost before' };
  return random.next() < 0.5 ? { instead: json(502, {}) } : {};
}

const JUNK = [
  '<html><title>Sign in</title></html>',
  '',
  'null',
  '{}',
  '{"code":500,"message":"x"}',
  '[{"agent-id":',
  '"text"',
  '{"objects":{}}',
];

function nccWeather(
  active: ActiveFaults,
  path: string,
  random: Random,
  nowMs: number,
): { carriage?: Carriage; instead?: Reply; backMs?: number } {
  for (const fault of [...(active.get('S1') ?? []), ...(active.get('S1days') ?? [])]) {
    if (fault.kind === 'S1days' || concerns(fault, path)) {
      const found = trouble(fault, random, nowMs);
      if (found.carriage || found.instead) return found;
    }
  }
  for (const fault of active.get('S2') ?? []) {
    if (!concerns(fault, path)) continue;
    const kinds: Carriage[] = ['lost before', 'lost after', 'stuck', 'cut', 'dribble', 'reset after'];
    return { carriage: kinds[Math.floor(fault.measure * kinds.length)] ?? 'cut' };
  }
  for (const fault of active.get('S3') ?? []) {
    if (!concerns(fault, path) || path.startsWith('/provider/')) continue;
    const headers = fault.measure > 0.9 ? { 'content-length': '104857600' } : {};
    return {
      instead: {
        status: 200,
        headers,
        text: fault.measure > 0.8 ? '['.repeat(5_000) : (JUNK[Math.floor(random.next() * JUNK.length)] ?? ''),
      },
    };
  }
  if (path === '/provider/token-with-authorities' && active.has('A4'))
    return { backMs: (active.get('A4')?.[0]?.choice ?? 0) > 0.5 ? 12_000 : 7_000 };
  const refresh = active.get('A2')?.[0];
  if (refresh && path === '/provider/api/token-refresh' && refresh.choice < 0.4) return { carriage: 'lost after' };
  const tls = active.get('A6')?.[0];
  if (tls && tls.choice < 0.5) return { carriage: 'bad certificate' };
  return {};
}

function mpowerWeather(
  active: ActiveFaults,
  path: string,
  random: Random,
  nowMs: number,
): { carriage?: Carriage; instead?: Reply; backMs?: number } {
  for (const fault of [...(active.get('K1') ?? []), ...(active.get('K1days') ?? [])]) {
    const found = trouble(fault, random, nowMs);
    if (found.carriage || found.instead) return found;
  }
  for (const fault of active.get('K2') ?? []) {
    if (random.next() < 0.3 + fault.choice) return { carriage: fault.measure < 0.5 ? 'lost after' : 'reset after' };
  }
  for (const fault of active.get('K5') ?? []) {
    if (fault.choice < 0.4) continue;
    return fault.choice < 0.7
      ? { instead: { status: 429, headers: { 'retry-after': '15' }, text: '' } }
      : { instead: page(503) };
  }
  const closed = active.get('K403')?.[0];
  if (closed && path.startsWith('/wfm/')) return { instead: json(closed.choice < 0.5 ? 403 : 404, { message: 'no' }) };
  if (path === '/authentication/v1/token/access-key' && active.has('A4')) return { backMs: 8_000 };
  const refresh = active.get('A2')?.[0];
  if (refresh && path === '/public/authentication/v1/refresh' && refresh.choice >= 0.6)
    return { carriage: 'lost after' };
  const tls = active.get('A6')?.[0];
  if (tls && tls.choice >= 0.5) return { carriage: 'bad certificate' };
  return {};
}

export function netWeather(active: ActiveFaults, { url }: Exchange, random: Random, nowMs: number): NetWeather {
  const usual = {
    outMs: 5 + Math.floor(random.next() * 60),
    backMs: 10 + Math.floor(random.next() * 150),
    carriage: 'whole' as const,
    instead: null,
  };
  if (active.size === 0) return usual;
  const isNcc = url.origin === NCC_ORIGIN;
  return { ...usual, ...(isNcc ? nccWeather : mpowerWeather)(active, url.pathname, random, nowMs) };
}

export function d1Weather(active: ActiveFaults, random: Random, writes: boolean): D1Weather {
  const dice = random.next();
  const usual = { latencyMs: dice < 0.7 ? 1 : 1 + Math.floor(random.next() * 12), fails: null };
  if (active.size === 0) return usual;
  if (active.has('D3') && writes) return { ...usual, fails: 'disk full' };
  const errors = active.get('D4')?.[0];
  if (errors && random.next() < 0.05 + errors.measure)
    return { ...usual, fails: random.next() < errors.choice ? 'after' : 'before' };
  const stall = active.get('D4stall')?.[0];
  if (stall && random.next() < 0.3) {
    const latencyMs = 2_000 + Math.floor(random.next() * 78_000);
    const failing = random.next();
    return { latencyMs, fails: failing < 0.2 ? 'before' : failing < 0.4 ? 'after' : null };
  }
  return usual;
}
