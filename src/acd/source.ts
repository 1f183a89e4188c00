/** What a folder of a source hands to the registry: everything that settings page, jobs and checks have to know of it. */
import type * as z from 'zod';
import type { StateClass } from '../domain/agent-state.ts';
import type { FormPart } from '../domain/form-field.ts';
import type { Precedence } from '../domain/merge-states.ts';
import type { UpstreamDeps } from '../http/deps.ts';
import type { Acd } from './acd.ts';
import type { SourceExport } from './export.ts';

/** A secret of a source. Names are unique over all sources and destinations: the store keeps secrets by name. */
export interface SourceSecret {
  readonly name: string;
  /** What it is, for a sentence: "Enter the …". */
  readonly what: string;
}

/** An address that a source calls. */
export interface SourceAddress {
  /** Its place in the source's settings, with dots. */
  readonly path: string;
  readonly url: string;
  /** Names of the secrets that are sent there. */
  readonly secrets: readonly string[];
}

/** What the jobs have to know of a source's settings. */
export interface AcdTraits {
  /**
   * How the states of agents are known. snapshots: by looking at all of them, so that time in which nobody looked is not
   * known. events: the source keeps what happened. pushed: whoever sends answers for it that nothing is missing.
   */
  readonly agentStates: 'snapshots' | 'events' | 'pushed';
  /** How often agents are read, seconds; where they are pushed, how often the bridge says that it is there. */
  readonly pollIntervalS: number;
  /** asked: each interval is read when it has settled. pushed: it is a gap unless it came. none: nobody expects any. */
  readonly queueIntervals: 'asked' | 'pushed' | 'none';
  /** The source lists its queues and agents when it is asked. */
  readonly hasRoster: boolean;
  /** The agent's id is the login id that the WFM knows, unless a roster or a mapping says otherwise. */
  readonly agentIdIsLoginId: boolean;
  /** How many 15-minute windows one request for figures may ask for. */
  readonly windowsPerRequest: number;
  /** Handle times are taken for seconds, and may be milliseconds after all: a warning is worth it. */
  readonly handleTimeIsTakenForSeconds: boolean;
  /** Length of the ACD's own intervals where it is not 15 minutes: shorter reports would show the one half of one as empty. */
  readonly shortestReportMinutes?: 15 | 30;
  /** Whose word about a person counts, where the source is other connections, merged; left out for all others. */
  readonly merges?: Precedence;
}

/** What the Set-up page says of a source: sentences for people. */
export interface SourceSetUp {
  /** What to have at hand, or to do, on the source's side. */
  readonly accounts: { readonly title: string; readonly how: string };
  /** How its facts come. */
  readonly answers: { readonly title: string; readonly how: string };
  /** Where agents and queues come from. */
  readonly roster: string;
  /** What each feed signs in with, for a sentence; left out where it is one user name and one password, or nothing. */
  readonly credentials?: Readonly<Record<'agent-states' | 'intervals' | 'roster', string>>;
  /** What an agent's login id is unless somebody sets it: ends a sentence that begins "By default it is". */
  readonly loginId: string;
}

export interface AcdSource<S> {
  /** What people call it. */
  readonly title: string;
  /** Its part of the connection form. */
  readonly form: FormPart;
  readonly setUp: SourceSetUp;
  readonly settingsSchema: z.ZodType<S>;
  readonly secrets: readonly SourceSecret[];
  addresses(settings: S): readonly SourceAddress[];
  traits(settings: S): AcdTraits;
  /** How a state counts until somebody says otherwise; caution says 'not ready'. */
  defaultStateClass(name: string, reason: string): StateClass;
  /** True where the source's documents fix the class. */
  isDocumentedState(name: string, reason: string): boolean;
  open(settings: S, secrets: Readonly<Record<string, string>>, deps: UpstreamDeps): Acd;
  /** Exports of the ACD's own tables, as files; absent where nothing is known of any. */
  readonly exports?: SourceExports<S>;
}

/** What a source knows of exports of its ACD's own tables. */
export interface SourceExports<S> {
  /** The tables, by the names that the ACD has for them. */
  readonly tables: readonly string[];
  /** Maps a file to records. A file that holds none of the tables is one line that is refused, not an error. */
  read(text: string, settings: S, nowMs: number): SourceExport;
}
