/** Other connections as a source: they hand over what they know, and are not asked. */
import { NOT_ASKED, PUSHED } from '../pushed.ts';
import type { AcdSource } from '../source.ts';
import { mergedForm, mergedSetUp } from './form.ts';
import { type MergedSourceSettings, mergedSourceSchema, precedenceOf } from './settings.ts';

export const mergedSource: AcdSource<MergedSourceSettings> = {
  title: 'Several connections, merged',
  form: mergedForm,
  setUp: mergedSetUp,
  settingsSchema: mergedSourceSchema,
  secrets: [],
  addresses: () => [],
  traits: (settings) => ({ ...PUSHED, merges: precedenceOf(settings) }),
  // A member says how each of its states counts; this is for states that somebody enters by hand.
  defaultStateClass: () => 'not ready',
  isDocumentedState: () => false,
  open: () => NOT_ASKED,
};
