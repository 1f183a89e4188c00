/** The rooms of the Monitor as tabs. */
import { Tabs } from '../ui/page.tsx';

export function MonitorTabs({ current }: { current: 'diary' | 'alerts' | 'settings' }) {
  const tabs = [
    { key: 'diary', href: '/monitor', label: 'Diary' },
    { key: 'alerts', href: '/monitor?show=alerts', label: 'Alerts' },
    { key: 'settings', href: '/monitor?show=settings', label: 'Channels, rules, maintenance' },
  ];
  return (
    <Tabs label="Monitor" tabs={tabs.map(({ key, href, label }) => ({ href, label, isCurrent: key === current }))} />
  );
}
