import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{runner,site,tools}/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    // Under CI an evaluation demands the sandbox; those of the tests are of our own models, and run without where there is none.
    env: { CI: '' },
  },
});
