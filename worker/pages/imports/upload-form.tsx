/** The form that takes a file, with the columns that it may have. */
import { IMPORT_COLUMNS, type ImportKind } from '../../../src/domain/import-file.ts';
import { FileField } from '../ui/field.tsx';

const EXAMPLES: Readonly<Record<string, string>> = {
  interval_start_utc: '2026-01-31T13:15:00Z, on a quarter of an hour',
  queue: 'the id or the name on the roster',
  offered: 'contacts that entered',
  handled: 'contacts that were answered',
  total_handle_time_s: 'seconds, of all contacts together',
  abandoned: 'worked out as offered less handled where it is left out',
  at_utc: '2026-01-31T13:17:42Z',
  agent: 'the id, user name or login id on the roster',
  state: 'as the ACD names it',
  reason: 'where the ACD has reasons',
};

function Columns({ kind }: { kind: ImportKind }) {
  return (
    <table>
      <caption class="hidden">
        Columns of a file with {kind === 'intervals' ? 'queue figures' : 'state changes'}
      </caption>
      <thead>
        <tr>
          <th scope="col">Column</th>
          <th scope="col">What stands in it</th>
        </tr>
      </thead>
      <tbody>
        {IMPORT_COLUMNS[kind].map(({ name, isRequired }) => (
          <tr>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              {EXAMPLES[name]}
              {!isRequired && <span class="quiet">, optional</span>}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function UploadForm({ connectionId, error }: { connectionId: number; error: string | undefined }) {
  return (
    <section class="card" aria-labelledby="new-import">
      <h2 id="new-import">Import from a file</h2>
      <p class="quiet">
        A CSV file of up to 150,000 rows. You are shown what it would change first; nothing is stored before you
        confirm.
      </p>
      <form
        method="post"
        action={`/connections/${connectionId}/imports`}
        enctype="multipart/form-data"
        class="settings"
      >
        <div class="fields">
          <div class="field">
            <label for="field-kind">What it holds</label>
            <div class="control">
              <select id="field-kind" name="kind" class="full">
                <option value="intervals">Queue figures by interval</option>
                <option value="state-changes">State changes of agents</option>
              </select>
            </div>
          </div>
          <FileField name="file" label="File" accept=".csv,.txt,text/csv" error={error} />
        </div>
        <div class="actions">
          <button type="submit">Read the file</button>
        </div>
      </form>
      <details>
        <summary>Columns and templates</summary>
        <h3>Queue figures</h3>
        <Columns kind="intervals" />
        <p>
          <a href={`/connections/${connectionId}/imports/template.csv?kind=intervals`} download>
            Download the template for queue figures
          </a>
        </p>
        <h3>State changes</h3>
        <Columns kind="state-changes" />
        <p>
          <a href={`/connections/${connectionId}/imports/template.csv?kind=state-changes`} download>
            Download the template for state changes
          </a>
        </p>
        <p class="quiet">
          State changes find their place where the bridge did not look; what it saw itself stands. They are told to the
          WFM as agent activity of their windows, not as live states.
        </p>
      </details>
    </section>
  );
}
