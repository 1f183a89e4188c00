/**
 * The queues and agents of the modelled centre. Ids and names are as awkward as customers make them: quotes, markup,
 * formulas, line breaks, right-to-left scripts, emoji.
 */
import { fraction, hash } from '../shared/random.ts';
import type { NccOptions } from './options.ts';

export interface Queue {
  readonly _id: string;
  readonly queueId: string;
  readonly name: string;
  readonly description: string;
  readonly voiceSLA: number;
  readonly chatSLA: number;
  readonly emailSLA: number;
  readonly socialSLA: number;
  readonly createdAt: number;
  readonly modifiedAt: number;
}

export interface User {
  readonly _id: string;
  readonly userId: string;
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly timezone: string;
}

/** Fixed, so that two runs with one seed give one roster. */
const CREATED_MS = Date.UTC(2024, 0, 15, 8, 30);

const QUEUE_NAMES = [
  'Sales',
  'Support – Tier 1',
  'Facturation & recouvrement',
  'Retours "express" <24 h>',
  'الدعم الفني',
  'サポート窓口',
  '=HYPERLINK("https://example.com","Claims")',
  "Robert'); DROP TABLE queue;--",
  'VIP 🌟; after-hours, weekend',
  'Overflow\nline two',
  'Kündigungen',
  'Back office',
];

const QUEUE_IDS = [
  'q-sales',
  'q support/tier 1',
  'q&billing',
  'q"express"<24h>',
  '5f0c1e9a7b',
  '80571',
  '=1+1',
  "q'); DROP TABLE queue;--",
  'q;vip,after-hours',
  'q%2Foverflow?x=1#y',
  'Q-SALES-2',
  'q\\back|office',
];

const FIRST_NAMES = [
  'Ana',
  'Björn',
  'Chloé',
  'Dmitri',
  'يوسف',
  '美咲',
  "Siobhán O'",
  'Nguyễn',
  'Zoë',
  'Anne-Marie',
  'שרה',
  'Łukasz',
];
const LAST_NAMES = [
  'Silva',
  'Øster',
  'Dupont',
  'Иванов',
  'حداد',
  '田中',
  'Brien',
  'Văn An',
  'van der Berg',
  '<Smith>',
  'כהן',
  'Żak',
];
const LOGIN_STEMS = [
  'ana.silva',
  'b.oster+wfm',
  "o'brien",
  'müller',
  '=cmd',
  'tanaka.山田',
  'x"y"',
  'a;b,c',
  'van der berg',
  'UPPER.Case',
];

function hex(seed: number, kind: number, index: number, digits: number): string {
  let text = '';
  for (let part = 0; text.length < digits; part += 1)
    text += hash(seed, kind, index, part).toString(16).padStart(8, '0');
  return text.slice(0, digits);
}

/** The queues in a fixed order; the last `unsendableQueues` have ids that no WFM key can carry. */
export function makeQueues({
  seed,
  queues,
  unsendableQueues,
}: Pick<NccOptions, 'seed' | 'queues' | 'unsendableQueues'>): Queue[] {
  return Array.from({ length: queues }, (_, i) => {
    const round = Math.floor(i / QUEUE_NAMES.length);
    const suffix = round === 0 ? '' : ` ${round + 1}`;
    const plainId = round === 0 ? (QUEUE_IDS[i] ?? `q-${i}`) : `q-${i + 1}-${hex(seed, 11, i, 8)}`;
    const unsendable = i >= queues - unsendableQueues;
    const odd = i % 2 === 0 ? `очередь-${i}-🌟` : `q-${i}-${'x'.repeat(120)}`;
    return {
      _id: hex(seed, 12, i, 24),
      queueId: unsendable ? odd : plainId,
      name: `${QUEUE_NAMES[i % QUEUE_NAMES.length]}${suffix}`,
      description: i % 3 === 0 ? '' : `Queue ${i + 1} of the model centre`,
      voiceSLA: [20, 30, 60][i % 3] ?? 20,
      chatSLA: 60,
      emailSLA: 14_400,
      socialSLA: 3600,
      createdAt: CREATED_MS + i * 60_000,
      modifiedAt: CREATED_MS + i * 3_600_000,
    };
  });
}

/** The agents in a fixed order; ids and sign-in names are unique whatever their number. */
export function makeUsers({
  seed,
  agents,
  timeZone,
  withoutUsername,
}: Pick<NccOptions, 'seed' | 'agents' | 'timeZone' | 'withoutUsername'>): User[] {
  return Array.from({ length: agents }, (_, i) => {
    const pick = hash(seed, 21, i);
    const firstName = FIRST_NAMES[pick % FIRST_NAMES.length] ?? 'Ana';
    const lastName = LAST_NAMES[(pick >>> 8) % LAST_NAMES.length] ?? 'Silva';
    const stem = i < LOGIN_STEMS.length ? LOGIN_STEMS[i] : `agent.${i + 1}`;
    return {
      _id: hex(seed, 22, i, 24),
      userId: userId(seed, i),
      username: i >= agents - withoutUsername ? '' : `${stem}@demo.example`,
      firstName,
      lastName,
      name: `${firstName} ${lastName}`,
      enabled: fraction(seed, 23, i) > 0.01,
      timezone: timeZone,
    };
  });
}

function userId(seed: number, index: number): string {
  if (index === 3) return `agent "3" & <co>; a,b`;
  if (index === 4) return `'); DROP TABLE agent;--`;
  const digits = hex(seed, 24, index, 32);
  return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join(
    '-',
  );
}
