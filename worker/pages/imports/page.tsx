/** Imports and backfill: asking for the past, watching it come, and what was loaded before. */
import type { LoadRow } from '../../../src/store/past-loads.ts';
import type { Identity } from '../../app.ts';
import type { FieldError } from '../../respond.ts';
import { Layout } from '../layout.tsx';
import { FormErrors } from '../ui/field.tsx';
import { Notice, PageHead } from '../ui/page.tsx';
import { BackfillForm } from './backfill-form.tsx';
import { ExportForm } from './export.tsx';
import { History, type HistoryProps } from './history.tsx';
import { UnderWay } from './under-way.tsx';
import { UploadForm } from './upload-form.tsx';

export interface ImportsPageProps extends HistoryProps {
  readonly identity: Identity | null;
  readonly open: readonly LoadRow[];
  readonly notice?: string | undefined;
  /** What was typed into the backfill form, and what is wrong with it. */
  readonly backfill: { readonly from: string; readonly to: string };
  readonly errors: readonly FieldError[];
  /** The source can be asked for past intervals again. */
  readonly isAsked: boolean;
  readonly acdName: string;
  /** The ACD's own tables whose exports are uploaded here; empty where there are none. */
  readonly tables: readonly string[];
}

const LABELS: Readonly<Record<string, string>> = {
  from: 'From',
  to: 'To',
  file: 'File',
  export: 'Export',
  kind: 'What it holds',
};

export function ImportsPage(props: ImportsPageProps) {
  const { identity, frame, moment, open, notice, errors } = props;
  const errorOf = (path: string) => errors.find((error) => error.path === path)?.message;
  return (
    <Layout title="Imports and backfill" identity={identity} connection={frame} isLive refreshS={null}>
      <PageHead
        title="Imports and backfill"
        lead="Load the past: again from the ACD, as far back as it remembers, or out of files."
      />
      {notice && <Notice>{notice}</Notice>}
      {frame.paused && (
        <Notice tone="note">
          The connection is paused: what is asked for here waits until it is{' '}
          <a href={`/connections/${frame.id}`}>resumed</a>.
        </Notice>
      )}
      <FormErrors errors={errors.map((error) => ({ ...error, label: LABELS[error.path] ?? 'The form' }))} />
      <UnderWay connectionId={frame.id} open={open} moment={moment} />
      <div class="groups">
        {props.isAsked && (
          <BackfillForm connectionId={frame.id} timeZone={moment.timeZone} days={props.backfill} errors={errors} />
        )}
        <UploadForm connectionId={frame.id} error={errorOf('file')} />
        {props.tables.length > 0 && (
          <ExportForm connectionId={frame.id} acdName={props.acdName} tables={props.tables} error={errorOf('export')} />
        )}
      </div>
      <History {...props} />
    </Layout>
  );
}
