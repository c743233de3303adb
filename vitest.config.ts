import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{src,envs,policies,inspector,bench,tools}/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: './src/eval/kept.fixture.ts',
    provide: { fuzz: { runs: 500, seed: 1 } },
  },
});
