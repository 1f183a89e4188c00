/**
 * Avaya CMS as a source: its real-time feed comes by the relay, its figures come as exports, through the folder watcher or
 * the Imports page. A Worker can neither listen to the feed nor speak to the database of CMS, so that nothing is asked.
 */
import { NOT_ASKED, PUSHED } from '../pushed.ts';
import type { AcdSource } from '../source.ts';
import { cmsStateClass, isDocumentedCmsState } from './codes.ts';
import { CMS_TABLES } from './export-result.ts';
import { readCmsExport } from './exports.ts';
import { avayaCmsForm, avayaCmsSetUp } from './form.ts';
import { type AvayaCmsSettings, avayaCmsSettingsSchema } from './settings.ts';

export const avayaCmsSource: AcdSource<AvayaCmsSettings> = {
  title: 'Avaya CMS',
  form: avayaCmsForm,
  setUp: avayaCmsSetUp,
  settingsSchema: avayaCmsSettingsSchema,
  secrets: [],
  addresses: () => [],
  traits: ({ sendsQueueIntervals, intervalMinutes }) => ({
    ...PUSHED,
    queueIntervals: sendsQueueIntervals ? 'pushed' : 'none',
    shortestReportMinutes: intervalMinutes,
  }),
  defaultStateClass: (name) => cmsStateClass(name),
  isDocumentedState: isDocumentedCmsState,
  open: () => NOT_ASKED,
  exports: { tables: CMS_TABLES, read: readCmsExport },
};
