/** Everything that the Overview knows, as OpenMetrics 1.0 text. Instants are Unix seconds, as the format wants them. */
import { HEALTH_STATUSES } from '../src/domain/health.ts';
import type { ConnectionHealth } from './health-view.ts';

type Labels = Readonly<Record<string, string | number>>;

interface Sample {
  readonly labels: Labels;
  /** Null: not known, and then not said. */
  readonly value: number | null;
}

interface Family {
  readonly name: string;
  readonly kind: 'gauge' | 'info' | 'stateset';
  readonly unit?: 'seconds';
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The whole text, its end mark included. */
export function metricsText(connections: readonly ConnectionHealth[]): string {
  return `${families(connections).map(familyText).join('')}# EOF\n`;
}

function families(connections: readonly ConnectionHealth[]): Family[] {
  const each = (pick: (connection: ConnectionHealth) => Omit<Sample, 'labels'>['value']): Sample[] =>
    connections.map((connection) => ({
      labels: { connection: connection.facts.connectionId },
      value: pick(connection),
    }));
  const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `bridge_${name}`,
    kind: 'gauge',
    help,
    samples,
  });
  const instant = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `bridge_${name}_timestamp_seconds`,
    kind: 'gauge',
    unit: 'seconds',
    help,
    samples,
  });
  const cronAtMs = connections[0]?.facts.cronAtMs ?? null;
  return [
    {
      name: 'bridge_connection',
      kind: 'info',
      help: 'Name of each connection.',
      samples: connections.map(({ facts }) => ({
        labels: { connection: facts.connectionId, name: facts.name },
        value: 1,
      })),
    },
    {
      name: 'bridge_health',
      kind: 'stateset',
      help: 'Health of each connection in a word: 1 for the word that holds.',
      samples: connections.flatMap(({ facts, health }) =>
        HEALTH_STATUSES.map((status) => ({
          labels: { connection: facts.connectionId, bridge_health: status },
          value: health.status === status ? 1 : 0,
        })),
      ),
    },
    instant('cron_run', 'When the minute job last ran.', [{ labels: {}, value: seconds(cronAtMs) }]),
    instant(
      'poll',
      'Arrival of the last good answer with agent states.',
      each(({ facts }) => seconds(facts.lastPollMs)),
    ),
    instant(
      'newest_figure',
      'End of the newest interval that was collected.',
      each(({ facts }) => seconds(facts.newestFigureMs)),
    ),
    gauge(
      'gaps',
      'Intervals that should be there and are not.',
      each(({ facts }) => facts.gapCount),
    ),
    gauge(
      'intervals_waiting',
      'Intervals that are due to be read.',
      each(({ facts }) => facts.waitingIntervals),
    ),
    gauge(
      'intervals_unconfirmed',
      'Intervals of the last day answered without rows while agents were signed in.',
      each(({ facts }) => facts.unconfirmedCount),
    ),
    gauge(
      'set_aside_open',
      'Records refused for good that nobody has sent again.',
      each(({ facts }) => facts.setAsideOpen),
    ),
    gauge(
      'agents',
      'Agents in the roster.',
      each(({ facts }) => facts.agentCount),
    ),
    gauge(
      'agents_held',
      'Agents without a login id whose states are held back.',
      each(({ facts }) => facts.heldAgents),
    ),
    gauge(
      'queues',
      'Queues in the roster.',
      each(({ facts }) => facts.queueCount),
    ),
    gauge(
      'states_unreviewed',
      'States seen that nobody has reviewed.',
      each(({ facts }) => facts.unreviewedStates),
    ),
    gauge(
      'backfills_open',
      'Backfills waiting or running.',
      each(({ facts }) => facts.backfillsOpen),
    ),
    ...tries(connections, gauge, instant),
    gauge(
      'records',
      'Records of each stream by what became of them: read = delivered + set_aside + waiting; held is part of waiting.',
      connections.flatMap(({ facts }) =>
        facts.streams.flatMap(({ name, account }) => {
          const labels = { connection: facts.connectionId, stream: name };
          const { read, delivered, setAside, waiting, held } = account;
          const counts = { read, delivered, set_aside: setAside, waiting, held };
          return Object.entries(counts).map(([status, value]) => ({ labels: { ...labels, status }, value }));
        }),
      ),
    ),
  ];
}

type MakeFamily = (name: string, help: string, samples: readonly Sample[]) => Family;

function tries(connections: readonly ConnectionHealth[], gauge: MakeFamily, instant: MakeFamily): Family[] {
  const feeds = connections.flatMap(({ facts }) =>
    facts.feeds.map((feed) => ({ feed, labels: { connection: facts.connectionId, feed: feed.name } })),
  );
  const streams = connections.flatMap(({ facts }) =>
    facts.streams.map((stream) => ({ stream, labels: { connection: facts.connectionId, stream: stream.name } })),
  );
  return [
    gauge(
      'feed_failures',
      'Failed readings of a feed in a row; 0: the last one was good.',
      feeds.map(({ feed, labels }) => ({ labels, value: feed.failures })),
    ),
    gauge(
      'stream_failures',
      'Failed sendings of a stream in a row; 0: the last one was good.',
      streams.map(({ stream, labels }) => ({ labels, value: stream.failures })),
    ),
    instant(
      'stream_accepted',
      'When the WFM last accepted something of a stream.',
      streams.map(({ stream, labels }) => ({ labels, value: seconds(stream.successAtMs) })),
    ),
  ];
}

function familyText({ name, kind, unit, help, samples }: Family): string {
  const known = samples.filter(({ value }) => value !== null);
  const lines = [
    `# TYPE ${name} ${kind}`,
    ...(unit ? [`# UNIT ${name} ${unit}`] : []),
    `# HELP ${name} ${escaped(help)}`,
    ...known.map(({ labels, value }) => `${kind === 'info' ? `${name}_info` : name}${labelText(labels)} ${value}`),
  ];
  return `${lines.join('\n')}\n`;
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

function seconds(atMs: number | null): number | null {
  return atMs === null ? null : atMs / 1_000;
}
