/** What became of a body, from Mpower's answer to it (contracts/cxone-mpower.md, "Answers"). Pure. */
import { cleanDetail, wordsOfBody } from '../../http/error-detail.ts';
import type { TextAnswer } from '../../http/request.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { Outcome } from '../wfm.ts';

/**
 * The outcome of a 2xx answer. NICE's are empty; whatever else one says is success as well, unless it tells of an error or is
 * no answer of the API at all: whether the body was accepted is then not known. `secrets`: what the error's words may not repeat.
 */
export function outcomeOfAnswer({ endpoint, status, text }: TextAnswer, secrets: readonly string[]): Outcome {
  const unknown = (what: string): Outcome => {
    return { kind: 'unavailable', status, reason: `${endpoint} answered ${status} with ${what}`, retryAfterMs: null };
  };
  const trimmed = text.trim();
  if (trimmed.startsWith('<')) return unknown('an HTML page instead of nothing');
  const value = contentOf(trimmed);
  if (value === undefined) return unknown('text that is cut off or not JSON');
  if (!hasErrorSigns(value)) return { kind: 'accepted', status };
  return unknown(`an error: ${cleanDetail(wordsOfBody(trimmed), secrets) || 'without words'}`);
}

/** What a text says: its JSON, or itself where it is no JSON. Undefined for JSON that is cut off. */
function contentOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return /^[[{"]/.test(text) ? undefined : text;
  }
}

const ERROR_FIELDS = ['error', 'errors', 'errorcode', 'errormessage', 'faultcode', 'faultstring', 'fault'];
const WORD_FIELDS = ['status', 'result', 'state', 'statusreason', 'message', 'detail', 'description', 'title'];
const CODE_FIELDS = ['code', 'status', 'statuscode', 'httpstatus'];

/** Signs of an error at the top of an answer, or at the top of the first members of a list. */
function hasErrorSigns(value: unknown): boolean {
  if (typeof value === 'string') return tellsOfError(value);
  if (typeof value === 'number') return isErrorStatus(value);
  if (Array.isArray(value)) return value.slice(0, 100).some((item) => !Array.isArray(item) && hasErrorSigns(item));
  if (typeof value !== 'object' || value === null) return value === false;
  const fields: ReadonlyMap<string, unknown> = new Map(
    Object.entries(value).map(([name, field]): [string, unknown] => [name.toLowerCase(), field]),
  );
  if (ERROR_FIELDS.some((name) => isSaying(fields.get(name)))) return true;
  if (['success', 'ok'].some((name) => String(fields.get(name)).toLowerCase() === 'false')) return true;
  if (CODE_FIELDS.some((name) => isErrorStatus(fields.get(name)))) return true;
  if (WORD_FIELDS.some((name) => isText(fields.get(name), tellsOfError))) return true;
  return isText(fields.get('code'), (code) => ERROR_CODE.test(code) || tellsOfError(code));
}

const isText = (field: unknown, is: (text: string) => boolean): boolean => typeof field === 'string' && is(field);

/** Words that stand in an error field when there is none. */
const NO_ERROR = /^(?:s?0+|2\d\d|ok|success(?:ful(?:ly)?)?|accepted|none|null|false|no errors?|n\/?a|-)\.?$/i;

function isSaying(field: unknown): boolean {
  if (field === undefined || field === null || field === false || field === 0) return false;
  if (typeof field === 'string') return field.trim() !== '' && !NO_ERROR.test(field.trim());
  return !(typeof field === 'object' && Object.keys(field).length === 0);
}

const ERROR_WORDS =
  /error|fail|exception|reject|invalid|denied|unavailable|unauthori[sz]ed|forbidden|refused|timed? ?out|bad (?:gateway|request)|not (?:accepted|taken|found|processed)/i;
/** "0 errors" and the like tell of none. */
const WITHOUT_ERRORS =
  /\b(?:0|no|zero|without)(?: any)? (?:errors?|failures?|exceptions?|rejections?|rejected|failed)\b/gi;
const STATUS_IN_WORDS = /^[45]\d\d$|\b(?:status|code|http(?:\/\d(?:\.\d)?)?)[\s:=]{1,3}[45]\d\d\b/i;
/** E42, ERR-7, -1: a code by itself says nothing, one of these does. */
const ERROR_CODE = /^(?:e|err)[-_ ]?\d+$|^-\d+$/i;

function tellsOfError(text: string): boolean {
  const words = text.replaceAll(WITHOUT_ERRORS, '').trim();
  return ERROR_WORDS.test(words) || STATUS_IN_WORDS.test(words);
}

function isErrorStatus(code: unknown): boolean {
  return Number(code) >= 400 && Number(code) < 600;
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
