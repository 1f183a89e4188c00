/** What one queue did in one interval, in the vendor-neutral form that the store keeps. */
export interface QueueInterval {
  readonly queueId: string;
  /** '' when the answer did not name the queue. */
  readonly queueName: string;
  readonly startMs: number;
  readonly offered: number;
  readonly abandoned: number;
  readonly handleTimeMs: number;
}

/** What some sources tell beyond that; null: not told. Durations in milliseconds, over the handled contacts. */
export interface QueueDetails {
  /** Handled within the service level, and after it: told together or not at all. */
  readonly handledShort: number | null;
  readonly handledLong: number | null;
  /** Of those abandoned, within the service level. */
  readonly abandonedShort: number | null;
  /** After-call work. */
  readonly workTimeMs: number | null;
  /** Waiting: queue and ringing. */
  readonly queueDelayTimeMs: number | null;
  /** Of the handle time, on hold. */
  readonly holdTimeMs: number | null;
}

export const NO_DETAILS: QueueDetails = {
  handledShort: null,
  handledLong: null,
  abandonedShort: null,
  workTimeMs: null,
  queueDelayTimeMs: null,
  holdTimeMs: null,
};

/** Counts split at the service level; `serviceLevelPct` is what a WFM will read from them. */
export interface SplitCounts {
  readonly contactsReceived: number;
  readonly abandonedShort: number;
  readonly abandonedLong: number;
  readonly handledShort: number;
  readonly handledLong: number;
  readonly serviceLevelPct: number;
}

/**
 * Splits NCC's unsplit counts (contracts/cxone-mpower.md, "Intraday and skill history"). Abandoned contacts all count as
 * long; handled = max(0, offered − abandoned), of which `shortPct` percent count as answered within the service level.
 * contactsReceived is always the sum of the four. Service level = handled short ÷ received, 0 without contacts.
 */
export function splitAtServiceLevel(figures: { offered: number; abandoned: number }, shortPct: number): SplitCounts {
  const handled = Math.max(0, figures.offered - figures.abandoned);
  const handledShort = Math.round((handled * shortPct) / 100);
  return counted({
    abandonedShort: 0,
    abandonedLong: figures.abandoned,
    handledShort,
    handledLong: handled - handledShort,
  });
}

type Counts = Omit<SplitCounts, 'contactsReceived' | 'serviceLevelPct'>;

function counted(counts: Counts): SplitCounts {
  const contactsReceived = counts.abandonedShort + counts.abandonedLong + counts.handledShort + counts.handledLong;
  const serviceLevelPct =
    contactsReceived === 0 ? 0 : Math.round((counts.handledShort / contactsReceived) * 10_000) / 100;
  return { contactsReceived, ...counts, serviceLevelPct };
}

/**
 * Counts of one queue over several intervals: what its source has split is taken as told, the rest is split together by
 * `shortPct`.
 */
export function splitCounts(
  rows: readonly (Pick<QueueDetails, 'handledShort' | 'handledLong' | 'abandonedShort'> & {
    readonly offered: number;
    readonly abandoned: number;
  })[],
  shortPct: number,
): SplitCounts {
  const unsplit = { offered: 0, abandoned: 0 };
  const told = { abandonedShort: 0, abandonedLong: 0, handledShort: 0, handledLong: 0 };
  for (const { offered, abandoned, handledShort, handledLong, abandonedShort } of rows) {
    told.abandonedShort += abandonedShort ?? 0;
    told.abandonedLong += abandoned - (abandonedShort ?? 0);
    if (handledShort === null || handledLong === null) unsplit.offered += Math.max(0, offered - abandoned);
    else {
      told.handledShort += handledShort;
      told.handledLong += handledLong;
    }
  }
  const rest = splitAtServiceLevel(unsplit, shortPct);
  return counted({
    ...told,
    handledShort: told.handledShort + rest.handledShort,
    handledLong: told.handledLong + rest.handledLong,
  });
}
