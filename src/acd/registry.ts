/** The sources that the bridge knows: a new ACD is a folder beside this file and a line in each list below. */
import * as z from 'zod';
import type { UpstreamDeps } from '../http/deps.ts';
import type { Acd } from './acd.ts';
import { NCC_SECRETS, nccSettingsSchema } from './nextiva-ncc/settings.ts';
import { openNcc } from './nextiva-ncc/source.ts';

export const acdSettingsSchema = z.discriminatedUnion('kind', [nccSettingsSchema]);
export type AcdSettings = z.output<typeof acdSettingsSchema>;

/** Names of the secrets that each kind of source needs. */
export const ACD_SECRETS: Readonly<Record<AcdSettings['kind'], readonly string[]>> = { 'nextiva-ncc': NCC_SECRETS };

/** Where each kind keeps the addresses that it calls, for a check before they are saved. */
export const ACD_ADDRESSES: Readonly<
  Record<AcdSettings['kind'], (settings: AcdSettings) => readonly { readonly path: string; readonly url: string }[]>
> = {
  'nextiva-ncc': ({ realTime, historical }) => [
    { path: 'realTime.baseUrl', url: realTime.baseUrl },
    { path: 'historical.baseUrl', url: historical.baseUrl },
  ],
};

/**
 * The source of a connection. `secrets`: by the names of `ACD_SECRETS`, in clear. It calls nobody until it is asked, and
 * keeps its tokens and its last answer, so keep the object as long as settings and secrets stay the same.
 */
export function openAcd(settings: AcdSettings, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Acd {
  switch (settings.kind) {
    case 'nextiva-ncc':
      return openNcc(settings, secrets, deps);
  }
}
