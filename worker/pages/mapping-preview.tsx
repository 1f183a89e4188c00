/** What a table would change, row by row, and what is wrong with it, line by line; nothing is stored before the button. */
import type { Identity } from '../app.ts';
import type { FieldChange } from '../mapping/edits.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { numberText } from './ui/number.tsx';
import { Notice, PageHead } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';

const SHOWN_MAX = 500;

export interface MappingPreviewProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly one: string;
  readonly many: string;
  readonly rowCount: number;
  readonly changes: readonly { readonly label: string; readonly changes: readonly FieldChange[] }[];
  readonly errors: readonly { readonly line: number; readonly message: string }[];
  /** Where the confirmation goes, and the way back. */
  readonly action: string;
  readonly back: string;
}

export function MappingPreviewPage(props: MappingPreviewProps) {
  const { identity, frame, one, many, rowCount, changes, errors, action, back } = props;
  const fields = changes.reduce((sum, row) => sum + row.changes.length, 0);
  const same = rowCount - changes.length - new Set(errors.map(({ line }) => line)).size;
  return (
    <Layout title={`Preview: ${many}`} identity={identity} connection={frame}>
      <PageHead
        title={`Preview of the table of ${many}`}
        lead={`${numberText(rowCount)} rows read: ${numberText(changes.length)} would change, ${numberText(Math.max(0, same))} stay as they are.`}
      />
      {errors.length > 0 && (
        <Notice tone="bad">
          <p>
            <strong>
              {numberText(errors.length)} {errors.length === 1 ? 'error' : 'errors'}.
            </strong>{' '}
            {changes.length > 0
              ? 'The lines below are left as they are; correct the file and upload it again, or apply the rest.'
              : 'Correct the file and upload it again.'}
          </p>
        </Notice>
      )}
      {errors.length > 0 && <Errors errors={errors} />}
      {changes.length === 0 ? (
        <Notice tone="note">
          <p>
            {errors.length > 0
              ? 'Nothing else would change.'
              : 'The table is what is stored already: nothing to apply.'}
          </p>
        </Notice>
      ) : (
        <section class="card flush">
          <h2>What would change</h2>
          <Scroll label="What would change">
            <table>
              <thead>
                <tr>
                  <th scope="col">{one.charAt(0).toUpperCase() + one.slice(1)}</th>
                  <th scope="col">Field</th>
                  <th scope="col">Now</th>
                  <th scope="col">Then</th>
                </tr>
              </thead>
              <tbody>
                {changes.slice(0, SHOWN_MAX).flatMap(({ label, changes: all }) =>
                  all.map(({ header, from, to }, index) => (
                    <tr class={index > 0 ? 'more' : undefined}>
                      <th scope="row">{label}</th>
                      <td>{header}</td>
                      <td>{from || <span class="quiet">default</span>}</td>
                      <td>
                        <strong>{to || 'default'}</strong>
                      </td>
                    </tr>
                  )),
                )}
              </tbody>
            </table>
          </Scroll>
          {changes.length > SHOWN_MAX && <p class="quiet pad">The first {numberText(SHOWN_MAX)} rows are shown.</p>}
        </section>
      )}
      <div class="actions">
        {changes.length > 0 && (
          <form method="post" action={action}>
            <button type="submit">
              Apply {numberText(fields)} {fields === 1 ? 'change' : 'changes'}
            </button>
          </form>
        )}
        <a class="button plain" href={back}>
          {changes.length > 0 ? 'Change nothing' : 'Back'}
        </a>
      </div>
    </Layout>
  );
}

function Errors({ errors }: { errors: MappingPreviewProps['errors'] }) {
  return (
    <section class="card flush">
      <h2>What is wrong</h2>
      <Scroll label="Errors by line">
        <table>
          <thead>
            <tr>
              <th scope="col" class="n">
                Line
              </th>
              <th scope="col">What is wrong</th>
            </tr>
          </thead>
          <tbody>
            {errors.slice(0, SHOWN_MAX).map(({ line, message }) => (
              <tr>
                <td class="n">{numberText(line)}</td>
                <td>{message}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      {errors.length > SHOWN_MAX && <p class="quiet pad">The first {numberText(SHOWN_MAX)} are shown.</p>}
    </section>
  );
}
