/**
 * CXone Mpower in process: strict about bodies and tokens (contracts/cxone-mpower.md), and able to refuse, to take a body
 * and lose the answer, or to answer 200 with an error. It tells the judge of everything that it accepts or refuses.
 */
import * as z from 'zod';
import { Random } from '../../simulators/shared/random.ts';
import { TokenOffice } from './accounts.ts';
import { json } from './ncc.ts';
import type { Exchange, Reply } from './network.ts';

export const MPOWER_ORIGIN = 'https://mpower.example';

const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const text = z.string();
const whole = z.number().int().nonnegative();
const seconds = z.number().nonnegative();

const statesBody = z.strictObject({
  agentStateList: z
    .array(
      z.strictObject({
        loginId: text.min(1),
        acdId: text.min(1),
        eventCode: text.min(1),
        reasonCode: text,
        eventUtcTime: instant,
      }),
    )
    .min(1),
});
const queueRow = z.strictObject({
  queueValue: text.min(1).max(100),
  queueName: text,
  isOutbound: z.boolean(),
  contactsReceived: whole,
  abandonedShort: whole,
  abandonedLong: whole,
  handledShort: whole,
  handledLong: whole,
  handleTime: seconds,
  workTime: seconds,
  queueDelayTime: seconds,
  svcLvlPct: z.number().min(0).max(100),
  rightPartyHandleTime: seconds,
  rightPartyContacts: whole,
  wrongPartyHandleTime: seconds,
  wrongPartyContacts: whole,
  backlog: whole,
  backlogNotExpired: whole,
  backlogExpired: whole,
  holdTime: seconds,
  active: whole,
});
const performanceRow = z.strictObject({
  agentValue: text.min(1),
  agentId: text,
  readyTime: whole,
  notReadyTime: whole,
  loginTime: whole,
});
const head = { acdType: text.min(1), reportVersion: z.literal('0'), startDate: instant, endDate: instant };
const historicalBody = z.strictObject({
  ...head,
  status: z.literal('SUCCESS'),
  statusReason: z.literal(''),
  reportData: z.strictObject({
    queueReport: z.array(queueRow),
    agentQueueReport: z.array(z.never()),
    agentSystemPerformanceReport: z.array(performanceRow),
  }),
});
const activityBody = z.strictObject({
  ...head,
  reportData: z.array(
    z.strictObject({
      agentValue: text.min(1),
      agentId: text,
      userName: text.min(1),
      agentActivity: z.array(
        z.strictObject({
          state: text.min(1),
          startTime: instant,
          duration: z.number().int().nonnegative(),
          reason: text,
        }),
      ),
    }),
  ),
});

export type StateEvent = z.output<typeof statesBody>['agentStateList'][number];
export type Historical = z.output<typeof historicalBody>;
export type ActivityReport = z.output<typeof activityBody>;

export type SimStream = 'agent-states' | 'historical' | 'agent-activity';

/** What Mpower tells of each body. */
export interface MpowerEvents {
  states(events: readonly StateEvent[]): void;
  historical(report: Historical): void;
  activity(report: ActivityReport): void;
  /** A body of one record was refused for good. `atMs`: the event's instant, or the window's start. */
  refusedAlone(stream: SimStream, key: string, atMs: number): void;
  /** A body was too large: the window's records come in parts. */
  tooLarge(stream: SimStream, atMs: number): void;
  /** A body that the contract does not allow. */
  malformed(path: string, issues: string): void;
}

export interface MpowerMood {
  /** Records with one of these keys are refused for good: a login id, a queue, an agent. */
  readonly poison: Set<string>;
  /** Bodies with more records are too large. */
  recordsMax: number;
  /** The body is taken, or not, and the answer is 200 with an error in it. */
  saysError: 'no' | 'and takes' | 'and refuses';
  refusesKey: boolean;
  refusesRefresh: boolean;
}

export class Mpower {
  readonly office: TokenOffice;
  readonly mood: MpowerMood = {
    poison: new Set(),
    recordsMax: 100_000,
    saysError: 'no',
    refusesKey: false,
    refusesRefresh: false,
  };
  readonly #nowMs: () => number;
  readonly #lifeMs: number;
  readonly #events: MpowerEvents;

  constructor(seed: number, lifeMs: number, nowMs: () => number, events: MpowerEvents) {
    this.#nowMs = nowMs;
    this.#lifeMs = lifeMs;
    this.#events = events;
    this.office = new TokenOffice('mpower', new Random(seed ^ 0x3b0c));
  }

  answer({ url, request, process }: Exchange): Reply {
    const nowMs = this.#nowMs();
    if (url.pathname === '/authentication/v1/token/access-key') {
      this.office.tries.push({ atMs: nowMs, processId: process.id, refused: this.mood.refusesKey });
      if (this.mood.refusesKey)
        return json(401, { error: 'invalid_client', error_description: 'The key is not known.' });
      const { token, refreshToken } = this.office.issue(nowMs, this.#lifeMs);
      return json(200, {
        id_token: 'i',
        token_type: 'Bearer',
        expires_in: this.#lifeMs / 1_000,
        refresh_token: refreshToken,
        access_token: token,
      });
    }
    if (url.pathname === '/public/authentication/v1/refresh') return this.#refresh(request.body, nowMs);
    const token = (request.headers.get('authorization') ?? '').replace(/^Bearer /, '');
    if (!this.office.isLive(token, nowMs)) return json(401, { message: 'The token is not valid.' });
    switch (url.pathname) {
      case '/wfm/acd/v1/agent-states':
        return this.#states(request.body);
      case '/wfm/acd/v1/historical':
        return this.#historical(request.body);
      case '/wfm/acd/v1/agent-activity':
        return this.#activity(request.body);
      default:
        return json(404, { message: 'There is no such path.' });
    }
  }

  #refresh(body: string, nowMs: number): Reply {
    const { token: refreshToken } = JSON.parse(body) as { token: string };
    if (this.mood.refusesRefresh || !this.office.takeRefresh(refreshToken))
      return json(401, { message: 'The refresh token is not valid.' });
    const issued = this.office.issue(nowMs, this.#lifeMs);
    return json(200, {
      token: issued.token,
      tokenExpirationTimeSec: this.#lifeMs / 1_000,
      refreshToken: issued.refreshToken,
      refreshTokenExpirationTimeSec: (2 * this.#lifeMs) / 1_000,
      sessionId: null,
    });
  }

  #states(body: string): Reply {
    const parsed = statesBody.safeParse(JSON.parse(body));
    if (!parsed.success) return this.#malformed('agent-states', parsed.error);
    const { agentStateList } = parsed.data;
    const keys = agentStateList.map(({ loginId }) => loginId);
    return this.#judge(keys, 'agent-states', agentStateList[0]?.eventUtcTime, () =>
      this.#events.states(agentStateList),
    );
  }

  #historical(body: string): Reply {
    const parsed = historicalBody.safeParse(JSON.parse(body));
    if (!parsed.success) return this.#malformed('historical', parsed.error);
    const { queueReport, agentSystemPerformanceReport } = parsed.data.reportData;
    for (const row of queueReport) {
      if (row.contactsReceived !== row.handledShort + row.handledLong + row.abandonedShort + row.abandonedLong) {
        this.#events.malformed('historical', `queue ${row.queueValue}: contactsReceived is not the sum of its parts`);
      }
    }
    const keys = [
      ...queueReport.map(({ queueValue }) => `queue ${queueValue}`),
      ...agentSystemPerformanceReport.map(({ agentValue }) => `times of agent ${agentValue}`),
    ];
    return this.#judge(keys, 'historical', parsed.data.startDate, () => this.#events.historical(parsed.data));
  }

  #activity(body: string): Reply {
    const parsed = activityBody.safeParse(JSON.parse(body));
    if (!parsed.success) return this.#malformed('agent-activity', parsed.error);
    const keys = parsed.data.reportData.map(({ agentValue }) => `activities of agent ${agentValue}`);
    return this.#judge(keys, 'agent-activity', parsed.data.startDate, () => this.#events.activity(parsed.data));
  }

  #judge(keys: readonly string[], stream: SimStream, firstInstant: string | undefined, accept: () => void): Reply {
    const count = keys.length;
    const atMs = Date.parse(firstInstant ?? '');
    const { poison, recordsMax, saysError } = this.mood;
    if (count > recordsMax && count > 1) {
      this.#events.tooLarge(stream, atMs);
      return { status: 413, text: '' };
    }
    const bad = poison.size === 0 ? undefined : keys.find((key) => poison.has(key));
    if (bad !== undefined) {
      if (count === 1) this.#events.refusedAlone(stream, bad, atMs);
      return {
        status: 400,
        headers: { icStatusDescription: 'A record is not valid' },
        text: '{"message":"bad record"}',
      };
    }
    if (saysError !== 'and refuses') accept();
    if (saysError !== 'no') return json(200, { status: 'error', message: 'Something failed', code: 'E17' });
    return { status: 200, text: '' };
  }

  #malformed(path: string, error: z.ZodError): Reply {
    this.#events.malformed(path, error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`).join('; '));
    return json(400, { message: 'The body is not valid.' });
  }
}
