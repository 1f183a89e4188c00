/**
 * Reads what comes in from outside: JSON bodies against a schema, times in the forms that people type.
 */
import type * as z from 'zod';

export type Parsed<T> = { ok: true; value: T } | { ok: false; message: string };

/** Parses JSON text with a schema; the message says what is wrong and where. */
export function parseJson<T>(text: string, schema: z.ZodType<T>): Parsed<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, message: `The body is no JSON: ${error instanceof Error ? error.message : 'unreadable'}.` };
  }
  const result = schema.safeParse(value);
  return result.success ? { ok: true, value: result.data } : { ok: false, message: describeIssues(result.error) };
}

/** At most five issues as one line: `path: what is wrong; …`. */
export function describeIssues(error: z.ZodError): string {
  const shown = error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join('.') || 'body'}: ${issue.message}`);
  const more = error.issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

/** Unix ms from an ISO time or a number (over 1e11 is ms, else s); NaN when it is neither. */
export function parseTimeMs(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number)) return number > 1e11 ? number : number * 1000;
  return Date.parse(text);
}
