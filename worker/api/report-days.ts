/** Days of a connection's zone as parameters of reports. */
import * as z from 'zod';
import type { ConnectionRow } from '../../src/store/connections.ts';
import { storedSettings } from '../connection-settings.ts';
import { daysBetween, isReportDay } from '../report-day.ts';
import { ProblemError } from '../respond.ts';

export const REPORT_DAYS_MAX = 31;

export const reportDay = z.string().refine(isReportDay, 'Give a day such as 2026-01-31.');

export const dayParameters = {
  from: reportDay.describe("First day, in the connection's time zone."),
  to: reportDay.describe(`Last day, itself included; at most ${REPORT_DAYS_MAX} days.`),
};

/** The days of a request; throws where there are none or too many. */
export function daysOf({ from, to }: { from: string; to: string }): string[] {
  const days = daysBetween(from, to, REPORT_DAYS_MAX);
  if (days) return days;
  const message = `Give a last day that is not before the first, and at most ${REPORT_DAYS_MAX} days.`;
  throw new ProblemError(400, 'Invalid request', message, { errors: [{ path: 'to', message }] });
}

/** The zone that a connection counts its days in. */
export function zoneOf(connection: ConnectionRow): string {
  return storedSettings(connection)?.timeZone ?? 'UTC';
}
