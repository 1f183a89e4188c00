/**
 * Settings of a LiveVox source: where and as whom it is asked, and one setting for each thing that is assumed or not
 * known of its API (docs/manual/livevox.md), with its default.
 */
import * as z from 'zod';
import type { SourceSecret } from '../source.ts';

const path = z
  .string()
  .trim()
  .regex(/^\/[\w\-./~%]*$/, 'A path starts with "/" and holds no "?" or "#".')
  .max(500);
const name = z.string().trim().min(1).max(60);
/** A field of an answer; '' finds it by itself. */
const optionalName = z.string().trim().max(60).default('');

/** Statuses that mean something else for every call: a dead session, too many requests, no answer in time. */
const RESERVED_STATUSES: readonly number[] = [401, 408, 425, 429];
const tooOldStatus = z
  .int('Enter whole numbers.')
  .min(400, 'A status between 400 and 499.')
  .max(499, 'A status between 400 and 499.')
  .refine((status) => !RESERVED_STATUSES.includes(status), '401, 408, 425 and 429 have a meaning of their own.');

export const liveVoxSettingsSchema = z.strictObject({
  kind: z.literal('livevox'),
  /** Host of the customer's environment: NA3 is api.livevox.com, the others api.na4.livevox.com and so on. */
  baseUrl: z.string().trim().min(1, 'Enter the base URL.').max(2_000).default('https://api.livevox.com'),
  /** The client code: whose LiveVox it is. */
  clientName: z.string().trim().min(1, 'Enter the client name.').max(200),
  username: z.string().trim().min(1, 'Enter the user name.').max(320),
  /** How often the feed of agent events is read, seconds. */
  collectionIntervalS: z
    .number('Enter a whole number of seconds.')
    .int('Enter a whole number of seconds.')
    .min(3, 'The shortest interval is 3 seconds.')
    .max(3_600, 'The longest interval is 3600 seconds: a session dies after two hours without a call.')
    .default(5),
  /** Whether figures of queues are sent to the bridge for every interval: where they are, one that does not come is a gap. */
  sendsQueueIntervals: z.boolean().default(false),
  advanced: z
    .strictObject({
      signInPath: path.default('/session/v5.0/login'),
      eventFeedPath: path.default('/realtime/v6.0/agentEvent/feed'),
      agentsPath: path.default('/configuration/v6.0/agents'),
      servicesPath: path.default('/configuration/v6.0/services'),
      callCentersPath: path.default('/configuration/v6.0/callCenters'),
      /** How the access token is sent at sign-in: in `LV-Access`, or as older clients do it. */
      accessTokenHeader: z.enum(['LV-Access', 'Authorization']).default('LV-Access'),
      /** Also send the access token with every later call. */
      accessTokenOnEveryCall: z.boolean().default(false),
      /** The line whose events are the agent's state. LOGON and LOGOFF count on any line. */
      stateLine: name.default('ACD'),
      /** Field of an event that holds the reason of a state. */
      reasonField: name.default('reasonCode'),
      /** Answers to a cursor that mean that LiveVox does not know it any more. */
      cursorTooOldStatuses: z.array(tooOldStatus).max(20).default([400, 404, 410]),
      /** Names of the paging parameters of the lists, and how many rows are asked for at once. */
      countParameter: name.default('count'),
      offsetParameter: name.default('offset'),
      rowsPerPage: z.int().min(1).max(10_000).default(1_000),
      /** Fields of the lists that hold their rows; '' finds them by themselves. */
      agentsField: optionalName,
      servicesField: optionalName,
      callCentersField: optionalName,
      /** Ask for the services of each call centre: for a LiveVox that does not list them all at once. */
      servicesByCallCenter: z.boolean().default(false),
      /** Ask for each agent by itself where the list leaves out the login id. */
      readAgentDetails: z.boolean().default(true),
    })
    .prefault({}),
});

export type LiveVoxSettings = z.output<typeof liveVoxSettingsSchema>;
export type LiveVoxAdvanced = LiveVoxSettings['advanced'];

/** The secrets of a LiveVox source, by the name under which the store seals them. */
export const LIVEVOX_SECRETS = [
  { name: 'liveVoxPassword', what: 'password' },
  { name: 'liveVoxAccessToken', what: 'access token of the API subscription' },
] as const satisfies readonly SourceSecret[];
