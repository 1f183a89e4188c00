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
  const abandonedLong = figures.abandoned;
  const handled = Math.max(0, figures.offered - figures.abandoned);
  const handledShort = Math.round((handled * shortPct) / 100);
  const contactsReceived = handled + abandonedLong;
  return {
    contactsReceived,
    abandonedShort: 0,
    abandonedLong,
    handledShort,
    handledLong: handled - handledShort,
    serviceLevelPct: contactsReceived === 0 ? 0 : Math.round((handledShort / contactsReceived) * 10_000) / 100,
  };
}
