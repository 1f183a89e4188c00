/** What became of a body, from Mpower's answer to it (contracts/cxone-mpower.md, "Answers"). Pure. */
import { cleanDetail, wordsOfBody } from '../../http/error-detail.ts';
import type { TextAnswer } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { Outcome } from '../wfm.ts';

/**
 * The outcome of a 2xx answer. NICE's are empty; one that carries an error, or is no answer of the API at all, is not
 * taken for success: whether the body was accepted is then not known. `secrets`: what the error's words may not repeat.
 */
export function outcomeOfAnswer({ endpoint, status, text }: TextAnswer, secrets: readonly string[]): Outcome {
  const unknown = (what: string): Outcome => {
    return { kind: 'unavailable', status, reason: `${endpoint} answered ${status} with ${what}`, retryAfterMs: null };
  };
  const trimmed = text.trim();
  if (trimmed === '') return { kind: 'accepted', status };
  let value: unknown;
  try {
    value = JSON.parse(trimmed);
  } catch {
    // Not JSON: a gateway's page, or an answer that was cut.
    return unknown(trimmed.startsWith('<') ? 'an HTML page instead of nothing' : 'text that is not JSON');
  }
  if (!hasErrorSigns(value)) return { kind: 'accepted', status };
  return unknown(`an error: ${cleanDetail(wordsOfBody(trimmed), secrets) || 'without words'}`);
}

const ERROR_FIELDS = ['error', 'errors', 'errorcode', 'errormessage', 'faultcode', 'faultstring', 'fault'];
const ERROR_WORDS = ['failed', 'failure', 'error', 'fail', 'rejected'];

/** Signs of an error at the top of a JSON answer, or at the top of the first members of a list. */
function hasErrorSigns(value: unknown): boolean {
  if (Array.isArray(value)) return value.slice(0, 100).some((item) => !Array.isArray(item) && hasErrorSigns(item));
  if (typeof value !== 'object' || value === null) return false;
  const fields: ReadonlyMap<string, unknown> = new Map(
    Object.entries(value).map(([name, field]): [string, unknown] => [name.toLowerCase(), field]),
  );
  if (ERROR_FIELDS.some((name) => isSaying(fields.get(name)))) return true;
  if (fields.get('success') === false || fields.get('ok') === false) return true;
  if (['status', 'result', 'state'].some((name) => isErrorWord(fields.get(name)))) return true;
  const codes = [fields.get('code'), fields.get('status'), fields.get('statuscode')];
  if (codes.some((code) => Number(code) >= 400 && Number(code) < 600)) return true;
  // {"code": "…", "message": "…"} is how errors look; a code of success is not one.
  return isSaying(fields.get('message')) && isSaying(fields.get('code')) && !isSuccessCode(fields.get('code'));
}

function isSaying(field: unknown): boolean {
  if (field === undefined || field === null || field === false || field === '' || field === 0) return false;
  return !(typeof field === 'object' && Object.keys(field).length === 0);
}

function isErrorWord(field: unknown): boolean {
  return typeof field === 'string' && ERROR_WORDS.includes(field.toLowerCase());
}

function isSuccessCode(code: unknown): boolean {
  return /^(?:2\d\d|0+|ok|success|accepted)$/i.test(String(code));
}

/** The outcome of a call that failed. Rethrows what is no failure of a call. */
export function outcomeOfFailure(error: unknown): Outcome {
  if (!(error instanceof UpstreamError)) throw error;
  const { failure, message: reason } = error;
  switch (failure.kind) {
    case 'status':
      return outcomeOfStatus(failure.status, reason, failure.retryAfterMs);
    case 'redirect':
      return { kind: 'misconfigured', status: failure.status, reason };
    case 'address':
    case 'sign-in':
      return { kind: 'misconfigured', status: null, reason };
    case 'unreachable':
    case 'timeout':
    case 'unanswered sign-in':
    case 'shape':
    case 'oversize':
      return { kind: 'unavailable', status: null, reason, retryAfterMs: null };
  }
}

/** The outcome when no token was to be had: whatever the sign-in answers, it says nothing about the body. */
export function outcomeOfSignInFailure(error: unknown): Outcome {
  const outcome = outcomeOfFailure(error);
  if (outcome.kind !== 'refused' && outcome.kind !== 'too large') return outcome;
  return { kind: 'misconfigured', status: outcome.status, reason: outcome.reason };
}

/** What a status other than 2xx says about the body that was sent. */
function outcomeOfStatus(status: number, reason: string, retryAfterMs: number | null): Outcome {
  if (status === 400 || status === 422) return { kind: 'refused', status, reason };
  if (status === 413) return { kind: 'too large', status, reason };
  if (status === 408 || status === 425 || status === 429) return { kind: 'unavailable', status, reason, retryAfterMs };
  if (status >= 500 && status !== 501) return { kind: 'unavailable', status, reason, retryAfterMs };
  // 401, 403, 404 and the rest: another body would fare no better, so no record is at fault.
  return { kind: 'misconfigured', status, reason };
}
