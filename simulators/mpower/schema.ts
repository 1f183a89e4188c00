/**
 * The bodies that Mpower takes, as strict as the source document's examples allow: every field there is needed, nothing
 * else is known, types are exact, windows lie on the grid.
 */
import * as z from 'zod';

const ISO_MS = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;
const WINDOW_LENGTHS_MS = [900_000, 1_800_000];

const isoTime = z
  .string()
  .refine((text) => ISO_MS.test(text) && isRealTime(text), 'has to be ISO 8601 UTC with milliseconds and Z');
const text = z.string().max(256);
const neededText = z.string().min(1, 'is empty').max(256, 'has more than 256 characters');
const count = z.int().min(0);
const amount = z.number().min(0);
const queueValue = z.string().regex(/^[\x20-\x7e]{1,100}$/, 'has to be 1 to 100 printable ASCII characters');

function isRealTime(text: string): boolean {
  const at = Date.parse(text);
  return !Number.isNaN(at) && new Date(at).toISOString() === text;
}

export const accessKeySchema = z.strictObject({
  tenantName: z.string().min(1).optional(),
  accessKeyTokenRequest: z.strictObject({ accessKeyId: z.string().min(1), accessKeySecret: z.string().min(1) }),
});
export const flatAccessKeySchema = z.strictObject({
  accessKeyId: z.string().min(1),
  accessKeySecret: z.string().min(1),
});
export const refreshSchema = z.strictObject({
  token: z.string().min(1),
  updateCookie: z.boolean(),
  toggleEnabled: z.boolean(),
});

const agentStateSchema = z.strictObject({
  loginId: neededText,
  acdId: neededText,
  eventCode: neededText,
  reasonCode: text,
  eventUtcTime: isoTime,
});
export const agentStatesSchema = z.strictObject({ agentStateList: z.array(agentStateSchema).min(1, 'is empty') });

const queueReportSchema = z
  .strictObject({
    queueValue,
    queueName: z.string(),
    isOutbound: z.boolean(),
    contactsReceived: count,
    abandonedShort: count,
    abandonedLong: count,
    handledShort: count,
    handledLong: count,
    handleTime: amount,
    workTime: amount,
    queueDelayTime: amount,
    svcLvlPct: amount.max(100),
    rightPartyHandleTime: amount,
    rightPartyContacts: count,
    wrongPartyHandleTime: amount,
    wrongPartyContacts: count,
    backlog: count,
    backlogNotExpired: count,
    backlogExpired: count,
    holdTime: amount,
    active: count,
  })
  .refine(
    (row) => row.contactsReceived === row.handledShort + row.handledLong + row.abandonedShort + row.abandonedLong,
    'contactsReceived is not the sum of handledShort, handledLong, abandonedShort and abandonedLong',
  );

const agentQueueReportSchema = z.strictObject({
  queueValue,
  queueName: z.string(),
  isOutbound: z.boolean(),
  agentValue: neededText,
  agentId: text,
  handled: count,
  handledTime: count,
  workTime: count,
  rightPartyHandleTime: count,
  rightPartyContacts: count,
  wrongPartyHandleTime: count,
  wrongPartyContacts: count,
  holdTime: count,
  active: count,
});

const agentSystemPerformanceSchema = z
  .strictObject({ agentValue: neededText, agentId: text, readyTime: count, notReadyTime: count, loginTime: count })
  .refine(
    (row) => row.readyTime + row.notReadyTime <= row.loginTime,
    'readyTime and notReadyTime together are over loginTime',
  );

const windowShape = {
  acdType: neededText,
  reportVersion: z.literal('0'),
  startDate: isoTime,
  endDate: isoTime,
};

function windowFault({ startDate, endDate }: { startDate: string; endDate: string }): string | undefined {
  const startMs = Date.parse(startDate);
  const lengthMs = Date.parse(endDate) - startMs;
  if (!WINDOW_LENGTHS_MS.includes(lengthMs)) return 'startDate and endDate have to be 15 or 30 minutes apart';
  return startMs % lengthMs === 0 ? undefined : 'startDate lies off the grid of 15 or 30 minutes';
}

export const historicalSchema = z
  .strictObject({
    ...windowShape,
    status: z.literal('SUCCESS'),
    statusReason: z.string(),
    reportData: z.strictObject({
      queueReport: z.array(queueReportSchema),
      agentQueueReport: z.array(agentQueueReportSchema),
      agentSystemPerformanceReport: z.array(agentSystemPerformanceSchema),
    }),
  })
  .superRefine((report, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    const fault = windowFault(report);
    if (fault !== undefined) return issue(fault);
    const windowS = (Date.parse(report.endDate) - Date.parse(report.startDate)) / 1000;
    const { queueReport, agentQueueReport, agentSystemPerformanceReport } = report.reportData;
    if (agentSystemPerformanceReport.some((row) => row.loginTime > windowS)) issue('loginTime is over the window');
    if (repeats(queueReport.map((row) => row.queueValue))) issue('a queueValue stands twice in queueReport');
    if (repeats(agentSystemPerformanceReport.map((row) => row.agentValue))) {
      issue('an agentValue stands twice in agentSystemPerformanceReport');
    }
    if (repeats(agentQueueReport.map((row) => JSON.stringify([row.agentValue, row.queueValue])))) {
      issue('an agent and queue stand twice in agentQueueReport');
    }
  });

const activitySchema = z.strictObject({ state: neededText, startTime: isoTime, duration: count, reason: text });

const activityReportSchema = z.strictObject({
  ...windowShape,
  reportData: z.array(
    z.strictObject({
      agentValue: neededText,
      agentId: text,
      userName: text,
      agentActivity: z.array(activitySchema).min(1, 'is empty'),
    }),
  ),
});

/** `boundary`: whether an activity that ends on a boundary belongs to the window that ends or that starts there. */
export function agentActivitySchema(boundary: 'end' | 'start') {
  return activityReportSchema.superRefine((report, context) => {
    const issue = (message: string) => context.addIssue({ code: 'custom', message });
    const fault = windowFault(report);
    if (fault !== undefined) return issue(fault);
    if (repeats(report.reportData.map((row) => row.agentValue))) issue('an agentValue stands twice in reportData');
    const startMs = Date.parse(report.startDate);
    const endMs = Date.parse(report.endDate);
    const outside = report.reportData
      .flatMap((row) => row.agentActivity)
      .filter(({ startTime, duration }) => {
        const endedMs = Date.parse(startTime) + duration;
        if (boundary === 'end') return endedMs <= startMs || endedMs > endMs;
        return endedMs < startMs || endedMs >= endMs;
      }).length;
    if (outside > 0) issue(`${outside} activities do not end in the report's window`);
  });
}

function repeats(keys: string[]): boolean {
  return new Set(keys).size !== keys.length;
}

export type AgentStates = z.infer<typeof agentStatesSchema>;
export type Historical = z.infer<typeof historicalSchema>;
export type AgentActivity = z.infer<typeof activityReportSchema>;
