/**
 * The sources that the bridge knows. A new ACD is a folder beside this file, a line in the schema below and a line in
 * `SOURCES`; whatever else has to know a source asks here.
 */
import * as z from 'zod';
import type { StateClass } from '../domain/agent-state.ts';
import type { FormPart } from '../domain/form-field.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import type { Acd } from './acd.ts';
import { avayaCmsSettingsSchema } from './avaya-cms/settings.ts';
import { avayaCmsSource } from './avaya-cms/source.ts';
import type { SourceExport } from './export.ts';
import { liveVoxSettingsSchema } from './livevox/settings.ts';
import { liveVoxSource } from './livevox/source.ts';
import { mergedSourceSchema } from './merged/settings.ts';
import { mergedSource } from './merged/source.ts';
import { nccSettingsSchema } from './nextiva-ncc/settings.ts';
import { nccSource } from './nextiva-ncc/source.ts';
import { pushSettingsSchema, pushSource } from './push/source.ts';
import type { AcdSource, AcdTraits, SourceAddress, SourceSecret, SourceSetUp } from './source.ts';

export const acdSettingsSchema = z.discriminatedUnion('kind', [
  nccSettingsSchema,
  liveVoxSettingsSchema,
  avayaCmsSettingsSchema,
  pushSettingsSchema,
  mergedSourceSchema,
]);
export type AcdSettings = z.output<typeof acdSettingsSchema>;
export type AcdKind = AcdSettings['kind'];

const SOURCES: { readonly [K in AcdKind]: AcdSource<Extract<AcdSettings, { kind: K }>> } = {
  'nextiva-ncc': nccSource,
  livevox: liveVoxSource,
  'avaya-cms': avayaCmsSource,
  push: pushSource,
  merged: mergedSource,
};

export const ACD_KINDS = [
  'nextiva-ncc',
  'livevox',
  'avaya-cms',
  'push',
  'merged',
] as const satisfies readonly AcdKind[];

/** The source of some settings. The cast says what the table above guarantees: each kind has its own source. */
function sourceOf<S extends AcdSettings>(settings: S): AcdSource<S> {
  return SOURCES[settings.kind] as unknown as AcdSource<S>;
}

/** What people call a kind of source. */
export const acdTitle = (kind: AcdKind): string => SOURCES[kind].title;

/** A kind's part of the connection form. */
export const acdForm = (kind: AcdKind): FormPart => SOURCES[kind].form;

/** What the Set-up page says of a kind. */
export const acdSetUp = (kind: AcdKind): SourceSetUp => SOURCES[kind].setUp;

/** What the jobs have to know of a source's settings. */
export const acdTraits = (settings: AcdSettings): AcdTraits => sourceOf(settings).traits(settings);

/** The tables of which a source's exports can be read; none where it has no exports. */
export const exportTables = (settings: AcdSettings): readonly string[] => sourceOf(settings).exports?.tables ?? [];

/** Maps an export of the ACD's own tables to records; null where the source has no exports. */
export const readExport = (settings: AcdSettings, text: string, nowMs: number): SourceExport | null =>
  sourceOf(settings).exports?.read(text, settings, nowMs) ?? null;

/** The secrets that a kind of source needs. */
export const acdSecrets = (kind: AcdKind): readonly SourceSecret[] => SOURCES[kind].secrets;

/** The addresses that a source calls, for a check before they are saved. */
export const acdAddresses = (settings: AcdSettings): readonly SourceAddress[] => sourceOf(settings).addresses(settings);

/** How a state counts until somebody says otherwise. */
export const defaultStateClass = (kind: AcdKind, name: string, reason: string): StateClass =>
  SOURCES[kind].defaultStateClass(name, reason);

/** True for the states whose class the source's documents fix; the others are listed as "seen, not reviewed". */
export const isDocumentedState = (kind: AcdKind, name: string, reason: string): boolean =>
  SOURCES[kind].isDocumentedState(name, reason);

/**
 * The source of a connection. `secrets`: by the names of `acdSecrets`, in clear. It calls nobody until it is asked, and
 * keeps its tokens and its last answer, so keep the object as long as settings and secrets stay the same.
 */
export function openAcd(settings: AcdSettings, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Acd {
  return sourceOf(settings).open(settings, secrets, deps);
}
