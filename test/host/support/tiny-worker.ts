// A Worker of a few lines in the form that the build leaves in dist/, so that the host's own promises are tested apart
// from the bridge's: it counts alarms and crons in the database, answers slowly or never, and shows what it was sent.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { WorkerConfig } from '../../../appliance/worker-config.ts';
import { WORKER_CONFIG_FILE } from '../../../appliance/worker-config.ts';

const SOURCE = `
import { DurableObject } from 'cloudflare:workers';
export class Collector extends DurableObject {
  async start() { await this.ctx.storage.setAlarm(Date.now() + 200); }
  async alarm() {
    await this.ctx.storage.setAlarm(Date.now() + 200);
    await this.env.DB.prepare('INSERT INTO tick (at) VALUES (?)').bind(Date.now()).run();
  }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/healthz') return Response.json({ status: 'ok' });
    if (pathname === '/start-alarm') return Response.json(await env.COLLECTOR.getByName('one').start() ?? null);
    if (pathname === '/ticks') return Response.json(await env.DB.prepare('SELECT count(*) AS ticks FROM tick').first());
    if (pathname === '/key') return new Response(env.ENCRYPTION_KEY);
    if (pathname === '/wait') {
      await scheduler.wait(Number(searchParams.get('ms')));
      return new Response('waited');
    }
    if (pathname === '/fetch') {
      try {
        const answer = await fetch(searchParams.get('url'), { redirect: 'manual', method: 'POST', body: 'from the Worker' });
        const body = await answer.text();
        return Response.json({ status: answer.status, location: answer.headers.get('location'), body });
      } catch (error) {
        return Response.json({ failure: String(error) });
      }
    }
    return Response.json({
      url: request.url,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      variables: { network: env.ALLOW_PRIVATE_NETWORK, hasToken: env.API_TOKEN !== undefined },
    });
  },
  async scheduled({ cron, scheduledTime }, env) {
    if (cron === '0 0 1 1 *') throw new Error('as asked');
    await env.DB.prepare('INSERT INTO tick (at) VALUES (?)').bind(scheduledTime).run();
  },
};
`;

export const FIRST_MIGRATION = {
  name: '0001_tick.sql',
  statements: ['CREATE TABLE tick (id INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT'],
};

/** Writes the Worker into `directory`/dist with a file under /static; returns the dist directory. */
export function writeTinyWorker(directory: string, migrations: WorkerConfig['migrations'] = [FIRST_MIGRATION]): string {
  const dist = path.join(directory, 'dist');
  mkdirSync(dist, { recursive: true });
  mkdirSync(path.join(directory, 'public/static'), { recursive: true });
  writeFileSync(path.join(directory, 'public/static/hello.txt'), 'hello');
  writeFileSync(path.join(dist, 'index.js'), SOURCE);
  const config: WorkerConfig = {
    name: 'tiny',
    compatibilityDate: '2026-10-01',
    compatibilityFlags: [],
    mainModule: 'index.js',
    database: { binding: 'DB', id: 'DB' },
    keyValueStores: [{ binding: 'TOKENS', id: 'TOKENS' }],
    durableObjects: [{ binding: 'COLLECTOR', className: 'Collector' }],
    variables: { ALLOW_PRIVATE_NETWORK: 'false', ACCESS_TEAM_DOMAIN: '', ACCESS_AUDIENCE: '' },
    assets: { binding: 'ASSETS', directory: '../public', runWorkerFirst: ['/*', '!/static/*'] },
    crons: ['* * * * *'],
    migrations,
  };
  writeFileSync(path.join(dist, WORKER_CONFIG_FILE), JSON.stringify(config));
  return dist;
}
