/** An interval's state as icon, colour and words. */
import type { CellState } from '../../../src/domain/coverage.ts';
import { Badge, type Tone } from './badge.tsx';

const BADGES: Readonly<Record<CellState, { readonly tone: Tone; readonly words: string }>> = {
  delivered: { tone: 'good', words: 'Delivered' },
  late: { tone: 'good', words: 'Late or revised' },
  waiting: { tone: 'idle', words: 'Waiting' },
  gap: { tone: 'bad', words: 'Gap' },
  quiet: { tone: 'good', words: 'Quiet' },
  unconfirmed: { tone: 'warn', words: 'Unconfirmed' },
};

export function StateBadge({ state }: { state: CellState }) {
  const { tone, words } = BADGES[state];
  return <Badge tone={tone}>{words}</Badge>;
}
