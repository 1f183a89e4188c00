import type { Scenario } from '../scenario.ts'; export const stallScenarios: readonly Scenario[] = [];
