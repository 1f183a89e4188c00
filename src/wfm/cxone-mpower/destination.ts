/**
 * CXone Mpower WFM as a destination: composes bodies and carries each once. A refused token is renewed once and the body
 * sent once more; everything else is an outcome for the job to act upon.
 */
import type { UpstreamDeps } from '../../http/deps.ts';
import { requestText, type TextAnswer } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { Outcome, Stream, Wfm } from '../wfm.ts';
import { outcomeOfAnswer, outcomeOfFailure, outcomeOfSignInFailure } from './answer.ts';
import { composeReport } from './reports.ts';
import type { MpowerSettings } from './settings.ts';
import { createMpowerTokenKeeper } from './token.ts';

const SEND_TIMEOUT_MS = 15_000;
/** Good answers are empty. */
const ANSWER_BYTES_MAX = 64_000;

/** Opens a destination. `secrets` holds `accessKeySecret`; throws an `Error` when it is missing. */
export function openMpower(
  settings: MpowerSettings,
  secrets: Readonly<Record<string, string>>,
  deps: UpstreamDeps,
): Wfm {
  const { acdType, acdId, advanced } = settings;
  const accessKeySecret = requiredSecret(secrets.accessKeySecret);
  const baseUrl = settings.baseUrl.replace(/\/+$/, '');
  const keeper = createMpowerTokenKeeper(settings, baseUrl, accessKeySecret, deps);
  const paths: Readonly<Record<Stream, string>> = {
    'agent-states': advanced.agentStatesPath,
    historical: advanced.historicalPath,
    'agent-activity': advanced.agentActivityPath,
  };

  async function post(stream: Stream, body: string, token: Token): Promise<TextAnswer> {
    const answer = await requestText(deps, {
      method: 'POST',
      url: `${baseUrl}${paths[stream]}`,
      headers: { authorization: `${token.scheme} ${token.value}`, 'content-type': 'application/json' },
      body,
      timeoutMs: SEND_TIMEOUT_MS,
      bodyBytesMax: ANSWER_BYTES_MAX,
      secrets: [accessKeySecret, token.value],
    });
    await keeper.accepted(token, token.scheme);
    return answer;
  }

  /** Sends with a token that is renewed when the body's first try finds it refused. */
  async function send(stream: Stream, body: string): Promise<Outcome> {
    let token: Token;
    try {
      token = await keeper.token();
    } catch (error) {
      return outcomeOfSignInFailure(error);
    }
    try {
      return outcomeOfAnswer(await post(stream, body, token));
    } catch (error) {
      if (!isUnauthorized(error)) return outcomeOfFailure(error);
    }
    try {
      token = await keeper.renewAfterRefusal(token);
    } catch (error) {
      return outcomeOfSignInFailure(error);
    }
    try {
      return outcomeOfAnswer(await post(stream, body, token));
    } catch (error) {
      if (!isUnauthorized(error)) return outcomeOfFailure(error);
      const { message } = keeper.refusedAfresh(token, error.endpoint);
      return { kind: 'misconfigured', status: 401, reason: message };
    }
  }

  return {
    compose: (report) => composeReport(report, { acdType, acdId, reportVersion: advanced.reportVersion }),
    send,
  };
}

function isUnauthorized(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && error.failure.kind === 'status' && error.failure.status === 401;
}

function requiredSecret(secret: string | undefined): string {
  if (secret === undefined || secret === '') throw new Error('The access key secret is not set.');
  return secret;
}
