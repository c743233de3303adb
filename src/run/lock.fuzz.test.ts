import { expect, it } from 'vitest';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { RecodiError } from './errors.ts';
import { clearLeftovers } from './leftovers.ts';
import { lockRun } from './lock.ts';

const files = {
  'lock.json': Buffer.from('{"pid":1,"host":"elsewhere","started":null,"since":"noon"}'),
  'eval.json.tmp-1-0-1': Buffer.from('{'),
  'checkpoints/.writing-000002/state.json': Buffer.from('{}'),
};

it('a run whose lock and leftovers are damaged is taken, or it is refused', async () => {
  await survivesDamage({
    files,
    async read(folder) {
      const lock = await lockRun(folder, 0).catch((error: unknown) => {
        if (error instanceof RecodiError && error.code === 'usage') return undefined;
        throw error;
      });
      clearLeftovers(folder);
      lock?.release();
      return lock ? 'taken' : 'held';
    },
    check: outcome => expect(['taken', 'held']).toContain(outcome),
    // Whether the process that is named there still runs.
    mayTouch: ['/proc'],
  });
});
