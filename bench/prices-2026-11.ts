// Cloudflare's list prices and included amounts as of 2026-11-22, of the plans Workers Free and Workers Paid. Sources: the
// pricing and limits pages of Workers, D1, Durable Objects and KV at developers.cloudflare.com. US dollars; a month has
// 30 days. Where the Free plan names an amount a day, so does this file.

export const PRICES_AS_OF = '2026-11-22';
export const DAYS_A_MONTH = 30;

/** What is billed, by the name that tables show. */
export const METERS = [
  'worker requests',
  'worker CPU ms',
  'object requests',
  'object GB-s',
  'object rows written',
  'D1 rows read',
  'D1 rows written',
  'D1 GB stored',
  'KV writes',
] as const;
export type Meter = (typeof METERS)[number];

/** Included a day on the Free plan; null: bounded per invocation instead. Storage is no rate: one database holds 0.5 GB. */
export const FREE_A_DAY: Readonly<Record<Meter, number | null>> = {
  'worker requests': 100_000,
  'worker CPU ms': null,
  'object requests': 100_000,
  'object GB-s': 13_000,
  'object rows written': 100_000,
  'D1 rows read': 5_000_000,
  'D1 rows written': 100_000,
  'D1 GB stored': 0.5,
  'KV writes': 1_000,
};
/** Processor time of one invocation on the Free plan, milliseconds. */
export const FREE_CPU_MS_PER_INVOCATION = 10;

export const PAID_BASE_USD = 5;
/** The largest database that the Paid plan allows, GB: no price lifts it. */
export const PAID_DATABASE_GB_MAX = 10;

/** Included a month on the Paid plan, and the price of each further unit. */
export const PAID: Readonly<Record<Meter, { readonly included: number; readonly usdEach: number }>> = {
  'worker requests': { included: 10e6, usdEach: 0.3e-6 },
  'worker CPU ms': { included: 30e6, usdEach: 0.02e-6 },
  'object requests': { included: 1e6, usdEach: 0.15e-6 },
  'object GB-s': { included: 400_000, usdEach: 12.5e-6 },
  'object rows written': { included: 50e6, usdEach: 1e-6 },
  'D1 rows read': { included: 25e9, usdEach: 0.001e-6 },
  'D1 rows written': { included: 50e6, usdEach: 1e-6 },
  'D1 GB stored': { included: 5, usdEach: 0.75 },
  'KV writes': { included: 1e6, usdEach: 5e-6 },
};

/** An object is billed for this much memory, whatever it uses. */
export const OBJECT_GB = 0.128;
