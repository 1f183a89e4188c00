/**
 * Settings of a CXone Mpower WFM destination. Nothing of its report paths is published, so each is a setting with the
 * default that contracts/cxone-mpower.md gives.
 */
import * as z from 'zod';

const path = z
  .string()
  .trim()
  .regex(/^\/[\w\-./~%]*$/, 'A path starts with "/" and holds no "?" or "#".')
  .max(500);
/** A path, with a fixed query where the call needs one, that may be left empty: then the call is not made. */
const optionalPath = z
  .string()
  .trim()
  .regex(
    /^(?:\/[\w\-./~%]*(?:\?[\w\-./~%=&+,:;@!$'()*]*)?)?$/,
    'A path starts with "/", may have one "?" with a query behind it, and holds no spaces and no "#".',
  )
  .max(500);
const heartbeatTemplate = z
  .string()
  .trim()
  .max(2_000)
  .refine(isJsonObject, 'The template is not a JSON object, such as {"acdType": "{acdType}"}.');
const key = z.string().trim().min(1).max(200);

export const mpowerSettingsSchema = z.strictObject({
  kind: z.literal('cxone-mpower'),
  baseUrl: z.string().trim().min(1, 'Enter the base URL or choose an area.').max(2_000),
  /** Sent as `tenantName` at sign-in, only when set. */
  tenantName: z.string().trim().max(200).default(''),
  accessKeyId: z.string().trim().min(1, 'Enter the access key id.').max(400),
  acdType: key.default('Generic_Nextiva'),
  acdId: key.default('Tenant_Name'),
  advanced: z
    .strictObject({
      signInPath: path.default('/authentication/v1/token/access-key'),
      refreshPath: path.default('/public/authentication/v1/refresh'),
      agentStatesPath: path.default('/wfm/acd/v1/agent-states'),
      historicalPath: path.default('/wfm/acd/v1/historical'),
      agentActivityPath: path.default('/wfm/acd/v1/agent-activity'),
      /** Sign in with `{accessKeyId, accessKeySecret}` at the top of the body. */
      flatSignInBody: z.boolean().default(false),
      reportVersion: z.string().trim().min(1).max(20).default('0'),
      /** Most state events in one body. */
      eventsPerBodyMax: z.number().int().min(1).max(10_000).default(1_000),
      /** Largest body, bytes. */
      bodyBytesMax: z.number().int().min(10_000).max(20_000_000).default(4_000_000),
      /** Where the tenant's ACD types can be asked for; '' where they are not. */
      acdDetailsPath: optionalPath.default(''),
      /** Where a heartbeat goes each minute; '' where none does. */
      heartbeatPath: optionalPath.default(''),
      /** Body of the heartbeat, JSON; {acdType}, {acdId} and {time} stand for themselves inside its texts. */
      heartbeatBody: heartbeatTemplate.default('{"acdType": "{acdType}", "acdId": "{acdId}", "time": "{time}"}'),
    })
    .prefault({}),
});

export type MpowerSettings = z.output<typeof mpowerSettingsSchema>;

export const MPOWER_SECRETS = ['accessKeySecret'] as const;

function isJsonObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

/** Areas of CXone with their base URLs; any other URL can be typed. */
export const MPOWER_AREAS: readonly { readonly area: string; readonly baseUrl: string }[] = [
  'na1',
  'na2',
  'au1',
  'eu1',
  'uk1',
  'jp1',
  'ca1',
].map((area) => ({ area, baseUrl: `https://${area}.nice-incontact.com` }));
