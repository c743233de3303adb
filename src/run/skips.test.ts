import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { saveCheckpoint } from './checkpoint.ts';
import { isStuck, noteStep, stopIfStuck } from './skips.ts';

const after = (...steps: boolean[]) => {
  const skips = { skipped: 0, skippedInRow: 0 };
  for (const skipped of steps) noteStep(skips, skipped);
  return skips;
};

it('steps that are left out are counted, and three in a row are too many', () => {
  expect(after(true, true, false, true)).toEqual({ skipped: 3, skippedInRow: 1 });
  expect(isStuck(after(true, true, false, true))).toBe(false);
  expect(isStuck(after(false, true, true, true))).toBe(true);
});

it('the error says where, what to change, and which checkpoint is good', () => {
  const checkpoints = join(mkdtempSync(join(tmpdir(), 'recodi-skips-')), 'checkpoints');
  const stop = (skips = after(true, true, true)) =>
    stopIfStuck(skips, checkpoints, { where: 'update 7', advice: 'lower the rate' });
  expect(() => stop(after(true, true))).not.toThrow();
  expect(() => stop()).toThrow(/update 7: .*not finite 3 times in a row; lower the rate\. There is no checkpoint yet/);
  saveCheckpoint(checkpoints, { step: 5, state: {}, arrays: { params: new Float32Array(1) } }, { keep: 1 });
  expect(() => stop()).toThrow(/The last good checkpoint is .*000005\./);
});
