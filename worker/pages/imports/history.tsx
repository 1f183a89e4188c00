/** What was loaded before: filters, rows newest first, and the same as CSV. */
import { LOAD_KINDS, LOAD_STATUSES, type LoadFilter, type LoadRow } from '../../../src/store/past-loads.ts';
import type { ConnectionFrame } from '../layout.tsx';
import { Badge } from '../ui/badge.tsx';
import { Num, numberText } from '../ui/number.tsx';
import { ANY, Empty, FilterSelect, Filters, Pager } from '../ui/page.tsx';
import { percentText } from '../ui/progress.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { Age, type Moment, Time } from '../ui/time.tsx';
import { LOAD_WORDS, LoadRange, STATUS_TONES, statusText } from './load.tsx';

export interface HistoryProps {
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly history: readonly LoadRow[];
  readonly filter: LoadFilter;
  readonly older: string | null;
  readonly isFirst: boolean;
}

export function History(props: HistoryProps) {
  const { frame, history, filter, moment, older, isFirst } = props;
  const hasFilter = filter.kind !== null || filter.status !== null;
  const address = `/connections/${frame.id}/imports`;
  const query = new URLSearchParams({ kind: filter.kind ?? '', status: filter.status ?? '' });
  return (
    <section class="stack" aria-labelledby="history">
      <h2 id="history">History</h2>
      <Filters
        action={address}
        label="Narrow the history"
        after={
          <a class="button plain" href={`${address}/history.csv?${query}`} download>
            Download CSV
          </a>
        }
      >
        <FilterSelect
          name="kind"
          label="What"
          value={filter.kind ?? ''}
          options={[ANY, ...LOAD_KINDS.map((kind) => ({ value: kind, label: LOAD_WORDS[kind] }))]}
        />
        <FilterSelect
          name="status"
          label="Status"
          value={filter.status ?? ''}
          options={[ANY, ...LOAD_STATUSES.map((status) => ({ value: status, label: statusText(status) }))]}
        />
      </Filters>
      {history.length === 0 ? (
        <Empty>
          <p>
            {hasFilter
              ? 'Nothing fits these filters.'
              : 'Nothing of the past was loaded yet. Every backfill and every import is listed here with what came of it and who asked for it.'}
          </p>
        </Empty>
      ) : (
        <div class="card flush">
          <Scroll label="Backfills and imports, newest first">
            <HistoryTable history={history} moment={moment} connectionId={frame.id} />
          </Scroll>
        </div>
      )}
      <Pager newer={isFirst ? null : `${address}?${query}`} older={older} />
    </section>
  );
}

function HistoryTable({
  history,
  moment,
  connectionId,
}: {
  history: readonly LoadRow[];
  moment: Moment;
  connectionId: number;
}) {
  return (
    <table>
      <caption class="hidden">Backfills and imports, newest first</caption>
      <thead>
        <tr>
          <th scope="col">Asked for</th>
          <th scope="col">What</th>
          <th scope="col">From – to</th>
          <th scope="col">Status</th>
          <th scope="col" class="n">
            New or changed
          </th>
          <th scope="col" class="n">
            The same
          </th>
          <th scope="col" class="n">
            Left out
          </th>
          <th scope="col">By</th>
        </tr>
      </thead>
      <tbody>
        {history.map((load) => (
          <tr>
            <td class="nowrap">
              <Time atMs={load.createdAtMs} moment={moment} />{' '}
              <span class="quiet">
                <Age atMs={load.createdAtMs} moment={moment} />
              </span>
            </td>
            <th scope="row" class="words">
              {load.kind === 'backfill' ? (
                LOAD_WORDS[load.kind]
              ) : (
                <a href={`/connections/${connectionId}/imports/${load.id}`}>{load.fileName}</a>
              )}
              {load.kind !== 'backfill' && <div class="quiet">{LOAD_WORDS[load.kind]}</div>}
            </th>
            <td class="nowrap">
              <LoadRange load={{ ...load, fileName: '' }} moment={moment} />
            </td>
            <td class="nowrap">
              <Badge tone={STATUS_TONES[load.status]}>{statusText(load.status)}</Badge>
              {load.status !== 'done' && load.done > 0 && (
                <span class="quiet"> at {percentText(load.done, load.total)}</span>
              )}
            </td>
            <td class="n">
              <Num value={load.changedCount} />
            </td>
            <td class="n">{load.sameCount === null ? <span class="quiet">–</span> : numberText(load.sameCount)}</td>
            <td class="n">
              <Num value={load.failedCount} alarm />
            </td>
            <td>{load.createdBy}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
