/** What Cloudflare calls: requests, the minute job, and the Durable Object class. Nothing else is here. */
import type { App } from './app.ts';
import { createRefusalLog, log } from './log.ts';
import { readSettings } from './settings.ts';
import { answerRequest, closedAnswer } from './site.tsx';
import { bridgeDeps, collectorOf, runScheduledMinute } from './wiring.ts';

export { Collector } from './collector.ts';

const apps = new WeakMap<Env, App>();

/** What requests need, made once per environment. */
function appOf(env: Env, settings: App['settings']): App {
  const known = apps.get(env);
  if (known) return known;
  const { db, sealer, clock, fetch } = bridgeDeps(env, settings);
  const collector: App['collector'] = (connectionId) => collectorOf(env, connectionId);
  const app: App = { settings, db, sealer, clock, fetch, collector, noteRefusal: createRefusalLog() };
  apps.set(env, app);
  return app;
}

export default {
  async fetch(request, env) {
    const parsed = readSettings(env);
    if (!parsed.ok) return closedAnswer(request, parsed.problems);
    return answerRequest(request, appOf(env, parsed.settings));
  },

  async scheduled(_controller, env) {
    const parsed = readSettings(env);
    if (parsed.ok) {
      await runScheduledMinute(env, parsed.settings);
      return;
    }
    const detail = parsed.problems.map(({ message }) => message).join(' ');
    log({ level: 'error', message: 'The bridge is not configured and does nothing.', detail });
  },
} satisfies ExportedHandler<Env>;
