/** Who was told of an alert, in words. */
import type { AlertRow } from '../../../src/store/alerts.ts';

export function Told({ alert: { toldCount, untoldCount } }: { alert: AlertRow }) {
  if (toldCount + untoldCount === 0) return <>no channel was told</>;
  if (toldCount === 0) return <>not told yet: a message is on its way</>;
  const told = toldCount === 1 ? '1 channel was told' : `${toldCount} channels were told`;
  return <>{untoldCount > 0 ? `${told}, ${untoldCount} more to come` : told}</>;
}
