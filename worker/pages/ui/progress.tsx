/** How far long work has come, in a bar and in words: rate and time left as far as they can be told. */
import { numberText } from './number.tsx';
import { spanText } from './time.tsx';

/** What is left at the present rate, in words; '' while there is nothing to judge by. */
export function paceText(done: number, total: number, tookMs: number, unit: string): string {
  if (done <= 0 || tookMs < 1_000) return '';
  const perMinute = (done / tookMs) * 60_000;
  const left = spanText(Math.max(1_000, ((total - done) / done) * tookMs));
  const rate = perMinute >= 10 ? numberText(Math.round(perMinute)) : perMinute.toFixed(1);
  return `${rate} ${unit} a minute, about ${left} left`;
}

export function Progress(props: { label: string; done: number; total: number }) {
  const { label, done, total } = props;
  const percent = total === 0 ? 100 : Math.floor((done / total) * 100);
  return (
    <progress max={Math.max(1, total)} value={total === 0 ? 1 : done} aria-label={label}>
      {percent} %
    </progress>
  );
}

export function percentText(done: number, total: number): string {
  const percent = total === 0 ? 100 : (done / total) * 100;
  return `${percent > 0 && percent < 10 ? percent.toFixed(1) : Math.floor(percent)} %`;
}
