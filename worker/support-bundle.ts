/** The support bundle: settings without secrets, the last trouble, versions, excerpts of the ledger; made to be sent on. */
import { listChannels, listRules } from '../src/store/alert-settings.ts';
import { listConnections } from '../src/store/connections.ts';
import { readSupportFacts } from '../src/store/support.ts';
import type { App } from './app.ts';
import { secretsSet } from './connection-settings.ts';
import { type Cell, csvLine } from './csv.ts';
import { readHealth } from './health-view.ts';
import { VERSION } from './version.ts';
import { zip } from './zip.ts';

const README = `What this bundle holds

about.json         version, time, which settings of the deployment are set (not their values), rows per table
connections.json   settings of each connection, without secrets; which secrets are stored
health.json        how each connection is doing, in words and figures
trouble.csv        the last warnings and errors of the diary
ledger.csv         what is known of each interval of the last two days
reports.csv        the reports of the last two days and how far they were delivered
set-aside.csv      records that were refused, with the reason, without the record
feeds.csv          how reading from the ACD goes
streams.csv        how sending to the WFM goes
state-log.csv      the last looks at the agents, without the agents
alerts.json        channels (without addresses) and rules

Instants end in _ms: UTC epoch milliseconds. User names and addresses of the vendors are in connections.json.
`;

/** The bundle as a ZIP archive. */
export async function supportBundle(app: App, nowMs: number): Promise<Uint8Array<ArrayBuffer>> {
  const { db, settings } = app;
  const [connections, facts, health, channels, rules] = await Promise.all([
    listConnections(db),
    readSupportFacts(db, nowMs),
    readHealth(db, nowMs),
    listChannels(db),
    listRules(db),
  ]);
  const about = {
    version: VERSION,
    at: new Date(nowMs).toISOString(),
    deployment: {
      administratorPassword: settings.adminPassword !== null,
      cloudflareAccess: settings.access !== null,
      apiToken: settings.apiToken !== null,
      allowPrivateNetwork: settings.allowPrivateNetwork,
    },
    migrations: facts.migrations,
    rows: Object.fromEntries(facts.tables.map(({ name, rows }) => [name, rows])),
  };
  const shown = connections.map((row) => ({
    id: row.id,
    name: row.name,
    paused: row.paused,
    version: row.configVersion,
    createdAt: new Date(row.createdAtMs).toISOString(),
    updatedAt: new Date(row.updatedAtMs).toISOString(),
    settings: JSON.parse(row.settings) as unknown,
    secretsSet: secretsSet(row),
  }));
  const folder = `support-${new Date(nowMs).toISOString().slice(0, 16).replaceAll(/[-:]/g, '')}`;
  const file = (name: string, text: string) => ({ name: `${folder}/${name}`, text });
  const jsonFile = (name: string, value: unknown) => file(name, `${JSON.stringify(value, null, 2)}\n`);
  const entries = [
    file('README.txt', README),
    jsonFile('about.json', about),
    jsonFile('connections.json', shown),
    jsonFile(
      'health.json',
      health.map(({ facts: own, health: verdict }) => ({ facts: own, verdict })),
    ),
    file('trouble.csv', table(facts.trouble)),
    file('ledger.csv', table(facts.ledger)),
    file('reports.csv', table(facts.reports)),
    file('set-aside.csv', table(facts.setAside)),
    file('feeds.csv', table(facts.feeds)),
    file('streams.csv', table(facts.streams)),
    file('state-log.csv', table(facts.log)),
    jsonFile('alerts.json', { channels, rules }),
  ];
  return zip(entries, nowMs);
}

function table(rows: readonly Record<string, unknown>[]): string {
  const [first] = rows;
  if (!first) return '';
  const columns = Object.keys(first);
  return csvLine(columns) + rows.map((row) => csvLine(columns.map((column) => row[column] as Cell))).join('');
}
