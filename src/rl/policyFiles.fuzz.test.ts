import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { initialPolicy } from '../../policies/languageModel.ts';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import type { Lrm } from '../lrm/folder.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { trainConfigSchema } from './config.ts';
import { loadPolicy, policySpec, savePolicy } from './policyFiles.ts';

const root = mkdtempSync(join(tmpdir(), 'recodi-policy-'));
let lrm: Lrm;
beforeAll(async () => {
  lrm = await tinyLrm();
});
afterAll(() => {
  for (const folder of [root, lrm.folder]) rmSync(folder, { recursive: true });
});

describe('damaged policies are read or refused', () => {
  it.each(['full', 'lora'])('%s', async trainable => {
    const policy = { trainable, lora: { r: 2, alpha: 4, target_modules: ['q_proj'] } };
    const spec = policySpec(lrm, trainConfigSchema.parse({ name: 'test', lrm: lrm.folder, policy }).policy);
    const folder = join(root, trainable);
    const params = initialPolicy(spec, uniformsFrom(1));
    const d = spec.targetSize;
    savePolicy(folder, spec, params, { mean: new Float32Array(d), deviation: new Float32Array(d).fill(1) });
    await survivesDamage({
      files: filesOf(folder),
      read: from => loadPolicy(from, spec),
      check({ params: read, text }) {
        expect(read.length).toBe(params.length);
        expect([text.mean.length, text.deviation.length]).toEqual([d, d]);
      },
    });
  });
});
