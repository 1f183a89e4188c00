// The one failure that a start may end with on purpose: a sentence for the operator, without a stack.
import type { ZodError } from 'zod';

/** The start stops here, nothing was changed; the message says what is wrong and what to do. */
export class StartRefused extends Error {
  override name = 'StartRefused';
}

/** The places and reasons of a failed parse, in one line and without the refused values (they may be secrets). */
export function describeIssues(error: ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'the whole'}: ${issue.message}`).join('; ');
}

/** The message of anything thrown, in one line. */
export function messageOf(thrown: unknown): string {
  return (thrown instanceof Error ? thrown.message : String(thrown)).replace(/\s*\n\s*/g, ' ').trim();
}
