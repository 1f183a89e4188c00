/**
 * CXone Mpower WFM as a destination: composes bodies and carries each once. A refused token is renewed once and the body
 * sent once more; everything else is an outcome for the job to act upon.
 */
import type { UpstreamDeps } from '../../http/deps.ts';
import { withoutSecrets } from '../../http/redact.ts';
import { requestText, type TextAnswer } from '../../http/request.ts';
import type { Token } from '../../http/token-cache.ts';
import { UpstreamError } from '../../http/upstream-error.ts';
import type { WfmDestination } from '../destination.ts';
import type { AcdDetails, Outcome, Stream, Wfm } from '../wfm.ts';
import { outcomeOfAnswer, outcomeOfFailure, outcomeOfSignInFailure } from './answer.ts';
import { acdTypesIn, detailsText, heartbeatBody } from './extras.ts';
import { mpowerForm } from './form.ts';
import { composeReport } from './reports.ts';
import { MPOWER_SECRETS, type MpowerSettings, mpowerSettingsSchema } from './settings.ts';
import { createMpowerTokenKeeper } from './token.ts';

const SEND_TIMEOUT_MS = 15_000;
/** Good answers are empty. */
const ANSWER_BYTES_MAX = 64_000;

export const mpowerDestination: WfmDestination<MpowerSettings> = {
  title: 'CXone Mpower WFM',
  form: mpowerForm,
  settingsSchema: mpowerSettingsSchema,
  secrets: MPOWER_SECRETS,
  addresses: ({ baseUrl }) => [{ path: 'baseUrl', url: baseUrl, secrets: MPOWER_SECRETS }],
  traits: ({ acdType, advanced: { eventsPerBodyMax, bodyBytesMax } }) => {
    return { eventsPerBodyMax, bodyBytesMax, takesChanges: false, handsOverTo: null, acdType };
  },
  open: openMpower,
};

/** A good answer, and what nobody may repeat of the call. */
interface MpowerAnswer extends TextAnswer {
  readonly secrets: readonly string[];
}

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

  /** One call with a token; `body` null: a GET. */
  async function call(path: string, body: string | null, token: Token): Promise<MpowerAnswer> {
    const authorization = `${token.scheme} ${token.value}`;
    const kept = [accessKeySecret, token.value];
    const answer = await requestText(deps, {
      url: `${baseUrl}${path}`,
      ...(body === null
        ? { headers: { authorization } }
        : { method: 'POST', headers: { authorization, 'content-type': 'application/json' }, body }),
      timeoutMs: SEND_TIMEOUT_MS,
      bodyBytesMax: ANSWER_BYTES_MAX,
      secrets: kept,
    });
    await keeper.accepted(token, token.scheme);
    return { ...answer, secrets: kept };
  }

  /** Calls with a token that is renewed when the first try finds it refused: the answer, or why there is none. */
  async function answerOf(path: string, body: string | null): Promise<MpowerAnswer | Outcome> {
    let token: Token;
    try {
      token = await keeper.token();
    } catch (error) {
      return outcomeOfSignInFailure(error);
    }
    try {
      return await call(path, body, token);
    } catch (error) {
      if (!isUnauthorized(error)) return outcomeOfFailure(error);
    }
    try {
      token = await keeper.renewAfterRefusal(token);
    } catch (error) {
      return outcomeOfSignInFailure(error);
    }
    try {
      return await call(path, body, token);
    } catch (error) {
      if (!isUnauthorized(error)) return outcomeOfFailure(error);
      const { message } = keeper.refusedAfresh(token, error.endpoint);
      return { kind: 'misconfigured', status: 401, reason: message };
    }
  }

  async function send(path: string, body: string): Promise<Outcome> {
    const answer = await answerOf(path, body);
    return 'kind' in answer ? answer : outcomeOfAnswer(answer, answer.secrets);
  }

  return {
    compose: (report) => composeReport(report, { acdType, acdId, reportVersion: advanced.reportVersion }),
    send: (stream, body) => send(paths[stream], body),

    async signIn() {
      try {
        await keeper.token();
        return { kind: 'accepted', status: 200 };
      } catch (error) {
        return outcomeOfSignInFailure(error);
      }
    },

    async readAcdDetails(): Promise<AcdDetails | null> {
      if (advanced.acdDetailsPath === '') return null;
      const answer = await answerOf(advanced.acdDetailsPath, null);
      if ('kind' in answer) return { outcome: answer, text: '', acdTypes: [] };
      const { status } = answer;
      // Shown on a page as it is: an answer that repeats what was sent must not show a token.
      const text = withoutSecrets(answer.text, answer.secrets);
      return { outcome: { kind: 'accepted', status }, text: detailsText(text), acdTypes: acdTypesIn(text) };
    },

    async sendHeartbeat(atMs) {
      if (advanced.heartbeatPath === '') return null;
      const time = new Date(atMs).toISOString();
      return send(advanced.heartbeatPath, heartbeatBody(advanced.heartbeatBody, { acdType, acdId, time }));
    },
  };
}

function isUnauthorized(error: unknown): error is UpstreamError {
  return error instanceof UpstreamError && error.failure.kind === 'status' && error.failure.status === 401;
}

function requiredSecret(secret: string | undefined): string {
  if (secret === undefined || secret === '') throw new Error('The access key secret is not set.');
  return secret;
}
