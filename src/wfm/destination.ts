/** What a folder of a destination hands to the registry: everything that jobs, pages and checks have to know of it. */
import type * as z from 'zod';
import type { FormPart } from '../domain/form-field.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import type { Wfm } from './wfm.ts';

/** What the jobs have to know of a destination's settings. */
export interface WfmTraits {
  /** Most state events in one body. */
  readonly eventsPerBodyMax: number;
  /** Largest body, bytes. */
  readonly bodyBytesMax: number;
  /**
   * It keeps time lines of its own: activity reports carry every change of their window, and reports without a record are
   * sent, too, because they say that there was nothing.
   */
  readonly takesChanges: boolean;
  /** Id of the connection that it hands over to, which sends for it; null: it is a WFM itself. */
  readonly handsOverTo: number | null;
  /** What kind of ACD it is told that the facts come from; null where it does not ask. */
  readonly acdType: string | null;
}

/** An address that a destination calls. */
export interface WfmAddress {
  /** Its place in the destination's settings, with dots. */
  readonly path: string;
  readonly url: string;
  /** Names of the secrets that are sent there. */
  readonly secrets: readonly string[];
}

export interface WfmDestination<S> {
  /** What people call it. */
  readonly title: string;
  /** Its part of the connection form. */
  readonly form: FormPart;
  readonly settingsSchema: z.ZodType<S>;
  /** Names of its secrets, unique over all sources and destinations. */
  readonly secrets: readonly string[];
  addresses(settings: S): readonly WfmAddress[];
  traits(settings: S): WfmTraits;
  open(settings: S, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Wfm;
}
