import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { z } from 'zod';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { checkpointFolder, newestCheckpoint, saveCheckpoint } from './checkpoint.ts';
import { RecodiError } from './errors.ts';

const schema = z.strictObject({
  done: z.int().min(0),
  best: z.number().nullable(),
  phase: z.enum(['warm_start', 'ppo']),
});
const folder = mkdtempSync(join(tmpdir(), 'recodi-checkpoints-'));
afterAll(() => rmSync(folder, { recursive: true }));

for (const step of [1, 2]) {
  const arrays = { params: Float32Array.of(step, 0.5), m: Float32Array.of(step) };
  saveCheckpoint(
    folder,
    { step, state: { done: step, best: null, phase: 'ppo' as const }, arrays },
    { keep: 2, best: step === 1 },
  );
}

it('of damaged checkpoints the newest whole one is read, or all are refused', async () => {
  await survivesDamage({
    files: filesOf(folder),
    read(from) {
      const found = newestCheckpoint(from, schema, () => {});
      for (const pointer of ['last', 'best'] as const) {
        try {
          checkpointFolder(from, pointer);
        } catch (error) {
          if (!(error instanceof RecodiError)) throw error;
        }
      }
      return found && { ...found, params: found.array('params'), m: found.array('m') };
    },
    check(found) {
      expect(found && schema.safeParse(found.state).success).toBe(true);
      expect([1, 2]).toContain(found?.m[0]);
      expect(found?.params[0]).toBe(found?.m[0]);
    },
  });
});
