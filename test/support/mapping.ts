/** Mapping as a person edits it, for tests of what follows from it. */
import { env } from 'cloudflare:workers';
import { saveEdits } from '../../src/store/mapping-edits.ts';

/** Takes a queue of connection 1 in or leaves it out. */
export async function setIncluded(sourceId: string, included: boolean): Promise<void> {
  const id = await env.DB.prepare('SELECT id FROM queue WHERE connection_id = 1 AND source_id = ?1')
    .bind(sourceId)
    .first<number>('id');
  if (id === null) throw new Error(`There is no queue ${sourceId}.`);
  const edit = { id, queueValue: null, isOutbound: false, mixed: false, shortPct: null, included };
  await env.DB.batch(saveEdits(env.DB, 1, 'queues', [edit]));
}
