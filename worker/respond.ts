/** Every answer of the bridge is made here, so that none leaves without its security headers. */
import type { VNode } from 'preact';
import { render } from 'preact-render-to-string';
import type { RefusalKind } from './log.ts';

/** A field's place, with dots, and what is wrong with it. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** A request that cannot be carried out, as RFC 9457 has it. Thrown by handlers, answered in one place. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly status: number;
  readonly title: string;
  readonly errors: readonly FieldError[];
  readonly headers: Readonly<Record<string, string>>;
  /** Set where somebody tried what they may not: then the log has a line of it. */
  readonly refusal: RefusalKind | null;
  constructor(
    status: number,
    title: string,
    detail: string,
    options: {
      errors?: readonly FieldError[];
      headers?: Readonly<Record<string, string>>;
      cause?: unknown;
      refusal?: RefusalKind;
    } = {},
  ) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.title = title;
    this.errors = options.errors ?? [];
    this.headers = options.headers ?? {};
    this.refusal = options.refusal ?? null;
  }
}

export function notFound(what: string): ProblemError {
  return new ProblemError(404, 'Not found', what);
}

const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join('; ');

/** Adds the security headers to an answer; `isHttps`: as the browser sees the site. */
export function withSecurityHeaders(response: Response, isHttps: boolean): Response {
  const headers = new Headers(response.headers);
  headers.set('content-security-policy', CONTENT_SECURITY_POLICY);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  // Not no-referrer: a browser would then send "Origin: null" with forms, and the check of Origin would refuse them.
  headers.set('referrer-policy', 'same-origin');
  headers.set('permissions-policy', 'camera=(), geolocation=(), microphone=(), payment=(), usb=()');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  if (!headers.has('cache-control')) headers.set('cache-control', 'no-store');
  // With everything below the host name: no neighbour on plain http can then plant cookies for it.
  if (isHttps) headers.set('strict-transport-security', 'max-age=31536000; includeSubDomains');
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** A whole page. */
export function htmlPage(page: VNode, init: ResponseInit = {}): Response {
  return htmlFragment(page, init, '<!doctype html>');
}

/** A part of a page, for htmx. */
export function htmlFragment(part: VNode, init: ResponseInit = {}, prefix = ''): Response {
  const headers = new Headers(init.headers);
  headers.set('content-type', 'text/html; charset=utf-8');
  return new Response(prefix + render(part), { ...init, headers });
}

export function json(body: unknown, init: ResponseInit = {}): Response {
  const headers = new Headers(init.headers);
  if (!headers.has('content-type')) headers.set('content-type', 'application/json; charset=utf-8');
  return new Response(JSON.stringify(body), { ...init, headers });
}

/** RFC 9457: `application/problem+json`, with the fields at fault under `errors`. */
export function problemJson(problem: ProblemError): Response {
  const { status, title, message: detail, errors, headers } = problem;
  const body = { type: 'about:blank', title, status, detail, ...(errors.length > 0 && { errors }) };
  return json(body, { status, headers: { ...headers, 'content-type': 'application/problem+json; charset=utf-8' } });
}

/** See Other: after a form was carried out. `location` is a path of this site. */
export function seeOther(location: string, headers: HeadersInit = {}): Response {
  const all = new Headers(headers);
  all.set('location', location);
  return new Response(null, { status: 303, headers: all });
}
