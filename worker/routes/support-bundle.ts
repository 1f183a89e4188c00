/** Downloads the support bundle. */
import type { Visit } from '../app.ts';
import { supportBundle } from '../support-bundle.ts';

export async function downloadSupportBundle(_request: Request, { app, nowMs }: Visit): Promise<Response> {
  const name = `support-${new Date(nowMs).toISOString().slice(0, 10)}.zip`;
  const headers = { 'content-type': 'application/zip', 'content-disposition': `attachment; filename="${name}"` };
  return new Response(await supportBundle(app, nowMs), { headers });
}
