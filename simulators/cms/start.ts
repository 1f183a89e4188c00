/**
 * Starts the CMS stand-in: a modelled switch that tells its agents' states to a relay and writes its tables as exports,
 * with its truth and its controls on 127.0.0.1.
 */
import * as z from 'zod';
import { type Answer, json, ndjson } from '../shared/answer.ts';
import { homePage } from '../shared/page.ts';
import { parseJson } from '../shared/parse.ts';
import { type SimRequest, StandInServer } from '../shared/server.ts';
import { Zone } from '../shared/zone.ts';
import { writeExports } from './exports.ts';
import { CmsFeed } from './feed.ts';
import type { Figures } from './figures.ts';
import { CmsModel } from './model.ts';
import { type CmsOptionsInput, cmsOptionsSchema } from './options.ts';

const MAX_BODY_BYTES = 64 * 1024;
const TICK_MS = 250;
const feedControlSchema = z.strictObject({ cut: z.literal(true) });

export type RunningCms = Awaited<ReturnType<typeof startCms>>;

/**
 * Starts the stand-in and resolves when it listens. `nowMs` replaces the clock, for tests; time then passes by
 * `tick` alone.
 * @throws z.ZodError for bad options; the system's error (EADDRINUSE) when the port is taken
 */
export async function startCms(input: CmsOptionsInput = {}, nowMs: () => number = Date.now) {
  const options = cmsOptionsSchema.parse(input);
  const zone = new Zone(options.timeZone);
  const intervalMs = options.intervalMinutes * 60_000;
  const startedMs = nowMs();
  const modelStartMs = (Math.floor(startedMs / intervalMs) - options.pastIntervals) * intervalMs;
  const model = new CmsModel(options, modelStartMs);
  model.advance(startedMs);
  const feed = new CmsFeed(options, zone, () => model.present());
  const exported: { readonly figures: Figures; readonly files: readonly string[] }[] = [];
  let nextExportMs = modelStartMs;

  const tick = () => {
    feed.tell(model.advance(nowMs()));
    while (nextExportMs + intervalMs + options.exportDelayS * 1_000 <= nowMs()) {
      const figures = model.figures.at(nextExportMs);
      const files = options.folder === '' ? [] : writeExports(figures, options, zone);
      exported.push({ figures, files });
      nextExportMs += intervalMs;
    }
  };

  const summary = () => ({
    startedMs,
    seed: options.seed,
    agents: options.agents,
    splits: options.splits,
    feedConnected: feed.isConnected ? 1 : 0,
    feedConnections: feed.connections,
    linesSent: feed.sent.size + feed.sent.dropped,
    linesUntold: feed.untold,
    intervalsExported: exported.length,
    filesWritten: exported.reduce((sum, { files }) => sum + files.length, 0),
  });

  function* exportRows(): Generator<object> {
    for (const { figures } of exported) {
      const { startMs } = figures;
      for (const [split, row] of figures.splits) yield { kind: 'hsplit', startMs, split: String(split), ...row };
      for (const [key, row] of figures.agents) {
        const [login, split] = key.split(' ');
        yield { kind: 'hagent', startMs, login, split, ...row };
      }
    }
  }

  const inside = ({ method, path, body }: SimRequest): Answer | undefined => {
    if (method === 'POST' && path === '/_control/feed') {
      const parsed = parseJson(body, feedControlSchema);
      if (!parsed.ok) return json(400, { message: parsed.message });
      feed.cut();
      return json(200, { done: true });
    }
    if (method !== 'GET') return undefined;
    if (path === '/') return homePage('Avaya CMS stand-in', summary());
    if (path === '/_truth/summary') return json(200, { standIn: 'Avaya CMS', ...summary() });
    if (path === '/_truth/states') return ndjson(feed.sent.values());
    if (path === '/_truth/exports') return ndjson(exportRows());
    return undefined;
  };
  const server = new StandInServer({
    port: options.port,
    seed: options.seed,
    maxBodyBytes: MAX_BODY_BYTES,
    nowMs,
    vendor: () => json(404, { message: 'CMS has no API: it opens a feed and writes exports.' }),
    inside,
  });
  await server.listen();
  tick();
  const timer = nowMs === Date.now ? setInterval(tick, TICK_MS) : undefined;
  return {
    url: server.url,
    options,
    summary,
    sent: () => [...feed.sent.values()],
    exportRows: () => [...exportRows()],
    tick,
    cut: () => feed.cut(),
    async close() {
      clearInterval(timer);
      feed.close();
      await server.close();
    },
  };
}
