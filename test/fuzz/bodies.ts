// Every answer that a vendor gives, and every body that goes to one: what the fuzzing feeds in, by vendor.
import { LIVEVOX_TARGETS } from './livevox.ts';
import { MPOWER_TARGETS } from './mpower.ts';
import { NCC_TARGETS } from './ncc.ts';
import type { Target } from './target.ts';

export const TARGETS: readonly Target[] = [...NCC_TARGETS, ...LIVEVOX_TARGETS, ...MPOWER_TARGETS];
