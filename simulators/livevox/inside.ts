/**
 * What the LiveVox stand-in tells and takes besides the vendor's API: the truth, control calls and a page for people.
 */
import * as z from 'zod';
import { type Answer, json, ndjson } from '../shared/answer.ts';
import { homePage } from '../shared/page.ts';
import { parseJson, parseTimeMs } from '../shared/parse.ts';
import type { SimRequest, StandInServer } from '../shared/server.ts';
import type { LiveVoxApi, LiveVoxParts } from './api.ts';
import type { FeedEvent } from './events.ts';

const clockSchema = z.strictObject({ offsetMs: z.int() });
const sessionsSchema = z.union([
  z.strictObject({ revoke: z.literal(true) }),
  z.strictObject({ password: z.string().min(1) }),
]);
const cursorsSchema = z.strictObject({ forget: z.literal(true) });
const eventsSchema = z.strictObject({
  agentId: z.int(),
  eventType: z.string().min(1),
  reason: z.string().default(''),
  line: z.string().default('ACD'),
});

export class LiveVoxInside {
  readonly #parts: LiveVoxParts;
  readonly #api: LiveVoxApi;
  readonly #server: StandInServer;
  readonly #setOffset: (offsetMs: number) => void;
  readonly #startedMs: number;

  constructor(parts: LiveVoxParts, api: LiveVoxApi, server: StandInServer, setOffset: (offsetMs: number) => void) {
    this.#parts = parts;
    this.#api = api;
    this.#server = server;
    this.#setOffset = setOffset;
    this.#startedMs = parts.trueNowMs();
  }

  handle(request: SimRequest): Answer | undefined {
    const { method, path, query } = request;
    if (path.startsWith('/_control/')) return method === 'POST' ? this.#control(path, request.body) : undefined;
    if (method !== 'GET') return undefined;
    if (path === '/') return homePage('LiveVox stand-in', this.summary());
    if (path === '/_truth/summary') return json(200, { standIn: 'LiveVox', ...this.summary() });
    if (path === '/_truth/roster') return ndjson(this.roster());
    if (path !== '/_truth/events') return undefined;
    const [fromMs, toMs] = [query.get('from') ?? '0', query.get('to') ?? '9999-12-31'].map(parseTimeMs);
    if (fromMs === undefined || toMs === undefined || Number.isNaN(fromMs) || Number.isNaN(toMs)) {
      return json(400, { message: 'from and to have to be ISO times or Unix times.' });
    }
    return ndjson(query.get('what') === 'kept' ? this.keptEvents(fromMs, toMs) : this.servedEvents(fromMs, toMs));
  }

  summary() {
    const { options, agents, services, sessions, served, feed, nowMs, trueNowMs } = this.#parts;
    return {
      startedMs: this.#startedMs,
      sourceClockOffsetMs: nowMs() - trueNowMs(),
      seed: options.seed,
      agents: agents.length,
      services: services.length,
      requests: this.#server.requestCount,
      requestsForgotten: this.#server.requests.dropped,
      signIns: sessions.signIns,
      refusedSignIns: sessions.refusedSignIns,
      eventsKept: feed.end - feed.first,
      feedAnswers: served.answers,
      eventsServed: served.size + served.forgotten,
      eventsForgotten: served.forgotten,
      faults: this.#server.faults.list().length,
    };
  }

  *roster(): Generator<object> {
    for (const { id, loginId, firstName, lastName } of this.#parts.agents) {
      yield { kind: 'agent', agentId: id, loginId, name: `${firstName} ${lastName}` };
    }
    for (const { id, name, callCenterId } of this.#parts.services) yield { kind: 'service', id, name, callCenterId };
  }

  /** The events that complete answers brought, each once; the range is of the events' own times. */
  *servedEvents(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<FeedEvent> {
    for (const event of this.#parts.served.values()) if (event.atMs >= fromMs && event.atMs < toMs) yield event;
  }

  /** The events that the feed keeps now, served or not. */
  *keptEvents(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<FeedEvent> {
    for (const event of this.#parts.feed.kept()) if (event.atMs >= fromMs && event.atMs < toMs) yield event;
  }

  #control(path: string, body: string): Answer | undefined {
    const { sessions, feed, agents, nowMs } = this.#parts;
    switch (path) {
      case '/_control/clock':
        return act(body, clockSchema, ({ offsetMs }) => {
          this.#setOffset(offsetMs);
          return undefined;
        });
      case '/_control/sessions':
        return act(body, sessionsSchema, (control) => {
          if ('password' in control) sessions.changePassword(control.password);
          else sessions.revoke();
          return undefined;
        });
      case '/_control/cursors':
        return act(body, cursorsSchema, () => {
          this.#api.forgetCursors();
          return undefined;
        });
      case '/_control/events':
        return act(body, eventsSchema, (event) => {
          if (!agents.some(({ id }) => id === event.agentId)) {
            return 'There is no agent with this id; /_truth/roster lists them.';
          }
          feed.add({ ...event, atMs: nowMs() }, nowMs());
          return undefined;
        });
      default:
        return undefined;
    }
  }
}

function act<T>(body: string, schema: z.ZodType<T>, run: (value: T) => string | undefined): Answer {
  const parsed = parseJson(body, schema);
  if (!parsed.ok) return json(400, { message: parsed.message });
  const refusal = run(parsed.value);
  return typeof refusal === 'string' ? json(400, { message: refusal }) : json(200, { done: true });
}
