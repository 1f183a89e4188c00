/** A stretch of time as a bar of coloured spans. It stretches with its place; words stand beside it. */
import type { Window } from '../../../src/domain/interval.ts';
import { Clock } from './day.tsx';

const WIDTH = 960;
const HEIGHT = 40;

export interface LineSpan extends Window {
  readonly look: string;
  /** Shown on hover; '' for none. */
  readonly title: string;
}

export function TimeLine(props: { label: string; window: Window; spans: readonly LineSpan[]; isSmall?: boolean }) {
  const { label, window, spans, isSmall = false } = props;
  const length = window.endMs - window.startMs;
  const hours = Math.max(1, Math.round(length / 3_600_000));
  const x = (atMs: number) =>
    ((Math.min(window.endMs, Math.max(window.startMs, atMs)) - window.startMs) / length) * WIDTH;
  return (
    <svg
      class={`time-line${isSmall ? ' small' : ''}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      role="img"
      aria-label={label}
    >
      {Array.from({ length: isSmall ? 0 : hours + 1 }, (_, i) => (
        <path class="grid" d={`M${((i / hours) * WIDTH).toFixed(1)} 0V${HEIGHT}`} />
      ))}
      {spans.map(({ startMs, endMs, look, title }) => {
        const [from, to] = [x(startMs), x(endMs)];
        if (to <= from) return null;
        return (
          <rect class={look} x={from.toFixed(2)} y="4" width={(to - from).toFixed(2)} height={HEIGHT - 8}>
            {title !== '' && <title>{title}</title>}
          </rect>
        );
      })}
    </svg>
  );
}

/** Clock times under time lines of the same window. */
export function TimeAxis({ window, timeZone }: { window: Window; timeZone: string }) {
  const length = window.endMs - window.startMs;
  return (
    <div class="axis-x" aria-hidden="true">
      {[0, 0.25, 0.5, 0.75, 1].map((part) => (
        <span>{part === 1 ? '24:00' : <Clock atMs={window.startMs + part * length} timeZone={timeZone} />}</span>
      ))}
    </div>
  );
}
