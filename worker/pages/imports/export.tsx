/** Exports of an ACD's own tables: the form that takes one, and what became of it. */
import type { Identity } from '../../app.ts';
import type { StoredExport } from '../../exports.ts';
import { type ConnectionFrame, Layout } from '../layout.tsx';
import { FileField } from '../ui/field.tsx';
import { Num, numberText } from '../ui/number.tsx';
import { Notice, PageHead } from '../ui/page.tsx';
import { Scroll } from '../ui/scroll.tsx';

const LINES_SHOWN_MAX = 500;

export function ExportForm(props: {
  connectionId: number;
  acdName: string;
  tables: readonly string[];
  error: string | undefined;
}) {
  const { connectionId, acdName, tables, error } = props;
  return (
    <section class="card" aria-labelledby="new-export">
      <h2 id="new-export">Export of {acdName}</h2>
      <p class="quiet">
        A delimited export of{' '}
        {tables.map((table, i) => (
          <>
            {i > 0 && ' or '}
            <code>{table}</code>
          </>
        ))}{' '}
        with a head. It is stored at once; the same export twice changes nothing.
      </p>
      <form
        method="post"
        action={`/connections/${connectionId}/imports/exports`}
        enctype="multipart/form-data"
        class="settings"
      >
        <div class="fields">
          <FileField name="export" label="Export" accept=".csv,.txt,.tsv,text/csv,text/plain" error={error} />
        </div>
        <div class="actions">
          <button type="submit">Store the export</button>
        </div>
      </form>
    </section>
  );
}

const KIND_WORDS = {
  'queue-intervals': 'Figures of queues',
  'agent-intervals': 'Times of agents',
  'agent-queue-intervals': 'Agents by queue',
} as const;

export function ExportResultPage(props: { identity: Identity | null; frame: ConnectionFrame; result: StoredExport }) {
  const { identity, frame, result } = props;
  const { read, stored, refused, fileName } = result;
  return (
    <Layout title="Export stored" identity={identity} connection={frame} refreshS={null}>
      <PageHead
        title="Export stored"
        lead={`${fileName}: ${numberText(read.rowCount)} rows of ${read.table ?? 'no table'}.`}
      />
      {read.incompleteCount > 0 && (
        <Notice tone="note">
          The ACD calls {numberText(read.incompleteCount)} rows incomplete: their intervals are shown as unconfirmed.
          Export them again later.
        </Notice>
      )}
      <section class="card" aria-label="What was stored">
        <h2>What was stored</h2>
        {stored.length === 0 ? (
          <p>Nothing was stored. The list below says why.</p>
        ) : (
          <Scroll label="What was stored">
            <table>
              <thead>
                <tr>
                  <th scope="col">Kind</th>
                  <th scope="col" class="n">
                    New
                  </th>
                  <th scope="col" class="n">
                    Changed
                  </th>
                  <th scope="col" class="n">
                    The same
                  </th>
                </tr>
              </thead>
              <tbody>
                {stored.map(({ kind, added, changed, same }) => (
                  <tr>
                    <th scope="row">{KIND_WORDS[kind]}</th>
                    <td class="n">
                      <Num value={added} />
                    </td>
                    <td class="n">
                      <Num value={changed} />
                    </td>
                    <td class="n">
                      <Num value={same} />
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <p class="quiet">
          {numberText(read.sameCount)} rows were there twice, {numberText(read.otherAcdCount)} were of other ACDs.
        </p>
      </section>
      <Lines title="Not taken" lines={refused} empty="Every row was taken." />
      {read.adjusted.length > 0 && <Lines title="Put right" lines={read.adjusted} empty="" />}
      <p>
        <a href={`/connections/${frame.id}/imports`}>Back to imports</a>
      </p>
    </Layout>
  );
}

function Lines(props: { title: string; lines: readonly { line: number; reason: string }[]; empty: string }) {
  const { title, lines, empty } = props;
  return (
    <section class="card" aria-label={title}>
      <h2>
        {title}: {numberText(lines.length)}
      </h2>
      {lines.length === 0 ? (
        <p class="quiet">{empty}</p>
      ) : (
        <Scroll label={title}>
          <table>
            <thead>
              <tr>
                <th scope="col" class="n">
                  Line
                </th>
                <th scope="col">Reason</th>
              </tr>
            </thead>
            <tbody>
              {lines.slice(0, LINES_SHOWN_MAX).map(({ line, reason }) => (
                <tr>
                  <td class="n">
                    <Num value={line} />
                  </td>
                  <td>{reason}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      )}
      {lines.length > LINES_SHOWN_MAX && <p class="quiet">The first {LINES_SHOWN_MAX} are shown.</p>}
    </section>
  );
}
