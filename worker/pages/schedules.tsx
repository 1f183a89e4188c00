/** Schedules: uploaded, looked at, deleted; and how their activities are judged. */
import { defaultClasses, GRACE_MAX_MS } from '../../src/domain/adherence.ts';
import { STATE_CLASSES, type StateClass } from '../../src/domain/agent-state.ts';
import { MINUTE_MS } from '../../src/domain/interval.ts';
import { shiftDay } from '../../src/domain/local-day.ts';
import { SCHEDULE_COLUMNS } from '../../src/domain/schedule-file.ts';
import type { ScheduleRow } from '../../src/store/schedules.ts';
import type { Identity } from '../app.ts';
import type { FieldError } from '../respond.ts';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { PeriodNav, ReportsHead } from './reports-head.tsx';
import { longDayText } from './ui/day.tsx';
import { FileField, FormErrors, TextField } from './ui/field.tsx';
import { Filters, FilterText, Notice, Pager } from './ui/page.tsx';
import { Scroll } from './ui/scroll.tsx';
import { instantText, type Moment } from './ui/time.tsx';

/** An activity and what it is judged by. */
export interface JudgedActivity {
  readonly name: string;
  readonly classes: readonly StateClass[];
}

export interface SchedulesPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly moment: Moment;
  readonly day: string;
  readonly rows: readonly ScheduleRow[];
  readonly older: string | null;
  readonly isFirst: boolean;
  readonly activities: readonly JudgedActivity[];
  /** Minutes, as typed or as stored. */
  readonly grace: string;
  readonly notice: string | undefined;
  readonly errors: readonly FieldError[];
}

const LABELS: Readonly<Record<string, string>> = {
  file: 'File',
  grace: 'Grace period (minutes)',
  from: 'First day',
  to: 'Last day',
};

export function SchedulesPage(props: SchedulesPageProps) {
  const { identity, frame, moment, notice, errors } = props;
  const base = `/connections/${frame.id}/reports/schedules`;
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <Layout title="Schedules" identity={identity} connection={frame}>
      <ReportsHead
        connectionId={frame.id}
        current="schedules"
        title="Schedules"
        lead={`What agents are to do, for the report of adherence. Times in ${moment.timeZone}.`}
      />
      {notice && (
        <Notice>
          <p>{notice}</p>
        </Notice>
      )}
      <FormErrors errors={errors.map((error) => ({ ...error, label: LABELS[error.path] ?? error.path }))} />
      <Upload base={base} error={errorOf('file')} />
      <DayList {...props} base={base} />
      <Activities {...props} base={base} error={errorOf('grace')} />
      <Deletion {...props} base={base} errorOf={errorOf} />
    </Layout>
  );
}

function Upload({ base, error }: { base: string; error: string | undefined }) {
  return (
    <section class="card" aria-labelledby="upload">
      <div class="card-line">
        <h2 id="upload">Upload</h2>
        <a href={`${base}/template.csv`} download>
          Empty file with the columns
        </a>
      </div>
      <p class="quiet">
        CSV with the columns {SCHEDULE_COLUMNS.join(', ')}. Agents by id, login id, employee id or name; times such as
        2026-01-31 13:15, in the connection's time zone, or with an offset. Nothing is stored before you have seen what
        it changes. A day of an agent that the file names is replaced by what the file says of it.
      </p>
      <form method="post" action={base} encType="multipart/form-data" class="fields">
        <FileField name="file" label="File" accept=".csv,text/csv" error={error} />
        <div class="actions">
          <button type="submit">Read the file</button>
        </div>
      </form>
    </section>
  );
}

function DayList(props: SchedulesPageProps & { base: string }) {
  const { base, day, rows, older, isFirst, moment } = props;
  const address = (other: string) => `${base}?day=${other}`;
  return (
    <>
      <div class="range">
        <PeriodNav label="Days" earlier={address(shiftDay(day, -1))} later={address(shiftDay(day, 1))}>
          {longDayText(day)}
        </PeriodNav>
        <Filters action={base} label="Another day">
          <FilterText type="date" name="day" label="Day" value={day} />
        </Filters>
      </div>
      <section class="card flush" aria-labelledby="scheduled">
        <div class="card-head">
          <h2 id="scheduled">Scheduled</h2>
          {rows.length > 0 && (
            <a class="button plain small" href={`${base}.csv?day=${day}`} download>
              Download CSV
            </a>
          )}
        </div>
        {rows.length === 0 ? (
          <p class="padded quiet">Nothing is scheduled that begins on this day.</p>
        ) : (
          <Scroll label="Scheduled activities of the day">
            <table>
              <caption class="hidden">Scheduled activities of the day</caption>
              <thead>
                <tr>
                  <th scope="col">Agent</th>
                  <th scope="col">Activity</th>
                  <th scope="col">Start</th>
                  <th scope="col">End</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr>
                    <td>
                      <a href={`/connections/${props.frame.id}/reports/adherence/agents/${row.agentId}?day=${day}`}>
                        {row.agentName || row.agentSourceId}
                      </a>
                    </td>
                    <td>{row.activity}</td>
                    <td class="nowrap">{instantText(row.startMs, moment)}</td>
                    <td class="nowrap">{instantText(row.endMs, moment)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
      </section>
      <Pager newer={isFirst ? null : address(day)} older={older} />
    </>
  );
}

function Activities(props: SchedulesPageProps & { base: string; error: string | undefined }) {
  const { base, activities, grace, error } = props;
  return (
    <section class="card" aria-labelledby="activities">
      <h2 id="activities">What adheres</h2>
      <p class="quiet">
        For each activity, the classes of state in which an agent adheres to it. What a state counts as is set on{' '}
        <a href={`/connections/${props.frame.id}/states`}>States</a>. An activity without a class is not compared. The
        changes hold for all days, past ones too.
      </p>
      <form method="post" action={`${base}/rules`} class="fields stack" data-edit>
        <TextField
          name="grace"
          label="Grace period (minutes)"
          kind="number"
          value={grace}
          error={error}
          help={`Coming late or leaving early by no more than this counts as in adherence. 0 to ${GRACE_MAX_MS / MINUTE_MS}.`}
        />
        {activities.length > 0 && (
          <Scroll label="Activities and their classes">
            <table>
              <caption class="hidden">Activities and their classes</caption>
              <thead>
                <tr>
                  <th scope="col">Activity</th>
                  <th scope="col">Adhering classes</th>
                </tr>
              </thead>
              <tbody>
                {activities.map((activity, i) => (
                  <ActivityRow activity={activity} at={i} />
                ))}
              </tbody>
            </table>
          </Scroll>
        )}
        <div class="actions">
          <button type="submit">Save</button>
        </div>
      </form>
    </section>
  );
}

function ActivityRow({ activity: { name, classes }, at }: { activity: JudgedActivity; at: number }) {
  const usual = defaultClasses(name);
  const isUsual = classes.length === usual.length && usual.every((one) => classes.includes(one));
  return (
    <tr>
      <th scope="row">
        <input type="hidden" name={`activity.${at}`} value={name} />
        {name}
        <br />
        <span class="quiet">{isUsual ? 'as its name suggests' : classes.length === 0 ? 'not compared' : 'chosen'}</span>
      </th>
      <td>
        <fieldset class="classes">
          <legend class="hidden">Classes that adhere to {name}</legend>
          {STATE_CLASSES.map((one) => (
            <label>
              <input type="checkbox" name={`class.${at}`} value={one} checked={classes.includes(one)} />
              {one}
            </label>
          ))}
        </fieldset>
      </td>
    </tr>
  );
}

function Deletion(props: SchedulesPageProps & { base: string; errorOf: (path: string) => string | undefined }) {
  const { base, day, errorOf } = props;
  return (
    <details class="card" open={errorOf('from') !== undefined || errorOf('to') !== undefined}>
      <summary>
        <span class="summary-title">Delete schedules</span>
        <span class="quiet">of all agents, whole days</span>
      </summary>
      <form method="post" action={`${base}/delete`} class="fields">
        <TextField name="from" label="First day" kind="date" value={day} error={errorOf('from')} />
        <TextField name="to" label="Last day" kind="date" value={day} error={errorOf('to')} />
        <div class="actions">
          <button type="submit" class="dangerous">
            Delete these schedules
          </button>
        </div>
      </form>
    </details>
  );
}
