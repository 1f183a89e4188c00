/** Roster and mapping: queues and agents with their keys in the WFM, those that need somebody first. */
import { checkAgent, checkQueue, type MappingFinding } from '../../src/domain/mapping-checks.ts';
import type { AgentMappingRow, MappingCounts, QueueMappingRow } from '../../src/store/mapping-list.ts';
import type { Identity } from '../app.ts';
import { AGENTS, DIRECTIONS, QUEUES } from '../mapping/kinds.ts';
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
import { numberText } from './ui/number.tsx';
import { Empty, FilterSelect, Filters, FilterText, Notice, PageHead, Tabs } from './ui/page.tsx';
import { Age, type Moment } from './ui/time.tsx';

export type RosterContent =
  | { readonly show: 'queues'; readonly view: MappingView<QueueMappingRow> }
  | { readonly show: 'agents'; readonly view: MappingView<AgentMappingRow> };

export interface RosterPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly content: RosterContent;
  readonly counts: MappingCounts;
  readonly filter: { readonly search: string; readonly status: string };
  readonly importedAtMs: number | null;
  /** The source lists its queues and agents when it is asked. */
  readonly isAsked: boolean;
  /** The connection's share of contacts answered within the service level, percent. */
  readonly shortPct: number;
  readonly csvHref: string;
  readonly notice?: string | undefined;
}

const STATUSES = [
  { value: 'all', label: 'All' },
  { value: 'attention', label: 'Needs attention' },
  { value: 'included', label: 'Included' },
  { value: 'left out', label: 'Left out' },
  { value: 'gone', label: 'Not in the roster' },
];

export function RosterPage(props: RosterPageProps) {
  const { identity, frame, moment, content, counts, filter, importedAtMs, isAsked, csvHref, notice } = props;
  const base = `/connections/${frame.id}/roster`;
  const { show, view } = content;
  const isFiltered = filter.search !== '' || filter.status !== 'all';
  const trouble = show === 'queues' ? counts.queuesInTrouble : counts.agentsInTrouble;
  return (
    <Layout title="Roster" identity={identity} connection={frame}>
      <PageHead
        title="Roster and mapping"
        lead="What the ACD calls its queues and agents, and what the WFM calls them."
      >
        {isAsked ? (
          <>
            <span class="quiet">
              Imported <Age atMs={importedAtMs} moment={moment} never="not yet" />
            </span>
            <form method="post" action={`${base}/import`}>
              <button type="submit" class="secondary">
                Import now
              </button>
            </form>
          </>
        ) : (
          <span class="quiet">Known from what was sent.</span>
        )}
      </PageHead>
      {notice && (
        <Notice>
          <p>{notice}</p>
        </Notice>
      )}
      <Tabs
        label="Queues and agents"
        tabs={[
          {
            href: `${base}?show=queues`,
            label: 'Queues',
            isCurrent: show === 'queues',
            count: numberText(counts.queues),
          },
          {
            href: `${base}?show=agents`,
            label: 'Agents',
            isCurrent: show === 'agents',
            count: numberText(counts.agents),
          },
        ]}
      />
      {trouble > 0 && (
        <Notice tone="warn">
          <p>
            {troubleText(show, trouble)}{' '}
            <a href={`${base}?show=${show}&status=attention`}>Show {trouble === 1 ? 'it' : 'them'}</a>
          </p>
        </Notice>
      )}
      <Filters action={base} after={isFiltered && <a href={`${base}?show=${show}`}>Show all</a>}>
        <input type="hidden" name="show" value={show} />
        <FilterText name="q" label="Search" value={filter.search} placeholder="Name, id or key" />
        <FilterSelect name="status" label="Status" value={filter.status} options={STATUSES} />
      </Filters>
      {view.total === 0 ? (
        <EmptyRoster show={show} isFiltered={isFiltered} base={base} />
      ) : content.show === 'queues' ? (
        <QueueTable view={content.view} shortPct={props.shortPct} />
      ) : (
        <AgentTable view={content.view} />
      )}
      <TableFiles base={`${base}/${show}`} csvHref={csvHref} many={show} columns="the column ACD id" />
    </Layout>
  );
}

function troubleText(show: 'queues' | 'agents', count: number): string {
  const isOne = count === 1;
  return show === 'queues'
    ? `${numberText(count)} ${isOne ? 'queue has' : 'queues have'} a key or a direction that the WFM refuses or drops.`
    : `${numberText(count)} ${isOne ? 'agent' : 'agents'} cannot be placed in the WFM: the login id is missing or not the agent's own.`;
}

function EmptyRoster({ show, isFiltered, base }: { show: string; isFiltered: boolean; base: string }) {
  if (isFiltered) {
    return (
      <Empty>
        <p>
          Nothing matches. <a href={`${base}?show=${show}`}>Show all {show}</a>
        </p>
      </Empty>
    );
  }
  return (
    <Empty title={`No ${show} yet`}>
      <p>
        The roster is imported from the ACD when a connection is saved and once a day. What only turns up in figures or
        states is added by itself.
      </p>
    </Empty>
  );
}

function Findings({ findings }: { findings: readonly MappingFinding[] }) {
  return (
    <>
      {findings.map(({ level, tag, text }) => (
        <>
          {' '}
          <span class={`tag ${level === 'note' ? '' : level}`}>{tag}</span>
          {level === 'note' ? <span class="hidden">{text}</span> : <p class="finding">{text}</p>}
        </>
      ))}
    </>
  );
}

function QueueTable({ view, shortPct }: { view: MappingView<QueueMappingRow>; shortPct: number }) {
  return (
    <MappingForm
      view={view}
      many="queues"
      bulk={QUEUES.bulk}
      bulkValue={QUEUES.bulkValue}
      head={
        <>
          <th scope="col">Queue</th>
          <th scope="col">ACD id</th>
          <th scope="col">Key in the WFM</th>
          <th scope="col">Direction</th>
          <th scope="col">Answered in time (%)</th>
          <th scope="col">Included</th>
        </>
      }
    >
      {view.rows.map((row) => {
        const label = QUEUES.label(row);
        const stored = QUEUES.formOf(row);
        const cell = { id: row.id, stored, view };
        return (
          <tr key={row.id}>
            <TickCell id={row.id} label={label} stored={stored} view={view} />
            <th scope="row" class="named">
              {label}
              <Findings findings={checkQueue(row)} />
            </th>
            <td class="id">
              <code>{row.sourceId}</code>
              {row.serviceLevelMs !== null && (
                <p class="quiet">service level {numberText(Math.round(row.serviceLevelMs / 1_000))} s</p>
              )}
            </td>
            <TextCell {...cell} field="queueValue" label={`Key in the WFM of ${label}`} placeholder={row.sourceId} />
            <SelectCell {...cell} field="direction" label={`Direction of ${label}`} options={DIRECTIONS} />
            <TextCell
              {...cell}
              field="shortPct"
              label={`Answered in time, percent, of ${label}`}
              placeholder={String(shortPct)}
              size="short"
            />
            <FlagCell {...cell} field="included" label={`Include ${label}`} />
          </tr>
        );
      })}
    </MappingForm>
  );
}

function AgentTable({ view }: { view: MappingView<AgentMappingRow> }) {
  return (
    <MappingForm
      view={view}
      many="agents"
      bulk={AGENTS.bulk}
      bulkValue={AGENTS.bulkValue}
      head={
        <>
          <th scope="col">Agent</th>
          <th scope="col">ACD id</th>
          <th scope="col">User name</th>
          <th scope="col">ACD Login ID</th>
          <th scope="col">CXone employee id</th>
          <th scope="col">Included</th>
        </>
      }
    >
      {view.rows.map((row) => {
        const label = AGENTS.label(row);
        const stored = AGENTS.formOf(row);
        const cell = { id: row.id, stored, view };
        return (
          <tr key={row.id}>
            <TickCell id={row.id} label={label} stored={stored} view={view} />
            <th scope="row" class="named">
              {label}
              <Findings findings={checkAgent(row)} />
            </th>
            <td class="id">
              <code>{row.sourceId}</code>
            </td>
            <td>{row.username || <span class="quiet">none</span>}</td>
            <TextCell
              {...cell}
              field="loginId"
              label={`ACD Login ID of ${label}`}
              placeholder={row.username || 'missing'}
            />
            <TextCell {...cell} field="employeeId" label={`CXone employee id of ${label}`} placeholder="" />
            <FlagCell {...cell} field="included" label={`Include ${label}`} />
          </tr>
        );
      })}
    </MappingForm>
  );
}
