/** An upload of schedules before it is confirmed: what it would change, and which lines are left out and why. */
import type { PlacedSchedule } from '../../src/domain/schedule-file.ts';
import type { ScheduleUpload } from '../../src/store/schedules.ts';
import type { Identity } from '../app.ts';
import { Fact } from './adherence.tsx';
import { type ConnectionFrame, Layout } from './layout.tsx';
import { numberText } from './ui/number.tsx';
import { Notice, PageHead } from './ui/page.tsx';
import { REFUSED_SHOWN_MAX, RefusedLines } from './ui/refused-lines.tsx';

export interface SchedulePreviewPageProps {
  readonly identity: Identity | null;
  readonly frame: ConnectionFrame;
  readonly upload: ScheduleUpload;
  /** As it stands against what is stored now. */
  readonly placed: PlacedSchedule;
}

export function SchedulePreviewPage({ identity, frame, upload, placed }: SchedulePreviewPageProps) {
  const base = `/connections/${frame.id}/reports/schedules`;
  const { added, changed, removed, same } = placed.outcome;
  const rows = (count: number) => `${numberText(count)} ${count === 1 ? 'activity' : 'activities'}`;
  const isOvertaken = placed.refused.length > 0;
  const canStore = !isOvertaken && added + changed + removed > 0;
  return (
    <Layout title="Check the schedules" identity={identity} connection={frame}>
      <PageHead title="Check the schedules" lead={`Out of ${upload.fileName}, read by ${upload.createdBy}.`}>
        <a href={base}>All schedules</a>
      </PageHead>
      {isOvertaken && (
        <Notice tone="bad">
          <p>Schedules were changed meanwhile, and this file would overlap them. Discard it and read it again.</p>
        </Notice>
      )}
      <section class="card" aria-labelledby="decision">
        <h2 id="decision">Nothing is stored yet</h2>
        <p>{decisionText(upload, canStore || isOvertaken)}</p>
        <div class="actions">
          {canStore && (
            <form method="post" action={`${base}/uploads/${upload.id}/confirm`}>
              <button type="submit">
                {upload.refusedCount > 0
                  ? `Store ${rows(upload.rowCount)}, leave out ${numberText(upload.refusedCount)}`
                  : `Store ${rows(upload.rowCount)}`}
              </button>
            </form>
          )}
          <form method="post" action={`${base}/uploads/${upload.id}/discard`}>
            <button type="submit" class="secondary">
              Discard
            </button>
          </form>
        </div>
      </section>
      <dl class="facts card-less">
        <Fact label="Can be stored">{numberText(upload.rowCount)}</Fact>
        <Fact label="Would be new">{numberText(added)}</Fact>
        <Fact label="Would change">{numberText(changed)}</Fact>
        <Fact label="Would be removed">{numberText(removed)}</Fact>
        <Fact label="The same as stored">{numberText(same)}</Fact>
        <Fact label="Left out">{numberText(upload.refusedCount)}</Fact>
      </dl>
      {upload.refused.length > 0 && <Refused upload={upload} />}
    </Layout>
  );
}

function decisionText({ rowCount, refusedCount }: ScheduleUpload, wouldChange: boolean): string {
  if (rowCount === 0) return 'No line of this file can be stored. Mend what stands below and read the file again.';
  if (!wouldChange) return 'All of it is stored already, exactly so: storing it would change nothing.';
  const left =
    refusedCount > 0
      ? 'Some lines cannot be stored and would be left out. Mend the file and read it again, or store the others. '
      : 'Every line can be stored. ';
  return `${left}What is stored for the same agents and days is replaced.`;
}

function Refused({ upload }: { upload: ScheduleUpload }) {
  return (
    <RefusedLines lines={upload.refused}>
      {upload.refusedCount > REFUSED_SHOWN_MAX && (
        <p class="padded quiet">
          The first {REFUSED_SHOWN_MAX} of {numberText(upload.refusedCount)}.
        </p>
      )}
    </RefusedLines>
  );
}
