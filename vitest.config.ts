import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** These take longest, and a file that is begun last is waited for alone. Vitest goes by size where it knows no times. */
const LONGEST = ['src/cli/recovery', 'src/remote/robustness', 'src/inspect/try', 'src/cli/train', 'src/cli/sweep'];

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const place = LONGEST.findIndex(name => moduleId.endsWith(`${name}.test.ts`));
      return place < 0 ? LONGEST.length : place;
    };
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  test: {
    include: ['{src,envs,policies,inspector,bench,tools}/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    globalSetup: './src/eval/kept.fixture.ts',
    sequence: { sequencer: LongestFirst },
    provide: { fuzz: { runs: 500, seed: 1 } },
  },
});
