/**
 * LiveVox's API as the contract has it: sign-in, the feed of agent events with its cursor, agents and services in pages.
 * Refuses whatever is not signed in, not paged or not exactly the body that is documented.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import * as z from 'zod';
import { type Answer, json } from '../shared/answer.ts';
import { parseJson } from '../shared/parse.ts';
import { hash } from '../shared/random.ts';
import type { SimRequest } from '../shared/server.ts';
import type { EventFeed, FeedEvent } from './events.ts';
import type { LiveVoxOptions } from './options.ts';
import type { Agent, Service } from './roster.ts';
import type { ServedEvents } from './served.ts';
import { type LiveVoxSessions, refused } from './sessions.ts';

const LOOK_EVERY_MS = 50;
const feedSchema = z.strictObject({ token: z.string().optional() });

export interface LiveVoxParts {
  readonly options: LiveVoxOptions;
  readonly agents: readonly Agent[];
  readonly services: readonly Service[];
  readonly sessions: LiveVoxSessions;
  readonly feed: EventFeed;
  readonly served: ServedEvents;
  /** LiveVox's clock, which control calls can put wrong. */
  readonly nowMs: () => number;
  /** The machine's clock, in which the truth is kept. */
  readonly trueNowMs: () => number;
}

type Route = (request: SimRequest) => Answer | Promise<Answer>;

export class LiveVoxApi {
  /** Cursors of an earlier age are not known any more. */
  #age = 1;
  #isClosed = false;
  readonly #parts: LiveVoxParts;

  constructor(parts: LiveVoxParts) {
    this.#parts = parts;
  }

  handle(request: SimRequest): Answer | Promise<Answer> {
    const found = this.#route(request.path);
    if (found === undefined) return refused(404, `There is no ${request.path}.`);
    const [method, route] = found;
    if (request.method !== method)
      return { ...refused(405, `${request.path} takes ${method} only.`), headers: { allow: method } };
    if (method === 'POST' && !/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return refused(415, 'The content type has to be application/json.');
    }
    return route(request);
  }

  /** Every cursor that was given out becomes too old. */
  forgetCursors(): void {
    this.#age += 1;
  }

  /** Lets those who wait for events go. */
  close(): void {
    this.#isClosed = true;
  }

  #route(path: string): readonly ['GET' | 'POST', Route] | undefined {
    const { sessions, agents, services } = this.#parts;
    switch (path) {
      case '/session/v5.0/login':
        return ['POST', (request) => sessions.signIn(request)];
      case '/realtime/v6.0/agentEvent/feed':
        return ['POST', this.#signedIn((request) => this.#feed(request))];
      case '/configuration/v6.0/agents':
        return [
          'GET',
          this.#signedIn((request) =>
            this.#page(
              request,
              'agent',
              agents.map((agent) => this.#listed(agent)),
            ),
          ),
        ];
      case '/configuration/v6.0/services':
        return ['GET', this.#signedIn((request) => this.#services(request))];
      case '/configuration/v6.0/callCenters': {
        const ids = [...new Set(services.map(({ callCenterId }) => callCenterId))];
        const rows = ids.map((callCenterId) => ({ callCenterId, name: `Centre ${callCenterId}` }));
        return ['GET', this.#signedIn((request) => this.#page(request, 'callCenter', rows))];
      }
      default: {
        const id = /^\/configuration\/v6\.0\/agents\/(\d+)$/.exec(path)?.[1];
        const agent = id === undefined ? undefined : agents.find((candidate) => candidate.id === Number(id));
        return agent && ['GET', this.#signedIn(() => json(200, agent))];
      }
    }
  }

  #signedIn(route: Route): Route {
    return (request) =>
      this.#parts.sessions.isSignedIn(request)
        ? route(request)
        : refused(401, 'The session is missing, unknown or over.');
  }

  async #feed({ body }: SimRequest): Promise<Answer> {
    const { options, feed, nowMs, served, trueNowMs } = this.#parts;
    const parsed = parseJson(body, feedSchema);
    if (!parsed.ok) return refused(400, parsed.message);
    feed.advance(nowMs());
    const { token } = parsed.value;
    const cursor = token === undefined ? { age: this.#age, position: feed.first } : cursorOf(token);
    if (cursor === undefined) return refused(400, 'The token is none of this feed.');
    const { age, position } = cursor;
    if (age !== this.#age || position < feed.first) return refused(options.tooOldStatus, 'The token is too old.');
    const giveUpMs = performance.now() + options.longPollMs;
    while (feed.end <= position && performance.now() < giveUpMs && !this.#isClosed) {
      await sleep(LOOK_EVERY_MS, undefined, { ref: false });
      feed.advance(nowMs());
    }
    const from = Math.max(position, feed.first);
    const events = feed.from(from, options.eventsPerAnswer);
    // In no order that a reader could rely on.
    const shuffled = [...events].sort((a, b) => placeOf(a) - placeOf(b));
    return {
      ...json(200, {
        token: tokenOf({ age: this.#age, position: from + events.length }),
        agentEvent: shuffled.map((event) => this.#written(event)),
      }),
      onServed: () => served.commit(events, trueNowMs()),
    };
  }

  #written({ agentId, eventType, reason, line, atMs }: FeedEvent) {
    const { timestampForm, reasonField } = this.#parts.options;
    const isIso = timestampForm === 'iso' || (timestampForm === 'mixed' && atMs % 2 === 0);
    return {
      agentId,
      agentServiceId: this.#parts.services[0]?.id ?? null,
      callServiceId: null,
      eventType,
      lineNumber: line === '' ? null : line,
      sessionId: String(hash(agentId)),
      timestamp: isIso ? new Date(atMs).toISOString() : atMs,
      ...(reason === '' ? {} : { [reasonField]: reason }),
    };
  }

  #listed(agent: Agent): object {
    if (this.#parts.options.loginIdsInList) return agent;
    const { loginId, ...rest } = agent;
    return rest;
  }

  #services(request: SimRequest): Answer {
    const { services, options } = this.#parts;
    const callCenter = request.query.get('callCenter');
    if (callCenter === null && options.servicesByCallCenter) return refused(400, 'callCenter is needed.');
    const asked =
      callCenter === null ? services : services.filter((service) => String(service.callCenterId) === callCenter);
    return this.#page(
      request,
      'service',
      asked.map(({ id, name }) => ({ id, name })),
    );
  }

  #page({ query }: SimRequest, field: string, rows: readonly object[]): Answer {
    const { rowsPerPageMax } = this.#parts.options;
    const [count, offset] = ['count', 'offset'].map((name) => {
      const text = query.get(name) ?? '';
      return /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    });
    if (count === undefined || Number.isNaN(count) || count < 1 || count > rowsPerPageMax) {
      return refused(400, `count is needed, 1 to ${rowsPerPageMax}.`);
    }
    if (offset === undefined || Number.isNaN(offset)) return refused(400, 'offset is needed, 0 or more.');
    return json(200, { [field]: rows.slice(offset, offset + count) });
  }
}

const placeOf = ({ agentId, atMs, eventType }: FeedEvent) => hash(agentId, atMs % 4_294_967_296, eventType.length, 71);

interface Cursor {
  readonly age: number;
  readonly position: number;
}

function tokenOf({ age, position }: Cursor): string {
  return Buffer.from(`${age} ${position}`).toString('base64url');
}

function cursorOf(token: string): Cursor | undefined {
  const [, age, position] = /^(\d{1,9}) (\d{1,15})$/.exec(Buffer.from(token, 'base64url').toString()) ?? [];
  return age === undefined ? undefined : { age: Number(age), position: Number(position) };
}
