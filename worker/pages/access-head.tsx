/** What the three parts of the Access page begin with. */
import { PageHead, Tabs } from './ui/page.tsx';

export function AccessHead({ current }: { current: 'tokens' | 'sessions' | 'audit' }) {
  return (
    <>
      <PageHead title="Access" lead="Who may ask, who is signed in, and who changed what." />
      <AccessTabs current={current} />
    </>
  );
}

function AccessTabs({ current }: { current: 'tokens' | 'sessions' | 'audit' }) {
  const tabs = [
    { key: 'tokens', href: '/access', label: 'API tokens' },
    { key: 'sessions', href: '/access?show=sessions', label: 'Sign-in and sessions' },
    { key: 'audit', href: '/access?show=audit', label: 'Audit' },
  ];
  return (
    <Tabs label="Access" tabs={tabs.map(({ key, href, label }) => ({ href, label, isCurrent: key === current }))} />
  );
}
