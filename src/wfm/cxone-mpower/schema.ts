/**
 * What CXone Mpower WFM takes and answers, and the only place that knows its field names and units
 * (contracts/cxone-mpower.md). Bodies carry seconds, but for an activity's duration, which is in milliseconds.
 */
import * as z from 'zod';

/** Text that may stand in a header. */
const headerText = z.string().regex(/^[\x21-\x7e]{1,16384}$/, 'is not a token');

/** A life in seconds, or the end of it as a Unix time; a number, or the digits of one. */
const expiry = z
  .union(
    [
      z.number(),
      z
        .string()
        .regex(/^\d{1,12}$/)
        .transform(Number),
    ],
    'is not a number of seconds',
  )
  .pipe(z.number().positive());

/** The answer to the access key. */
export const accessKeyTokenWire = z
  .object({ access_token: headerText, refresh_token: z.string().max(16_384).nullish(), expires_in: expiry.nullish() })
  .transform((answer) => ({
    value: answer.access_token,
    refreshValue: answer.refresh_token ?? '',
    expiryS: answer.expires_in ?? null,
    refreshExpiryS: null,
  }));

/** The answer to a refresh: the same things under other names. */
export const refreshWire = z
  .object({
    token: headerText,
    tokenExpirationTimeSec: expiry.nullish(),
    refreshToken: z.string().max(16_384).nullish(),
    refreshTokenExpirationTimeSec: expiry.nullish(),
  })
  .transform((answer) => ({
    value: answer.token,
    refreshValue: answer.refreshToken ?? '',
    expiryS: answer.tokenExpirationTimeSec ?? null,
    refreshExpiryS: answer.refreshTokenExpirationTimeSec ?? null,
  }));

export interface IssuedToken {
  readonly value: string;
  readonly refreshValue: string;
  readonly expiryS: number | null;
  readonly refreshExpiryS: number | null;
}

/** The body that trades an access key for a token. The flat form has the two fields and no other. */
export function accessKeyBody(
  { accessKeyId, tenantName, flat }: { accessKeyId: string; tenantName: string; flat: boolean },
  accessKeySecret: string,
): string {
  const key = { accessKeyId, accessKeySecret };
  const tenant = tenantName === '' ? {} : { tenantName };
  return JSON.stringify(flat ? key : { ...tenant, accessKeyTokenRequest: key });
}

/** The body that trades a refresh token for a new token. */
export function refreshBody(refreshValue: string): string {
  return JSON.stringify({ token: refreshValue, updateCookie: true, toggleEnabled: false });
}

export interface AgentStateWire {
  readonly loginId: string;
  readonly acdId: string;
  readonly eventCode: string;
  readonly reasonCode: string;
  /** ISO 8601, UTC, with milliseconds. */
  readonly eventUtcTime: string;
}

export interface QueueReportWire {
  readonly queueValue: string;
  readonly queueName: string;
  readonly isOutbound: boolean;
  readonly contactsReceived: number;
  readonly abandonedShort: number;
  readonly abandonedLong: number;
  readonly handledShort: number;
  readonly handledLong: number;
  readonly handleTime: number;
  readonly workTime: number;
  readonly queueDelayTime: number;
  readonly svcLvlPct: number;
  readonly rightPartyHandleTime: number;
  readonly rightPartyContacts: number;
  readonly wrongPartyHandleTime: number;
  readonly wrongPartyContacts: number;
  readonly backlog: number;
  readonly backlogNotExpired: number;
  readonly backlogExpired: number;
  readonly holdTime: number;
  readonly active: number;
}

export interface AgentQueueReportWire {
  readonly queueValue: string;
  readonly queueName: string;
  readonly isOutbound: boolean;
  readonly agentValue: string;
  readonly agentId: string;
  readonly handled: number;
  readonly handledTime: number;
  readonly workTime: number;
  readonly rightPartyHandleTime: number;
  readonly rightPartyContacts: number;
  readonly wrongPartyHandleTime: number;
  readonly wrongPartyContacts: number;
  readonly holdTime: number;
  readonly active: number;
}

export interface AgentSystemPerformanceWire {
  readonly agentValue: string;
  readonly agentId: string;
  readonly readyTime: number;
  readonly notReadyTime: number;
  readonly loginTime: number;
}

export interface HistoricalWire {
  readonly acdType: string;
  readonly reportVersion: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly status: 'SUCCESS';
  readonly statusReason: string;
  readonly reportData: {
    readonly queueReport: readonly QueueReportWire[];
    readonly agentQueueReport: readonly AgentQueueReportWire[];
    readonly agentSystemPerformanceReport: readonly AgentSystemPerformanceWire[];
  };
}

export interface AgentActivityWire {
  readonly acdType: string;
  readonly reportVersion: string;
  readonly startDate: string;
  readonly endDate: string;
  readonly reportData: readonly {
    readonly agentValue: string;
    readonly agentId: string;
    readonly userName: string;
    readonly agentActivity: readonly {
      readonly state: string;
      readonly startTime: string;
      /** Milliseconds. */
      readonly duration: number;
      readonly reason: string;
    }[];
  }[];
}
