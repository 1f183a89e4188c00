/** A status as icon, colour and word: never by colour alone. */
import type { HealthStatus } from '../../../src/domain/health.ts';

export type Tone = 'good' | 'warn' | 'bad' | 'idle' | 'note';

const TONES: Readonly<Record<HealthStatus, Tone>> = {
  healthy: 'good',
  starting: 'idle',
  paused: 'idle',
  degraded: 'warn',
  stalled: 'bad',
  'not configured': 'bad',
};

export function toneOf(status: HealthStatus): Tone {
  return TONES[status];
}

const ICONS: Readonly<Record<Tone, string>> = {
  good: 'M3.5 8.5l3 3 6-7',
  warn: 'M8 4v5M8 11.5v.5',
  bad: 'M4.5 4.5l7 7M11.5 4.5l-7 7',
  idle: 'M6 5v6M10 5v6',
  note: 'M8 4v.5M8 7.5v4.5',
};

export function Icon({ tone }: { tone: Tone }) {
  return (
    <svg class={`icon ${tone}`} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
      <circle cx="8" cy="8" r="8" />
      <path d={ICONS[tone]} />
    </svg>
  );
}

export function Badge({ tone, children }: { tone: Tone; children: string }) {
  return (
    <span class={`badge ${tone}`}>
      <Icon tone={tone} />
      {children}
    </span>
  );
}

export function HealthBadge({ status }: { status: HealthStatus }) {
  return <Badge tone={toneOf(status)}>{status.charAt(0).toUpperCase() + status.slice(1)}</Badge>;
}
