// What an export says of itself: which files, in which order, and what every table has to hold afterwards.
import * as z from 'zod';

export const EXPORT_MANIFEST = 'manifest.json';
export const exportManifestSchema = z.object({
  product: z.literal('acd-wfm-bridge'),
  version: z.string(),
  createdAt: z.iso.datetime(),
  migrations: z.array(z.string()),
  /** In the order in which they have to be executed. */
  files: z.array(z.string()),
  tables: z.record(z.string(), z.object({ rows: z.number(), sha256: z.string() })),
});
export type ExportManifest = z.infer<typeof exportManifestSchema>;
