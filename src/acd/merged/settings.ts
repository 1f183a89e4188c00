/** Settings of a connection that merges others: which member's word about a person counts when several say something. */
import * as z from 'zod';
import { DEFAULT_CLASS_ORDER, type Precedence, readClassOrder } from '../../domain/merge-states.ts';

export const mergedSourceSchema = z.strictObject({
  kind: z.literal('merged'),
  /**
   * Whoever is signed in anywhere is in the state that comes first here; of two in the same class, the first member's counts.
   * Signed out counts only where nobody says anything else.
   */
  classOrder: z
    .string()
    .trim()
    .max(200)
    .refine(
      (text) => readClassOrder(text) !== null,
      `Name each of these once, the strongest first, with commas between: ${DEFAULT_CLASS_ORDER.join(', ')}.`,
    )
    .default(DEFAULT_CLASS_ORDER.join(', ')),
  /** Ids of members, the strongest first; the others follow by their ids. */
  memberOrder: z.array(z.int().min(1)).max(100).default([]),
});
export type MergedSourceSettings = z.output<typeof mergedSourceSchema>;

/** The precedence that the settings ask for. */
export function precedenceOf({ classOrder, memberOrder }: MergedSourceSettings): Precedence {
  return { classOrder: readClassOrder(classOrder) ?? DEFAULT_CLASS_ORDER, memberOrder };
}
