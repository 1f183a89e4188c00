import type { Scenario } from '../scenario.ts'; export const databaseScenarios: readonly Scenario[] = [];
