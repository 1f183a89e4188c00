/**
 * Mpower's API as the contract has it: sign-in and three reports that are accepted whole with an empty answer or
 * refused whole with a reason.
 */
import type * as z from 'zod';
import { type Answer, json } from '../shared/answer.ts';
import type { FaultBook } from '../shared/faults.ts';
import { parseJson } from '../shared/parse.ts';
import type { SimRequest } from '../shared/server.ts';
import type { Ledger, ReportKind } from './ledger.ts';
import type { MpowerOptions } from './options.ts';
import {
  type AgentActivity,
  type AgentStates,
  agentActivitySchema,
  agentStatesSchema,
  type Historical,
  historicalSchema,
} from './schema.ts';
import { type MpowerTokens, refused } from './tokens.ts';

interface Report<T> {
  readonly kind: ReportKind;
  readonly schema: z.ZodType<T>;
  /** The keys that a poison rule can name. */
  readonly keys: (body: T) => string[];
  readonly records: (body: T) => number;
  readonly add: (body: T, arrivedMs: number) => void;
}

export class MpowerApi {
  readonly #options: MpowerOptions;
  readonly #tokens: MpowerTokens;
  readonly #ledger: Ledger;
  readonly #faults: () => FaultBook;
  readonly #nowMs: () => number;
  readonly #states: Report<AgentStates>;
  readonly #historical: Report<Historical>;
  readonly #activity: Report<AgentActivity>;

  constructor(
    options: MpowerOptions,
    tokens: MpowerTokens,
    ledger: Ledger,
    faults: () => FaultBook,
    nowMs: () => number,
  ) {
    this.#options = options;
    this.#tokens = tokens;
    this.#ledger = ledger;
    this.#faults = faults;
    this.#nowMs = nowMs;
    this.#states = {
      kind: 'agent-states',
      schema: agentStatesSchema,
      keys: ({ agentStateList }) => agentStateList.flatMap((event) => [event.loginId, event.eventCode]),
      records: ({ agentStateList }) => agentStateList.length,
      add: (body, arrivedMs) => ledger.addStates(body, arrivedMs),
    };
    this.#historical = {
      kind: 'historical',
      schema: historicalSchema,
      keys: ({ reportData }) => [
        ...reportData.queueReport.map((row) => row.queueValue),
        ...reportData.agentQueueReport.map((row) => row.agentValue),
        ...reportData.agentSystemPerformanceReport.map((row) => row.agentValue),
      ],
      records: ({ reportData }) =>
        reportData.queueReport.length +
        reportData.agentQueueReport.length +
        reportData.agentSystemPerformanceReport.length,
      add: (body, arrivedMs) => ledger.addHistorical(body, arrivedMs),
    };
    this.#activity = {
      kind: 'agent-activity',
      schema: agentActivitySchema(options.activityBoundary),
      keys: ({ reportData }) => reportData.flatMap((row) => [row.agentValue, row.userName]),
      records: ({ reportData }) => reportData.reduce((sum, row) => sum + row.agentActivity.length, 0),
      add: (body, arrivedMs) => ledger.addActivities(body, arrivedMs),
    };
  }

  handle(request: SimRequest): Answer {
    const route = this.#route(request.path);
    if (route === undefined) return json(404, { message: `There is no ${request.path}.` });
    if (request.method !== 'POST') return json(405, { message: `${request.path} takes POST only.` }, { allow: 'POST' });
    if (!/^application\/json\b/i.test(request.headers['content-type'] ?? '')) {
      return refused(415, 'The content type has to be application/json.');
    }
    return route(request);
  }

  #route(path: string): ((request: SimRequest) => Answer) | undefined {
    switch (path) {
      case '/authentication/v1/token/access-key':
        return (request) => this.#tokens.signIn(request);
      case '/public/authentication/v1/refresh':
        return (request) => this.#tokens.refresh(request);
      case '/wfm/acd/v1/agent-states':
        return (request) => this.#report(request, this.#states);
      case '/wfm/acd/v1/historical':
        return (request) => this.#report(request, this.#historical);
      case '/wfm/acd/v1/agent-activity':
        return (request) => this.#report(request, this.#activity);
      default:
        return undefined;
    }
  }

  #report<T>(request: SimRequest, { kind, schema, keys, records, add }: Report<T>): Answer {
    if (!this.#tokens.isSignedIn(request)) return refused(401, 'The access token is missing, unknown or expired.');
    const parsed = parseJson(request.body, schema);
    if (!parsed.ok) return this.#refuse(kind, 400, parsed.message);
    const count = records(parsed.value);
    const { maxRecords } = this.#options;
    if (count > maxRecords) return this.#refuse(kind, 413, `The body has ${count} records; ${maxRecords} are allowed.`);
    const poison = this.#faults().poisoned(request.path, () => keys(parsed.value));
    if (poison !== undefined) return this.#refuse(kind, 400, `The body names ${poison}, which cannot be processed.`);
    const arrivedMs = this.#nowMs();
    this.#ledger.keepBody(kind, request.body, arrivedMs);
    add(parsed.value, arrivedMs);
    return { status: 200 };
  }

  #refuse(kind: ReportKind, status: number, message: string): Answer {
    this.#ledger.refused[kind] += 1;
    return refused(status, message);
  }
}
