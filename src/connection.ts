/**
 * A connection joins one ACD tenant to one WFM tenant. Here is everything that a user may set for it, as one schema for
 * page, API and database; secrets are named here and kept elsewhere.
 */
import * as z from 'zod';
import { acdAddresses, acdSecrets, acdSettingsSchema, acdTraits } from './acd/registry.ts';
import { collectionSettingsSchema } from './domain/collection-settings.ts';
import { checkAddress } from './http/address.ts';
import { wfmAddresses, wfmSecrets, wfmSettingsSchema, wfmTraits } from './wfm/registry.ts';

export const connectionSettingsSchema = z.strictObject({
  name: z.string().trim().min(1, 'Enter a name.').max(100, 'A name has at most 100 characters.'),
  /** IANA name, for display only: everything is stored in UTC. */
  timeZone: z.string().trim().max(100).refine(isTimeZone, 'Enter an IANA time zone, such as America/Chicago.'),
  acd: acdSettingsSchema,
  wfm: wfmSettingsSchema,
  collection: collectionSettingsSchema.prefault({}),
});

export type ConnectionSettings = z.output<typeof connectionSettingsSchema>;

/** Names of the secrets that a connection needs, source first; each name is unique. */
export function connectionSecretNames(settings: Pick<ConnectionSettings, 'acd' | 'wfm'>): readonly string[] {
  return [...acdSecrets(settings.acd.kind).map(({ name }) => name), ...wfmSecrets(settings.wfm.kind)];
}

/** What is wrong with one field. `path`: the field's place in the settings, with dots (`acd.realTime.baseUrl`). */
export interface FieldProblem {
  readonly path: string;
  /** A sentence for the field. */
  readonly message: string;
}

/** The base URLs that may not be called, each with the reason; empty when all may. */
export function checkAddresses(
  settings: Pick<ConnectionSettings, 'acd' | 'wfm'>,
  options: { readonly allowPrivateNetwork: boolean },
): readonly FieldProblem[] {
  const addresses = [
    ...acdAddresses(settings.acd).map(({ path, url }) => ({ path: `acd.${path}`, url })),
    ...wfmAddresses(settings.wfm).map(({ path, url }) => ({ path: `wfm.${path}`, url })),
  ];
  return addresses.flatMap(({ path, url }) => {
    const checked = checkAddress(url, options);
    return checked.ok ? [] : [{ path, message: checked.message }];
  });
}

/** What is wrong with settings that are right one by one and do not go together. */
export function checkTogether({
  acd,
  wfm,
  collection,
}: Pick<ConnectionSettings, 'acd' | 'wfm' | 'collection'>): FieldProblem[] {
  const { reportMinutes } = collection;
  const { merges, shortestReportMinutes = 15 } = acdTraits(acd);
  const handsOver = wfmTraits(wfm).handsOverTo !== null;
  const problem = (path: string, message: string): FieldProblem[] => [{ path, message }];
  if (handsOver && merges) {
    const message = 'A connection that merges others sends to a WFM: it cannot hand over to another one.';
    return problem('wfm.kind', message);
  }
  if (handsOver && reportMinutes !== 15) {
    const message = 'A connection that hands over to another one reports 15 minutes; the other one may report 30.';
    return problem('collection.reportMinutes', message);
  }
  if (handsOver || reportMinutes >= shortestReportMinutes) return [];
  return problem('collection.reportMinutes', "The ACD's intervals have 30 minutes: reports need 30 minutes as well.");
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    // Offsets such as "+05:00" are taken by Intl, too, but know no daylight saving.
    return /^[A-Za-z]/.test(name);
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}
