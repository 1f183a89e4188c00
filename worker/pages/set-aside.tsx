/** Records that were refused for good: which, why, and a button to send each once more. */
import { SET_ASIDE_STREAMS, type SetAsideFilter, type SetAsideRow } from '../../src/store/diary-read.ts';
import type { Identity } from '../app.ts';
import type { Place } from '../routes/place.ts';
import { Layout } from './layout.tsx';
import { Badge } from './ui/badge.tsx';
import { Empty, FilterSelect, Filters, Notice, PageHead, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { type Moment, Time } from './ui/time.tsx';

export interface SetAsidePageProps {
  readonly identity: Identity | null;
  readonly place: Place;
  readonly filter: SetAsideFilter;
  readonly records: readonly SetAsideRow[];
  /** The last record shown, where there are older ones. */
  readonly olderId: number | null;
  readonly isFirst: boolean;
  readonly notice: { readonly isGood: boolean; readonly text: string } | null;
}

const STREAM_WORDS: Readonly<Record<(typeof SET_ASIDE_STREAMS)[number], string>> = {
  'agent-states': 'Agent states',
  historical: 'Queue figures and performance',
  'agent-activity': 'Agent activity',
  acd: 'Rows of the ACD',
};

export function SetAsidePage(props: SetAsidePageProps) {
  const { identity, place, filter, records, olderId, isFirst, notice } = props;
  const address = `/connections/${place.connection.id}/set-aside`;
  const query = queryOf(filter);
  const hasOpen = records.some(({ status }) => status === 'set aside');
  return (
    <Layout title="Set aside" identity={identity} connection={place.frame}>
      <PageHead
        title="Set aside"
        lead="Records that were refused for good, with the reason. Mend the cause, then send them again."
      >
        {hasOpen && <SendAll address={address} filter={filter} />}
      </PageHead>
      {notice && <Notice tone={notice.isGood ? 'good' : 'warn'}>{notice.text}</Notice>}
      <Narrow address={address} filter={filter} connectionId={place.connection.id} />
      {records.length === 0 ? (
        <Empty>
          <p>
            {filter.stream === null && filter.status === 'set aside'
              ? 'Nothing is set aside. A record that the WFM refuses for good, or a row of the ACD that makes no sense, is listed here with the reason.'
              : 'No record fits these filters.'}
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Records set aside">
            <Records records={records} moment={place.moment} address={address} />
          </Scroll>
        </section>
      )}
      <Pager
        newer={isFirst ? null : `${address}?${query}`}
        older={olderId === null ? null : `${address}?${query}&before=${olderId}`}
      />
    </Layout>
  );
}

function SendAll({ address, filter }: { address: string; filter: SetAsideFilter }) {
  return (
    <form method="post" action={`${address}/send-again`}>
      {filter.stream && <input type="hidden" name="stream" value={filter.stream} />}
      <button type="submit" class="secondary">
        {filter.stream ? 'Send all of these again' : 'Send all again'}
      </button>
    </form>
  );
}

function Narrow(props: { address: string; filter: SetAsideFilter; connectionId: number }) {
  const { address, filter, connectionId } = props;
  const csv = new URLSearchParams({ format: 'csv' });
  if (filter.status) csv.set('status', filter.status);
  if (filter.stream) csv.set('stream', filter.stream);
  return (
    <Filters
      action={address}
      label="Narrow the list"
      after={
        <a class="button plain" href={`/api/v1/connections/${connectionId}/set-aside?${csv}`} download>
          Download CSV
        </a>
      }
    >
      <FilterSelect
        name="status"
        label="Status"
        value={filter.status ?? 'all'}
        options={[
          { value: 'set aside', label: 'Set aside' },
          { value: 'sent again', label: 'Sent again' },
          { value: 'all', label: 'All' },
        ]}
      />
      <FilterSelect
        name="stream"
        label="Kind"
        value={filter.stream ?? ''}
        options={[
          { value: '', label: 'Any' },
          ...SET_ASIDE_STREAMS.map((stream) => ({ value: stream, label: STREAM_WORDS[stream] })),
        ]}
      />
    </Filters>
  );
}

function Records({ records, moment, address }: { records: readonly SetAsideRow[]; moment: Moment; address: string }) {
  return (
    <table>
      <caption class="hidden">Records set aside, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Of</th>
          <th scope="col">Kind</th>
          <th scope="col">Record</th>
          <th scope="col">Reason</th>
          <th scope="col">
            <span class="hidden">Send again</span>
          </th>
        </tr>
      </thead>
      <tbody>
        {records.map((record) => (
          <tr>
            <td class="nowrap">
              <Time atMs={record.atMs} moment={moment} />
            </td>
            <td class="nowrap">{streamWords(record.stream)}</td>
            <td>
              <details class="record">
                <summary>{record.recordKey}</summary>
                <pre>
                  <code>{JSON.stringify(JSON.parse(record.record), null, 2)}</code>
                </pre>
              </details>
            </td>
            <td class="words">{record.reason}</td>
            <td class="nowrap">
              {record.status === 'sent again' ? (
                <Badge tone="good">Sent again</Badge>
              ) : (
                <form method="post" action={`${address}/${record.id}/send-again`}>
                  <button type="submit" class="secondary small" aria-label={`Send ${record.recordKey} again`}>
                    Send again
                  </button>
                </form>
              )}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function streamWords(stream: string): string {
  const known = SET_ASIDE_STREAMS.find((one) => one === stream);
  return known ? STREAM_WORDS[known] : stream;
}

function queryOf({ status, stream }: SetAsideFilter): URLSearchParams {
  return new URLSearchParams({ status: status ?? 'all', ...(stream && { stream }) });
}
