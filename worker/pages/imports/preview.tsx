/** One import: before it is confirmed what it would change, afterwards what it did. */
import type { ImportRow } from '../../../src/store/imports.ts';
import type { Identity } from '../../app.ts';
import { IMPORT_WORDS } from '../../imports.ts';
import { type ConnectionFrame, Layout } from '../layout.tsx';
import { Badge } from '../ui/badge.tsx';
import { Num, numberText } from '../ui/number.tsx';
import { Notice, PageHead } from '../ui/page.tsx';
import { Progress, percentText } from '../ui/progress.tsx';
import { REFUSED_SHOWN_MAX, RefusedLines } from '../ui/refused-lines.tsx';
import { Scroll } from '../ui/scroll.tsx';
import { type Moment, Time } from '../ui/time.tsx';

/** The first rows as the bridge understood them. */
export interface Sample {
  readonly head: readonly string[];
  readonly rows: readonly (readonly (string | number | { readonly atMs: number })[])[];
}

export function ImportPreviewPage(props: {
  identity: Identity | null;
  frame: ConnectionFrame;
  moment: Moment;
  row: ImportRow;
  sample: Sample | null;
}) {
  const { identity, frame, moment, row, sample } = props;
  const isRead = row.status === 'read';
  const isOpen = row.status === 'waiting' || row.status === 'running';
  const address = `/connections/${frame.id}/imports`;
  return (
    <Layout
      title={isRead ? 'Check the import' : 'Import'}
      identity={identity}
      connection={frame}
      isLive={isOpen}
      refreshS={isOpen ? 5 : null}
    >
      <PageHead
        title={isRead ? 'Check the import' : 'Import'}
        lead={`${IMPORT_WORDS[row.kind]} out of ${row.fileName}, read by ${row.createdBy}.`}
      >
        <a href={address}>All imports and backfills</a>
      </PageHead>
      {isRead ? (
        <Decision row={row} address={address} paused={frame.paused ?? false} />
      ) : (
        <Outcome row={row} address={address} moment={moment} />
      )}
      <dl class="facts card-less">
        <Fact label={isRead ? 'Rows that can be stored' : 'Rows'} value={row.rowCount} />
        <Fact label={isRead ? 'Would be new' : 'New'} value={row.newCount} />
        <Fact label={isRead ? 'Would change' : 'Changed'} value={row.changedCount} />
        <Fact label="The same as stored" value={row.sameCount} />
        <Fact label="Left out" value={row.refusedCount} alarm />
      </dl>
      {row.remarks.length > 0 && (
        <Notice tone="note">
          {row.remarks.map((remark) => (
            <p>{remark}</p>
          ))}
        </Notice>
      )}
      {row.refused.length > 0 && <Refused row={row} address={address} />}
      {sample && sample.rows.length > 0 && <SampleTable sample={sample} moment={moment} />}
      <p class="quiet">
        SHA-256 of the file: <code>{row.sha256}</code>
      </p>
    </Layout>
  );
}

function Fact({ label, value, alarm = false }: { label: string; value: number; alarm?: boolean }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>
        <Num value={value} alarm={alarm} />
      </dd>
    </div>
  );
}

function Decision({ row, address, paused }: { row: ImportRow; address: string; paused: boolean }) {
  const changes = row.newCount + row.changedCount;
  const rows = (count: number) => `${numberText(count)} ${count === 1 ? 'row' : 'rows'}`;
  return (
    <section class="card" aria-labelledby="decision">
      <h2 id="decision">Nothing is stored yet</h2>
      {changes === 0 ? (
        <p>
          {row.rowCount === 0
            ? 'No row of this file can be stored. Mend what stands below and read the file again.'
            : 'All of it is stored already, exactly so: importing it would change nothing.'}
        </p>
      ) : (
        <p>
          {row.refusedCount > 0
            ? `${rows(row.refusedCount)} cannot be read and would be left out. Mend the file and read it again, or import the others.`
            : 'Every row can be read.'}{' '}
          {row.kind === 'intervals'
            ? 'Figures replace those of the same queue and interval; the reports of the intervals that change are sent again.'
            : 'The agent activity of the windows that change is sent to the WFM.'}
          {paused && ' The connection is paused: the import waits until it is resumed.'}
        </p>
      )}
      <div class="actions">
        {changes > 0 && (
          <form method="post" action={`${address}/${row.id}/confirm`}>
            <button type="submit">
              {row.refusedCount > 0
                ? `Import ${rows(row.rowCount)}, leave out ${numberText(row.refusedCount)}`
                : `Import ${rows(row.rowCount)}`}
            </button>
          </form>
        )}
        <form method="post" action={`${address}/${row.id}/cancel`}>
          <button type="submit" class="secondary">
            Discard
          </button>
        </form>
      </div>
    </section>
  );
}

function Outcome({ row, address, moment }: { row: ImportRow; address: string; moment: Moment }) {
  const isOpen = row.status === 'waiting' || row.status === 'running';
  return (
    <section
      class="card"
      aria-labelledby="outcome"
      hx-get={isOpen ? `${address}/${row.id}` : undefined}
      hx-trigger={isOpen ? 'every 2s' : undefined}
      hx-select="main"
      hx-target="main"
      hx-swap="outerMorph"
    >
      <div class="load-head">
        <h2 id="outcome">{isOpen ? 'Under way' : row.status === 'done' ? 'Stored' : 'Cancelled'}</h2>
        <Badge tone={row.status === 'done' ? 'good' : 'idle'}>
          {row.status.charAt(0).toUpperCase() + row.status.slice(1)}
        </Badge>
        {row.finishedAtMs !== null && (
          <span class="quiet">
            at <Time atMs={row.finishedAtMs} moment={moment} />
          </span>
        )}
      </div>
      {isOpen && (
        <>
          <Progress label={`Import of ${row.fileName}`} done={row.nextPart} total={row.partCount} />
          <p role="status">
            <Num value={row.nextPart} /> of <Num value={row.partCount} /> parts (
            {percentText(row.nextPart, row.partCount)})
          </p>
          <form method="post" action={`${address}/${row.id}/cancel`}>
            <button type="submit" class="secondary">
              Cancel
            </button>
          </form>
        </>
      )}
      {row.status === 'done' && (
        <p>
          {row.newCount + row.changedCount === 0
            ? 'All of it was stored already: nothing was changed, and nothing is sent again.'
            : 'What changed is sent to the WFM in the order of the reports that wait.'}{' '}
          <a href={address.replace(/imports$/, 'coverage')}>Show the coverage</a>
        </p>
      )}
      {row.status === 'cancelled' && (
        <p>What was stored before stays. Reading the file again and importing it goes on from there.</p>
      )}
    </section>
  );
}

function Refused({ row, address }: { row: ImportRow; address: string }) {
  const download = (
    <a class="button plain small" href={`${address}/${row.id}/refused.csv`} download>
      Download CSV
    </a>
  );
  return (
    <RefusedLines lines={row.refused} action={download}>
      {row.refusedCount > REFUSED_SHOWN_MAX && (
        <p class="padded quiet">
          The first {REFUSED_SHOWN_MAX} of {numberText(row.refusedCount)}; the download has{' '}
          {numberText(Math.min(row.refusedCount, row.refused.length))}.
        </p>
      )}
    </RefusedLines>
  );
}

function SampleTable({ sample, moment }: { sample: Sample; moment: Moment }) {
  return (
    <section class="card flush" aria-labelledby="sample">
      <div class="card-head">
        <h2 id="sample">The first rows, as the bridge understood them</h2>
      </div>
      <Scroll label="The first rows">
        <table>
          <caption class="hidden">The first rows</caption>
          <thead>
            <tr>
              {sample.head.map((cell, i) => (
                <th scope="col" class={typeof sample.rows[0]?.[i] === 'number' ? 'n' : ''}>
                  {cell}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {sample.rows.map((cells) => (
              <tr>
                {cells.map((cell) =>
                  typeof cell === 'number' ? (
                    <td class="n">{numberText(cell)}</td>
                  ) : (
                    <td>{typeof cell === 'string' ? cell : <Time atMs={cell.atMs} moment={moment} />}</td>
                  ),
                )}
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
    </section>
  );
}
