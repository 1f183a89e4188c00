/** The code book: pairs of codes that CXone has to map to activities, as a list and as a table for whoever maps them. */
import type { CodePair } from '../../src/store/code-book.ts';
import type { Identity } from '../app.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Empty, FilterSelect, Filters, FilterText, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment } from './ui/time.tsx';

const STATUSES = [
  { value: 'all', label: 'All' },
  { value: 'sent', label: 'Sent' },
  { value: 'not sent', label: 'Not sent yet' },
  { value: 'former', label: 'Sent by no state any more' },
];

export interface CodeBookPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly pairs: readonly CodePair[];
  readonly total: number;
  readonly filter: { readonly search: string; readonly status: string };
  readonly csvHref: string;
  /** Addresses of the pages before and after; null where there is none. */
  readonly before: string | null;
  readonly after: string | null;
}

export function CodeBookPage(props: CodeBookPageProps) {
  const { identity, frame, moment, pairs, total, filter, csvHref, before, after } = props;
  const base = `/connections/${frame.id}/code-book`;
  const isFiltered = filter.search !== '' || filter.status !== 'all';
  return (
    <Layout title="Code book" identity={identity} connection={frame}>
      <PageHead
        title="Code book"
        lead="Each pair of event code and reason code has to be mapped to an activity code in CXone, once, by hand."
      >
        {total > 0 && (
          <a class="button plain" href={csvHref}>
            Download CSV
          </a>
        )}
      </PageHead>
      <Filters action={base} after={isFiltered && <a href={base}>Show all</a>}>
        <FilterText name="q" label="Search" value={filter.search} placeholder="Code or state" />
        <FilterSelect name="status" label="Status" value={filter.status} options={STATUSES} />
      </Filters>
      {total === 0 ? (
        <Empty title={isFiltered ? 'Nothing matches' : 'No pair yet'}>
          <p>
            {isFiltered
              ? 'No pair of codes fits this filter.'
              : 'A pair is listed here as soon as an agent is seen in a state. What was sent how often is counted when a quarter of an hour closes.'}
          </p>
        </Empty>
      ) : (
        <section class="card flush">
          <Scroll label="Pairs of codes">
            <Pairs pairs={pairs} moment={moment} />
          </Scroll>
        </section>
      )}
      {(before || after) && (
        <nav class="pager" aria-label="Pages">
          {before && <a href={before}>Previous</a>}
          <span class="quiet">{numberText(total)} pairs</span>
          {after && <a href={after}>Next</a>}
        </nav>
      )}
      <p class="quiet">
        What a state is sent as is set on <a href={`/connections/${frame.id}/states`}>States</a>. In CXone: ACD event
        codes, one entry a pair. A pair that is not mapped there leaves the agent's activity as it was.
      </p>
    </Layout>
  );
}

function Pairs({ pairs, moment }: { pairs: readonly CodePair[]; moment: Moment }) {
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">Event code</th>
          <th scope="col">Reason code</th>
          <th scope="col">Sent by the states</th>
          <th scope="col">First sent</th>
          <th scope="col">Last sent</th>
          <th scope="col" class="n">
            Times sent
          </th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ eventCode, reasonCode, states, firstSentMs, lastSentMs, sentCount }) => (
          <tr>
            <th scope="row">
              <code>{eventCode}</code>
            </th>
            <td>{reasonCode === '' ? <span class="quiet">none</span> : <code>{reasonCode}</code>}</td>
            <td>{states || <span class="quiet">none any more</span>}</td>
            <td class="nowrap">
              <Age atMs={firstSentMs} moment={moment} never="not yet" />
            </td>
            <td class="nowrap">
              <Age atMs={lastSentMs} moment={moment} never="not yet" />
            </td>
            <td class="n">
              <Num value={sentCount} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
