/** Parts of the connection page beside its form: what somebody else saved meanwhile, pausing, and deleting for good. */
import type { FieldError } from '../respond.ts';
import { FormErrors, TextField } from './ui/field.tsx';
import { Scroll } from './ui/scroll.tsx';
import { Age, type Moment } from './ui/time.tsx';

export interface Difference {
  readonly label: string;
  readonly theirs: string;
  readonly yours: string;
}

/** What another administrator saved while this form was open. */
export interface ConflictFacts {
  readonly differences: readonly Difference[];
  /** Who saved it and when, where the audit knows. */
  readonly saved: { readonly by: string; readonly atMs: number } | null;
  readonly moment: Moment;
}

export function Conflict({ id, conflict }: { id: number; conflict: ConflictFacts }) {
  const { differences, saved, moment } = conflict;
  return (
    <div class="notice bad" role="alert">
      <p>
        <strong>Nothing was saved: somebody else saved this connection while you were editing it.</strong>{' '}
        {saved && (
          <>
            It was {saved.by}, <Age atMs={saved.atMs} moment={moment} />.
          </>
        )}
      </p>
      {differences.length > 0 ? (
        <Scroll label="What differs">
          <table>
            <caption class="hidden">What differs, field by field</caption>
            <thead>
              <tr>
                <th scope="col">Field</th>
                <th scope="col">Stored now</th>
                <th scope="col">In your form</th>
              </tr>
            </thead>
            <tbody>
              {differences.map(({ label, theirs, yours }) => (
                <tr>
                  <th scope="row">{label}</th>
                  <td>{theirs}</td>
                  <td>{yours}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : (
        <p>No field that is shown differs from yours; a password may have been changed.</p>
      )}
      <p>
        Save again to store your form over theirs, or <a href={`/connections/${id}`}>load what is stored now</a>.
      </p>
    </div>
  );
}

export function PauseForm({ id, paused }: { id: number; paused: boolean }) {
  return (
    <form method="post" action={`/connections/${id}/${paused ? 'resume' : 'pause'}`}>
      <button type="submit" class="secondary">
        {paused ? 'Resume' : 'Pause'}
      </button>
    </form>
  );
}

/** Deleting takes the connection's name, typed. `error`: what was typed was something else. */
export function DeleteCard({ id, name, error }: { id: number; name: string; error?: FieldError | undefined }) {
  return (
    <details class="card danger" open={error !== undefined} id="delete">
      <summary>
        <span class="summary-title">Delete this connection</span>
        <span class="quiet">With everything that was collected for it. There is no way back.</span>
      </summary>
      {error && <FormErrors errors={[{ ...error, label: 'Name' }]} what="Nothing was deleted." />}
      <form method="post" action={`/connections/${id}/delete`} class="settings" novalidate autocomplete="off">
        <p>
          The settings, the roster with its mapping, all figures, states and proofs of delivery go; the diary and the
          audit stay. To stop collecting for a while, pause it instead.
        </p>
        <TextField
          name="confirm"
          label="Type the connection's name"
          value=""
          help={`To confirm, type: ${name}`}
          error={error?.message}
          isRequired
        />
        <div class="actions">
          <button type="submit" class="dangerous">
            Delete for good
          </button>
        </div>
      </form>
    </details>
  );
}
