/** States: what agents can be doing as the ACD calls it, what each counts as, and what the WFM is told. */
import { STATE_CLASSES } from '../../src/domain/agent-state.ts';
import type { MappingCounts, StateMappingRow } from '../../src/store/mapping-list.ts';
import type { Identity } from '../app.ts';
import { NO_CODE, STATES } from '../mapping/kinds.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import {
  FlagCell,
  MappingForm,
  type MappingView,
  SelectCell,
  TableFiles,
  TextCell,
  TickCell,
} from './mapping-form.tsx';
import { Num, numberText } from './ui/number.tsx';
import { Empty, FilterSelect, Filters, FilterText, Notice, PageHead } from './ui/page.tsx';
import { Age, type Moment } from './ui/time.tsx';

export interface StatesPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly view: MappingView<StateMappingRow>;
  readonly counts: MappingCounts;
  readonly filter: { readonly search: string; readonly status: string };
  readonly csvHref: string;
  readonly notice?: string | undefined;
}

const STATUSES = [
  { value: 'all', label: 'All' },
  { value: 'unreviewed', label: 'Seen, not reviewed' },
  { value: 'reviewed', label: 'Reviewed' },
];

export function StatesPage({ identity, frame, moment, view, counts, filter, csvHref, notice }: StatesPageProps) {
  const base = `/connections/${frame.id}/states`;
  const isFiltered = filter.search !== '' || filter.status !== 'all';
  const isOne = counts.statesUnreviewed === 1;
  return (
    <Layout title="States" identity={identity} connection={frame}>
      <PageHead
        title="States"
        lead="Every state that agents were seen in. What it counts as decides about ready and not ready time; its codes are what CXone has to know."
      />
      {notice && (
        <Notice>
          <p>{notice}</p>
        </Notice>
      )}
      {counts.statesUnreviewed > 0 && (
        <Notice tone="note">
          <p>
            {numberText(counts.statesUnreviewed)} {isOne ? 'state was' : 'states were'} seen and not reviewed: until you
            say otherwise {isOne ? 'it counts' : 'they count'} as not ready.{' '}
            <a href={`${base}?status=unreviewed`}>Show {isOne ? 'it' : 'them'}</a>
          </p>
        </Notice>
      )}
      <Filters action={base} after={isFiltered && <a href={base}>Show all</a>}>
        <FilterText name="q" label="Search" value={filter.search} placeholder="State, reason or code" />
        <FilterSelect name="status" label="Status" value={filter.status} options={STATUSES} />
      </Filters>
      {view.total === 0 ? (
        <Empty title={isFiltered ? 'Nothing matches' : 'No state yet'}>
          <p>
            {isFiltered
              ? 'No state fits this filter.'
              : 'States are listed here as soon as agents are seen in them, custom ones as well. Nothing has to be entered first.'}
          </p>
        </Empty>
      ) : (
        <StateTable view={view} moment={moment} />
      )}
      <p class="quiet">
        Empty codes stand for the state and its reason as the ACD gives them; <code>{NO_CODE}</code> sends no reason.
        Changes hold for what is sent from now on: to send past reports anew, use{' '}
        <a href={`/connections/${frame.id}/coverage`}>Coverage</a>. All pairs ever sent are in the{' '}
        <a href={`/connections/${frame.id}/code-book`}>code book</a>.
      </p>
      <TableFiles base={base} csvHref={csvHref} many="states" columns="the columns State and Reason" />
    </Layout>
  );
}

function StateTable({ view, moment }: { view: MappingView<StateMappingRow>; moment: Moment }) {
  return (
    <MappingForm
      view={view}
      many="states"
      bulk={STATES.bulk}
      bulkValue={STATES.bulkValue}
      head={
        <>
          <th scope="col">State</th>
          <th scope="col">Reason</th>
          <th scope="col" class="n">
            Seen
          </th>
          <th scope="col">Last seen</th>
          <th scope="col">Counts as</th>
          <th scope="col">Event code</th>
          <th scope="col">Reason code</th>
          <th scope="col">Reviewed</th>
        </>
      }
    >
      {view.rows.map((row) => {
        const label = STATES.label(row);
        const stored = STATES.formOf(row);
        const cell = { id: row.id, stored, view };
        return (
          <tr key={row.id}>
            <TickCell id={row.id} label={label} stored={stored} view={view} />
            <th scope="row" class="named">
              {row.name}
              {!row.reviewed && (
                <>
                  {' '}
                  <span class="tag warn">not reviewed</span>
                </>
              )}
            </th>
            <td>{row.reason || <span class="quiet">none</span>}</td>
            <td class="n">
              <Num value={row.seenCount} />
            </td>
            <td class="nowrap">
              <Age atMs={row.lastSeenMs} moment={moment} />
            </td>
            <SelectCell {...cell} field="class" label={`What ${label} counts as`} options={STATE_CLASSES} />
            <TextCell {...cell} field="eventCode" label={`Event code of ${label}`} placeholder={row.name} />
            <TextCell {...cell} field="reasonCode" label={`Reason code of ${label}`} placeholder={row.reason} />
            <FlagCell {...cell} field="reviewed" label={`${label} is reviewed`} />
          </tr>
        );
      })}
    </MappingForm>
  );
}
