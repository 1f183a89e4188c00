/** Every way in which a call to another company's API can fail, as data: nothing branches on a message. */

export type UpstreamFailure =
  /** Refused, reset, no such host, a certificate that is not trusted. */
  | { readonly kind: 'unreachable'; readonly detail: string }
  /** No whole answer, headers and body, within the deadline. */
  | { readonly kind: 'timeout'; readonly timeoutMs: number }
  /** An answer that is not 2xx. `detail`: the vendor's own words, at most 300 characters. */
  | { readonly kind: 'status'; readonly status: number; readonly retryAfterMs: number | null; readonly detail: string }
  /** 3xx: never followed, it could lead inside. */
  | { readonly kind: 'redirect'; readonly status: number }
  /**
   * 2xx with a body that is not what the contract says. `reason` marks what a caller can work around: rows of several
   * windows without a start, or all with the first one's; asked window by window they can be told apart.
   */
  | { readonly kind: 'shape'; readonly issues: string; readonly reason?: 'no start time' | 'one start time' }
  /** Over the cap of bytes or of nesting; reading was stopped. */
  | { readonly kind: 'oversize'; readonly limit: string }
  /** The address may not be called: not https, or not public. */
  | { readonly kind: 'address'; readonly detail: string }
  /** The credentials were refused; no further try before `retryAtMs`. */
  | { readonly kind: 'sign-in'; readonly detail: string; readonly retryAtMs: number }
  /** No answer to a sign-in with credentials that may well be refused; no further try before `retryAtMs`. */
  | { readonly kind: 'unanswered sign-in'; readonly retryAtMs: number };

/** A call to another company's API failed. `endpoint` is "METHOD /path", without host or query string. */
export class UpstreamError extends Error {
  override readonly name = 'UpstreamError';
  readonly endpoint: string;
  readonly failure: UpstreamFailure;
  constructor(endpoint: string, failure: UpstreamFailure, options?: ErrorOptions) {
    super(`${endpoint} ${describeFailure(failure)}`, options);
    this.endpoint = endpoint;
    this.failure = failure;
  }
}

/** A failure as the end of a sentence that begins with the endpoint. */
export function describeFailure(failure: UpstreamFailure): string {
  switch (failure.kind) {
    case 'unreachable':
      return `could not be reached: ${failure.detail}`;
    case 'timeout':
      return `gave no whole answer within ${failure.timeoutMs / 1000} s`;
    case 'status':
      return `answered ${failure.status}${failure.detail ? `: ${failure.detail}` : ''}`;
    case 'redirect':
      return `answered ${failure.status}, a redirect, which the bridge does not follow`;
    case 'shape':
      return `answered with something else than the contract says: ${failure.issues}`;
    case 'oversize':
      return `answered with more than ${failure.limit}; reading was stopped`;
    case 'address':
      return `may not be called: ${failure.detail}`;
    case 'sign-in':
      return `refused the credentials: ${failure.detail}`;
    case 'unanswered sign-in':
      return 'gave no answer to the sign-in in time: whether the credentials were refused is not known';
  }
}
