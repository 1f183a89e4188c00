/**
 * An API endpoint: its zod schemas, which check what comes in and what goes out and of which the OpenAPI document is
 * made, and its handler. Unknown parameters and fields are refused, not ignored.
 */
import * as z from 'zod';
import type { TokenScope } from '../../src/store/api-tokens.ts';
import type { App, Identity, Visit } from '../app.ts';
import { isSafeMethod } from '../auth/guard.ts';
import { readJsonBody } from '../body.ts';
import { json, ProblemError } from '../respond.ts';
import { fieldErrors } from './field-errors.ts';

/** What a handler gets: everything parsed. */
export interface Call<P, Q, B> {
  readonly app: App;
  readonly identity: Identity;
  readonly nowMs: number;
  readonly url: URL;
  readonly request: Request;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
}

interface EndpointSpec<P extends z.ZodType, Q extends z.ZodType, B extends z.ZodType, A extends z.ZodType> {
  readonly summary: string;
  readonly description?: string;
  readonly tag: string;
  /** What a token needs. Default: read for what changes nothing, all for what does. */
  readonly scope?: 'push';
  readonly params: P;
  readonly query?: Q;
  readonly body?: B;
  /** For the OpenAPI document alone: the shape of a body that the handler reads from the request itself. */
  readonly documentedBody?: z.ZodType;
  /** Default: 1 MB. */
  readonly bodyBytesMax?: number;
  /** Status of a good answer. */
  readonly status?: 200 | 201 | 202 | 204;
  readonly answer: A;
  /** The same as CSV, with `?format=csv` or `Accept: text/csv`. */
  readonly hasCsv?: boolean;
  /** Other statuses than 400, 401 and 404 that the endpoint answers with, and when. */
  readonly problems?: Readonly<Record<number, string>>;
  /** The body of the answer, or a whole response (CSV, special headers). */
  handle(call: Call<z.output<P>, z.output<Q>, z.output<B>>): Promise<z.input<A> | Response>;
}

/** An endpoint with its types forgotten: what router and OpenAPI need. */
export interface Endpoint {
  readonly summary: string;
  readonly description: string;
  readonly tag: string;
  readonly scope: 'push' | null;
  readonly params: z.ZodType;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  readonly status: number;
  readonly answer: z.ZodType;
  readonly hasCsv: boolean;
  readonly problems: Readonly<Record<number, string>>;
  run(visit: Visit, request: Request, params: unknown): Promise<Response>;
}

/** Builds an endpoint from its schemas and its handler. */
export function endpoint<
  P extends z.ZodType,
  A extends z.ZodType,
  Q extends z.ZodType = z.ZodObject,
  B extends z.ZodType = z.ZodUndefined,
>(spec: EndpointSpec<P, Q, B, A>): Endpoint {
  const status = spec.status ?? 200;
  return {
    summary: spec.summary,
    description: spec.description ?? '',
    tag: spec.tag,
    scope: spec.scope ?? null,
    params: spec.params,
    query: spec.query ?? null,
    body: spec.body ?? spec.documentedBody ?? null,
    status,
    answer: spec.answer,
    hasCsv: spec.hasCsv ?? false,
    problems: spec.problems ?? {},
    async run(visit, request, rawParams) {
      if (visit.identity === null) throw new ProblemError(401, 'Not signed in', 'Sign in or send the API token.');
      requireScope(visit.identity, request.method, spec.scope ?? null);
      const call = {
        app: visit.app,
        identity: visit.identity,
        nowMs: visit.nowMs,
        url: visit.url,
        request,
        params: parse(spec.params, rawParams, 404),
        query: parse(spec.query ?? NO_PARAMETERS, queryOf(visit.url), 400) as z.output<Q>,
        body: (spec.body
          ? parse(spec.body, await readJsonBody(request, spec.bodyBytesMax), 400)
          : undefined) as z.output<B>,
      };
      const result = await spec.handle(call);
      if (result instanceof Response) return result;
      if (status === 204) return new Response(null, { status });
      return json(spec.answer.parse(result), { status });
    },
  };
}

/** An answer with headers of its own (ETag, Location), checked like any other. */
export function answer<A extends z.ZodType>(schema: A, body: z.input<A>, init: ResponseInit): Response {
  return json(schema.parse(body), init);
}

/** What a token needs for an endpoint. */
export function neededScope(method: string, scope: 'push' | null): TokenScope {
  if (scope !== null) return scope;
  return isSafeMethod(method) ? 'read' : 'all';
}

/** Refuses a token that may do less than is asked. People may do everything. Throws `ProblemError` 403. */
export function requireScope(identity: Identity, method: string, scope: 'push' | null): void {
  if (identity.kind !== 'token' || identity.scope === 'all') return;
  const needed = neededScope(method, scope);
  if (identity.scope === needed) return;
  const detail = `This needs a token of scope ${needed === 'all' ? 'all' : `${needed} or all`}; ${identity.by} has scope ${identity.scope}. Nothing was changed.`;
  throw new ProblemError(403, 'Not in the scope of the token', detail, { refusal: 'scope' });
}

const NO_PARAMETERS = z.strictObject({});

/** Query parameters by name; one that is given twice comes as a list, which no schema takes. */
function queryOf(url: URL): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const name of new Set(url.searchParams.keys())) {
    const all = url.searchParams.getAll(name);
    Object.defineProperty(values, name, { value: all.length === 1 ? all[0] : all, enumerable: true });
  }
  return values;
}

function parse<T extends z.ZodType>(schema: T, value: unknown, status: 400 | 404): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  if (status === 404) throw new ProblemError(404, 'Not found', 'There is nothing at this address.');
  const errors = fieldErrors(parsed.error);
  const detail = `Nothing was changed: ${errors.map(({ path, message }) => (path ? `${path}: ${message}` : message)).join(' ')}`;
  throw new ProblemError(400, 'Invalid request', detail.slice(0, 1_000), { errors });
}
