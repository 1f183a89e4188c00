import { defineConfig } from 'vitest/config';
export default defineConfig({ root: '/work/main', test: { projects: [{ test: { name: 'security', include: ['test/security/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 120_000, fileParallelism: false } }] } });
