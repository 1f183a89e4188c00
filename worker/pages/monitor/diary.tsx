/** The diary of one connection or of all, under the alerts that are open now. */
import type { AlertRow } from '../../../src/store/alerts.ts';
import type { ConnectionRow } from '../../../src/store/connections.ts';
import type { DiaryRow } from '../../../src/store/diary-search.ts';
import type { Identity } from '../../app.ts';
import { type ConnectionFrame, Layout } from '../layout.tsx';
import { Icon, type Tone } from '../ui/badge.tsx';
import { ANY, Empty, FilterConnection, FilterSelect, Filters, FilterText, PageHead, Pager } from '../ui/page.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Age, type Moment, Time } from '../ui/time.tsx';
import { MonitorTabs } from './tabs.tsx';
import { Told } from './told.tsx';

/** The diary's filters as they stand in the address; '' where nothing is asked. */
export interface DiaryQuery {
  readonly connection: string;
  readonly severity: string;
  readonly kind: string;
  readonly from: string;
  readonly to: string;
}

const SEVERITY_TONES: Readonly<Record<DiaryRow['severity'], Tone>> = { info: 'note', warning: 'warn', error: 'bad' };

const SEVERITY_WORDS: Readonly<Record<DiaryRow['severity'], string>> = {
  info: 'Note',
  warning: 'Warning',
  error: 'Error',
};

export interface DiaryPageProps {
  readonly identity: Identity | null;
  /** Null: the diary of all connections. */
  readonly frame: ConnectionFrame | null;
  readonly moment: Moment;
  readonly entries: readonly DiaryRow[];
  readonly open: readonly AlertRow[];
  readonly connections: readonly ConnectionRow[];
  readonly kinds: readonly string[];
  readonly query: DiaryQuery;
  readonly olderId: number | null;
  readonly isFirst: boolean;
}

export function DiaryPage(props: DiaryPageProps) {
  const { identity, frame, moment, entries, open, connections, kinds, query, olderId, isFirst } = props;
  const address = frame ? `/connections/${frame.id}/monitor` : '/monitor';
  const params = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== ''));
  const hasFilter = params.size > 0;
  return (
    <Layout title="Monitor" identity={identity} {...(frame ? { connection: frame } : { section: 'monitor' as const })}>
      <PageHead
        title="Monitor"
        lead={
          frame
            ? 'What happened to this connection: connected, refused, stalled, recovered, gaps, changed settings.'
            : 'What happened to every connection, and who is told when something is wrong.'
        }
      >
        {frame ? (
          <a href="/monitor?show=settings">Channels, rules, maintenance</a>
        ) : (
          <a class="button plain" href="/support-bundle.zip" download>
            Support bundle
          </a>
        )}
      </PageHead>
      {!frame && <MonitorTabs current="diary" />}
      <OpenAlerts open={open} moment={moment} hasConnection={frame === null} />
      <Filters
        action={address}
        label="Narrow the diary"
        after={
          <a class="button plain" href={`${address}.csv?${params}`} download>
            Download CSV
          </a>
        }
      >
        {!frame && <FilterConnection value={query.connection} connections={connections} />}
        <FilterSelect
          name="severity"
          label="Severity"
          value={query.severity}
          options={[ANY, { value: 'warning', label: 'Warnings and errors' }, { value: 'error', label: 'Errors' }]}
        />
        <FilterSelect
          name="kind"
          label="What"
          value={query.kind}
          options={[ANY, ...kinds.map((kind) => ({ value: kind, label: kind }))]}
        />
        <FilterText name="from" label="From" value={query.from} type="date" />
        <FilterText name="to" label="To" value={query.to} type="date" />
      </Filters>
      {entries.length === 0 ? (
        <Empty>
          <p>
            {hasFilter
              ? 'No entry fits these filters.'
              : 'Nothing happened yet. From the first connection on, everything that changes is written down here: when it connected, what was refused, when it stalled and recovered, gaps that opened and were mended, settings that were changed.'}
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Diary, newest first">
            <DiaryTable entries={entries} moment={moment} hasConnection={frame === null} />
          </Scroll>
        </section>
      )}
      <Pager
        newer={isFirst ? null : `${address}?${params}`}
        older={olderId === null ? null : `${address}?${params}${hasFilter ? '&' : ''}before=${olderId}`}
      />
      <p class="quiet">Days and times in {moment.timeZone}.</p>
    </Layout>
  );
}

function DiaryTable(props: { entries: readonly DiaryRow[]; moment: Moment; hasConnection: boolean }) {
  const { entries, moment, hasConnection } = props;
  return (
    <table class="entries">
      <caption class="hidden">Diary, newest first</caption>
      <thead>
        <tr>
          <th scope="col">When</th>
          <th scope="col">What</th>
          {hasConnection && <th scope="col">Connection</th>}
          <th scope="col">In words</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ atMs, severity, kind, message, connectionId, connectionName }) => (
          <tr>
            <td class="nowrap">
              <Time atMs={atMs} moment={moment} />{' '}
              <span class="quiet">
                <Age atMs={atMs} moment={moment} />
              </span>
            </td>
            <td class="nowrap">
              <Icon tone={SEVERITY_TONES[severity]} />
              <span class="hidden">{SEVERITY_WORDS[severity]}: </span> {kind}
            </td>
            {hasConnection && (
              <td class="name">
                {connectionName ? (
                  <a href={`/connections/${connectionId}/monitor`}>{connectionName}</a>
                ) : (
                  <span class="quiet">{connectionId === null ? '' : `${connectionId}, deleted`}</span>
                )}
              </td>
            )}
            <td class="words">{message}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function OpenAlerts({
  open,
  moment,
  hasConnection,
}: {
  open: readonly AlertRow[];
  moment: Moment;
  hasConnection: boolean;
}) {
  if (open.length === 0) return null;
  return (
    <section class="card connection bad" aria-labelledby="open-alerts">
      <h2 id="open-alerts">{open.length === 1 ? '1 alert is open' : `${open.length} alerts are open`}</h2>
      <ul class="findings">
        {open.map((alert) => (
          <li>
            <Icon tone="bad" />
            <div>
              <p>
                {hasConnection && <strong>{alert.connectionName}: </strong>}
                {alert.message}
              </p>
              <p class="action">
                Since <Time atMs={alert.openedAtMs} moment={moment} /> (<Age atMs={alert.openedAtMs} moment={moment} />
                ), <Told alert={alert} />
              </p>
            </div>
          </li>
        ))}
      </ul>
    </section>
  );
}
