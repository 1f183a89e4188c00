/** The form that asks the ACD for its past again. */
import type { FieldError } from '../../respond.ts';
import { TextField } from '../ui/field.tsx';

export function BackfillForm(props: {
  connectionId: number;
  timeZone: string;
  /** The days as they were typed. */
  days: { readonly from: string; readonly to: string };
  errors: readonly FieldError[];
}) {
  const { connectionId, timeZone, days, errors } = props;
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <section class="card" aria-labelledby="new-backfill">
      <h2 id="new-backfill">Backfill from the ACD</h2>
      <p class="quiet">
        Reads past intervals again, newest first, beside the live data: up to three years. What is equal to what is
        stored changes nothing; what differs is stored and sent as a further revision.
      </p>
      <form method="post" action={`/connections/${connectionId}/backfills`} class="settings" novalidate>
        <div class="fields">
          <TextField
            name="from"
            label="From"
            kind="date"
            value={days.from}
            help={`First day, in ${timeZone}.`}
            error={errorOf('from')}
            isRequired
          />
          <TextField
            name="to"
            label="To"
            kind="date"
            value={days.to}
            help="Last day, all of it. Intervals that have not ended are left out."
            error={errorOf('to')}
            isRequired
          />
        </div>
        <div class="actions">
          <button type="submit">Start the backfill</button>
        </div>
      </form>
    </section>
  );
}
