/** `npm run test:fuzz`: the tests of damaged files alone, with many more of them, and others every time. */
import { defineConfig, mergeConfig } from 'vitest/config';
import tests from './vitest.config.ts';

const DAMAGED = '{src,envs,policies}/**/*.fuzz.test.ts';

export default mergeConfig(
  { ...tests, test: { ...tests.test, include: [], provide: {} } },
  defineConfig({
    test: {
      include: [DAMAGED],
      testTimeout: 3_600_000,
      globalSetup: './src/fuzz/setup.fixture.ts',
      reporters: 'verbose',
    },
  }),
);
