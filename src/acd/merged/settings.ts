/** Settings of a connection that merges others: which member's word about a person counts when several say something. */
import * as z from 'zod';
import { DEFAULT_CLASS_ORDER } from '../../domain/merge-states.ts';

export const mergedSourceSchema = z.strictObject({
  kind: z.literal('merged'),
  /**
   * Who is signed in anywhere is in the state that comes first here; of two in the same class, the first member's counts.
   * Signed out counts only where nobody says anything else.
   */
  classOrder: z
    .array(z.enum(DEFAULT_CLASS_ORDER))
    .refine(
      (classes) => classes.length === DEFAULT_CLASS_ORDER.length && new Set(classes).size === classes.length,
      `Name each of these once, the strongest first: ${DEFAULT_CLASS_ORDER.join(', ')}.`,
    )
    .default([...DEFAULT_CLASS_ORDER]),
  /** Ids of members, the strongest first; the others follow by their ids. */
  memberOrder: z.array(z.int().min(1)).max(100).default([]),
});
export type MergedSourceSettings = z.output<typeof mergedSourceSchema>;
