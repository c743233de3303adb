import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import type { Lrm } from './folder.ts';
import { perIntervention } from './interventions.ts';
import { LENS_TOP } from './runtime.ts';
import { loadTargets, saveTargets } from './targetFiles.ts';
import type { TargetSet } from './targets.ts';
import { tinyLrm, world } from './tiny.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-targets-'));
const filesIn = (from: string) => ({ tensors: join(from, 'targets.safetensors'), lines: join(from, 'targets.jsonl') });
let lrm: Lrm;

beforeAll(async () => {
  lrm = await tinyLrm();
  const states = lrm.spec.latents + 1;
  const set = (split: 'train' | 'test', p: number): TargetSet => ({
    split,
    problems: world.problems({ split, count: p, seed: 1 }),
    states: Float32Array.from({ length: p * states * lrm.spec.model.hiddenSize }, Math.sin),
    answers: new Int32Array(p).fill(7),
    lens: Int32Array.from({ length: p * states * LENS_TOP }, (_, i) => i % 9),
    ...(split === 'test' && { causal: perIntervention(() => new Float32Array(p * states)) }),
  });
  saveTargets(filesIn(folder), { lrm }, [set('train', 3), set('test', 2)]);
});
afterAll(() => {
  for (const made of [folder, lrm.folder]) rmSync(made, { recursive: true });
});

it('damaged targets are read or refused, and those that are read fit the model', async () => {
  await survivesDamage({
    files: filesOf(folder),
    read: from => loadTargets(filesIn(from), { lrm }),
    check(sets) {
      const { latents, model } = lrm.spec;
      for (const { problems, states, answers, lens, causal } of sets.values()) {
        const rows = problems.length * (latents + 1);
        expect([states.length, lens.length]).toEqual([rows * model.hiddenSize, rows * LENS_TOP]);
        perIntervention((site, kind) => expect(causal?.[site][kind].length ?? rows).toBe(rows));
        for (const id of [...answers, ...lens]) expect(lrm.tokenizer.token(id)).toBeTypeOf('string');
        for (const { question, steps } of problems) {
          lrm.tokenizer.encode(question);
          for (const step of steps) expect(step.text).toBeTypeOf('string');
        }
      }
    },
  });
});
