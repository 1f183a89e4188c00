/** What the reports of a connection share: heading, the way from one to another, and the way from day to day. */
import type { ComponentChildren } from 'preact';
import { PageHead, Tabs } from './ui/page.tsx';

const REPORTS = [
  { path: 'volume', label: 'Volume and handle time' },
  { path: 'adherence', label: 'Adherence' },
  { path: 'schedules', label: 'Schedules' },
] as const;
export type ReportPath = (typeof REPORTS)[number]['path'];

export function ReportsHead(props: {
  connectionId: number;
  current: ReportPath;
  title: string;
  lead: string;
  children?: ComponentChildren;
}) {
  const { connectionId, current, title, lead, children } = props;
  return (
    <>
      <PageHead title={title} lead={lead}>
        {children}
      </PageHead>
      <Tabs
        label="Reports"
        tabs={REPORTS.map(({ path, label }) => ({
          href: `/connections/${connectionId}/reports/${path}`,
          label,
          isCurrent: path === current,
        }))}
      />
    </>
  );
}

/** Earlier, what is shown, later. */
export function PeriodNav(props: {
  label: string;
  earlier: string;
  later: string | null;
  children: ComponentChildren;
}) {
  const { label, earlier, later, children } = props;
  return (
    <nav aria-label={label}>
      <a href={earlier} rel="prev">
        Earlier
      </a>
      <strong class="nowrap">{children}</strong>
      {later === null ? (
        <span class="quiet">Later</span>
      ) : (
        <a href={later} rel="next">
          Later
        </a>
      )}
    </nav>
  );
}
