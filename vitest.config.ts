import path from 'node:path';
import { cloudflareTest, readD1Migrations } from '@cloudflare/vitest-pool-workers';
import { defineConfig } from 'vitest/config';

/** Tests of whole processes share two cores with them: on CI one that failed is tried once more, and both tries are shown. */
const PROCESS_RETRIES = process.env.CI ? 1 : 0;

/** Fixed test secrets; nothing outside the tests uses them. */
const TEST_BINDINGS = {
  ENCRYPTION_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=',
  ADMIN_PASSWORD: 'correct horse battery staple',
  API_TOKEN: 'test-api-token-0123456789-0123456789',
  ALLOW_PRIVATE_NETWORK: 'true',
};

export default defineConfig({
  test: {
    projects: [
      {
        // The jobs, the store and the Worker on real D1, KV and Durable Objects.
        plugins: [
          cloudflareTest(async () => ({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              compatibilityFlags: ['service_binding_extra_handlers'],
              bindings: {
                ...TEST_BINDINGS,
                // Which values the injection tests take: see there.
                INJECTION_TURN: process.env.INJECTION_TURN ?? '',
                TEST_MIGRATIONS: await readD1Migrations(path.join(import.meta.dirname, 'migrations')),
              },
            },
          })),
        ],
        test: {
          name: 'worker',
          // Some of these play an hour of polls, and machines differ.
          testTimeout: 60_000,
          include: ['test/src/**/*.test.{ts,tsx}', 'test/worker/**/*.test.{ts,tsx}', 'test/*.test.ts'],
          setupFiles: ['./test/support/apply-migrations.ts'],
        },
      },
      // Node-side parts (simulators, appliance) that need no engine.
      { test: { name: 'node', include: ['test/node/**/*.test.ts'] } },
      // Simulated days with faults, on a clock of their own.
      { test: { name: 'sim', include: ['test/sim/**/*.test.ts'], testTimeout: 900_000 } },
      // Attackers: certificates, a second origin, canaries, against the built Worker.
      {
        test: {
          name: 'security',
          include: ['test/security/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          retry: PROCESS_RETRIES,
        },
      },
      // The built Worker in the embedded host, with the stand-ins as processes.
      {
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          retry: PROCESS_RETRIES,
        },
      },
      // The same in a real browser.
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
          retry: PROCESS_RETRIES,
        },
      },
    ],
  },
});
