/**
 * What the Mpower stand-in tells and takes besides the vendor's API: the truth, control calls and a page for people.
 */
import * as z from 'zod';
import { type Answer, json, ndjson } from '../shared/answer.ts';
import { homePage } from '../shared/page.ts';
import { parseJson, parseTimeMs } from '../shared/parse.ts';
import type { SimRequest, StandInServer } from '../shared/server.ts';
import type { AcceptedActivity, AcceptedBody, AcceptedEvent, AcceptedFigures, Ledger } from './ledger.ts';
import type { MpowerTokens } from './tokens.ts';

const tokensSchema = z.strictObject({ revoke: z.literal(true) });

export class MpowerInside {
  readonly #ledger: Ledger;
  readonly #tokens: MpowerTokens;
  readonly #server: StandInServer;
  readonly #startedMs: number;

  constructor(ledger: Ledger, tokens: MpowerTokens, server: StandInServer, startedMs: number) {
    this.#ledger = ledger;
    this.#tokens = tokens;
    this.#server = server;
    this.#startedMs = startedMs;
  }

  handle({ method, path, query, body }: SimRequest): Answer | undefined {
    if (method === 'POST' && path === '/_control/tokens') {
      const parsed = parseJson(body, tokensSchema);
      return parsed.ok ? json(200, { revoked: this.#tokens.revoke() }) : json(400, { message: parsed.message });
    }
    if (method !== 'GET') return undefined;
    const [fromMs, toMs] = [query.get('from'), query.get('to')].map((text) =>
      text === null ? null : parseTimeMs(text),
    );
    if (Number.isNaN(fromMs) || Number.isNaN(toMs)) return json(400, { message: 'from and to have to be times.' });
    const range: [number, number] = [fromMs ?? 0, toMs ?? Number.POSITIVE_INFINITY];
    switch (path) {
      case '/':
        return homePage('CXone Mpower WFM stand-in', flat(this.summary()));
      case '/_truth/summary':
        return json(200, { standIn: 'Mpower', ...this.summary() });
      case '/_truth/agent-states':
        return ndjson(this.agentStates(...range));
      case '/_truth/historical':
        return ndjson(this.historical(...range));
      case '/_truth/agent-activity':
        return ndjson(this.activities(...range));
      case '/_truth/bodies':
        return ndjson(this.bodies(query.get('kind'), ...range));
      default:
        return undefined;
    }
  }

  summary() {
    const { accepted, refused, records, duplicates, revisions, outOfOrder, events, figures, activities } = this.#ledger;
    const { signIns, refusedSignIns, refreshes, refusedRefreshes } = this.#tokens;
    return {
      startedMs: this.#startedMs,
      requests: this.#server.requestCount,
      signIns,
      refusedSignIns,
      refreshes,
      refusedRefreshes,
      accepted: { ...accepted },
      refused: { ...refused },
      records,
      duplicates,
      revisions,
      outOfOrder,
      distinctStates: events.size + events.dropped,
      distinctFigures: figures.size + figures.dropped,
      distinctActivities: activities.size + activities.dropped,
      forgotten: events.dropped + figures.dropped + activities.dropped,
      faults: this.#server.faults.list().length,
    };
  }

  /** Distinct accepted events in the order of acceptance; the range is of their own times. */
  *agentStates(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<AcceptedEvent> {
    for (const event of this.#ledger.events.values()) if (within(event.eventUtcTime, fromMs, toMs)) yield event;
  }

  /** The latest figures of each queue and window; the range is of the windows' starts. */
  *historical(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<AcceptedFigures> {
    for (const figures of this.#ledger.figures.values()) if (within(figures.startDate, fromMs, toMs)) yield figures;
  }

  /** The latest form of each activity; the range is of the activities' starts. */
  *activities(fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<AcceptedActivity> {
    for (const activity of this.#ledger.activities.values()) {
      if (within(activity.startTime, fromMs, toMs)) yield activity;
    }
  }

  /** The newest accepted bodies as they came; the range is of their arrival. */
  *bodies(kind: string | null = null, fromMs = 0, toMs = Number.POSITIVE_INFINITY): Generator<AcceptedBody> {
    for (const body of this.#ledger.bodies.values()) {
      if ((kind === null || body.kind === kind) && body.arrivedMs >= fromMs && body.arrivedMs < toMs) yield body;
    }
  }
}

function within(time: string, fromMs: number, toMs: number): boolean {
  const atMs = Date.parse(time);
  return atMs >= fromMs && atMs < toMs;
}

function flat(summary: Record<string, number | Record<string, number>>): Record<string, number> {
  const pairs = Object.entries(summary).flatMap(([name, value]): [string, number][] =>
    typeof value === 'number' ? [[name, value]] : Object.entries(value).map(([part, n]) => [`${name} ${part}`, n]),
  );
  return Object.fromEntries(pairs);
}
