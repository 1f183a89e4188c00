/** The destinations that the bridge knows: a new WFM is a folder beside this file and a line in each list below. */
import * as z from 'zod';
import type { FormPart } from '../domain/form-field.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import { openMpower } from './cxone-mpower/destination.ts';
import { mpowerForm } from './cxone-mpower/form.ts';
import { MPOWER_SECRETS, mpowerSettingsSchema } from './cxone-mpower/settings.ts';
import type { Wfm } from './wfm.ts';

export const wfmSettingsSchema = z.discriminatedUnion('kind', [mpowerSettingsSchema]);
export type WfmSettings = z.output<typeof wfmSettingsSchema>;

export type WfmKind = WfmSettings['kind'];

export const WFM_KINDS = ['cxone-mpower'] as const satisfies readonly WfmKind[];

const TITLES: Readonly<Record<WfmKind, string>> = { 'cxone-mpower': 'CXone Mpower WFM' };
const FORMS: Readonly<Record<WfmKind, FormPart>> = { 'cxone-mpower': mpowerForm };

/** What people call a kind of destination. */
export const wfmTitle = (kind: WfmKind): string => TITLES[kind];

/** A kind's part of the connection form. */
export const wfmForm = (kind: WfmKind): FormPart => FORMS[kind];

/** Names of the secrets that each kind of destination needs. */
export const WFM_SECRETS: Readonly<Record<WfmSettings['kind'], readonly string[]>> = { 'cxone-mpower': MPOWER_SECRETS };

/** Where each kind keeps the addresses that it calls, for a check before they are saved. */
export const WFM_ADDRESSES: Readonly<
  Record<WfmSettings['kind'], (settings: WfmSettings) => readonly { readonly path: string; readonly url: string }[]>
> = {
  'cxone-mpower': ({ baseUrl }) => [{ path: 'baseUrl', url: baseUrl }],
};

/**
 * The destination of a connection. `secrets`: by the names of `WFM_SECRETS`, in clear. It calls nobody until it is
 * asked, and keeps its token, so keep the object as long as settings and secrets stay the same.
 */
export function openWfm(settings: WfmSettings, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Wfm {
  switch (settings.kind) {
    case 'cxone-mpower':
      return openMpower(settings, secrets, deps);
  }
}
