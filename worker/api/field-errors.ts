/** zod's issues as fields at fault, in sentences that fit beside a form's field. */
import type * as z from 'zod';
import type { FieldError } from '../respond.ts';

/** One entry a field at fault; keys that nobody knows are named one by one. */
export function fieldErrors(error: z.ZodError): FieldError[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    if (issue.code !== 'unrecognized_keys') return [{ path, message: issueSentence(issue) }];
    return issue.keys.map((key) => ({ path: path ? `${path}.${key}` : key, message: 'This field is not known.' }));
  });
}

/** The schema's own words where it has some; plainer ones than zod's where it has not. */
function issueSentence(issue: z.core.$ZodIssue): string {
  const isDefault = /^(Too (big|small)|Invalid)/.test(issue.message);
  if (!isDefault) return /[.!?]$/.test(issue.message) ? issue.message : `${issue.message}.`;
  const unit = 'origin' in issue && issue.origin === 'string' ? ' characters' : '';
  switch (issue.code) {
    case 'too_big':
      return `Enter at most ${issue.maximum}${unit}.`;
    case 'too_small':
      return issue.origin === 'string' && Number(issue.minimum) === 1
        ? 'This field is required.'
        : `Enter at least ${issue.minimum}${unit}.`;
    case 'invalid_type':
      if (issue.message.endsWith('received undefined')) return 'This field is required.';
      if (issue.expected === 'int') return 'Enter a whole number.';
      return `Enter ${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}.`;
    case 'invalid_value':
      return `Choose one of: ${issue.values.map(String).join(', ')}.`;
    case 'invalid_union':
      return 'Choose one of the listed values.';
    default:
      return `${issue.message}.`;
  }
}
