/**
 * The destinations that the bridge knows: a new WFM is a folder beside this file, a line in the schema below and a line in
 * `DESTINATIONS`; whatever else has to know a destination asks here.
 */
import * as z from 'zod';
import type { FormPart } from '../domain/form-field.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import { mpowerDestination } from './cxone-mpower/destination.ts';
import { mpowerSettingsSchema } from './cxone-mpower/settings.ts';
import type { WfmAddress, WfmDestination, WfmTraits } from './destination.ts';
import { mergedDestination } from './merged/destination.ts';
import { mergedSettingsSchema } from './merged/settings.ts';
import type { Wfm } from './wfm.ts';

export const wfmSettingsSchema = z.discriminatedUnion('kind', [mpowerSettingsSchema, mergedSettingsSchema]);
export type WfmSettings = z.output<typeof wfmSettingsSchema>;
export type WfmKind = WfmSettings['kind'];

const DESTINATIONS: { readonly [K in WfmKind]: WfmDestination<Extract<WfmSettings, { kind: K }>> } = {
  'cxone-mpower': mpowerDestination,
  merged: mergedDestination,
};

export const WFM_KINDS = ['cxone-mpower', 'merged'] as const satisfies readonly WfmKind[];

/** The destination of some settings. The cast says what the table above guarantees: each kind has its own. */
function destinationOf<S extends WfmSettings>(settings: S): WfmDestination<S> {
  return DESTINATIONS[settings.kind] as unknown as WfmDestination<S>;
}

/** What people call a kind of destination. */
export const wfmTitle = (kind: WfmKind): string => DESTINATIONS[kind].title;

/** A kind's part of the connection form. */
export const wfmForm = (kind: WfmKind): FormPart => DESTINATIONS[kind].form;

/** What the jobs have to know of a destination's settings. */
export const wfmTraits = (settings: WfmSettings): WfmTraits => destinationOf(settings).traits(settings);

/** Names of the secrets that a kind of destination needs. */
export const wfmSecrets = (kind: WfmKind): readonly string[] => DESTINATIONS[kind].secrets;

/** The addresses that a destination calls, for a check before they are saved. */
export const wfmAddresses = (settings: WfmSettings): readonly WfmAddress[] =>
  destinationOf(settings).addresses(settings);

/**
 * The destination of a connection. `secrets`: by the names of `wfmSecrets`, in clear. It calls nobody until it is asked,
 * and keeps its token, so keep the object as long as settings and secrets stay the same.
 */
export function openWfm(settings: WfmSettings, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Wfm {
  return destinationOf(settings).open(settings, secrets, deps);
}
