import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { initialPolicy, namedParameters } from '../../policies/languageModel.ts';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import type { Lrm } from '../lrm/folder.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { writeSafetensors } from '../tensor/safetensors.ts';
import { trainConfigSchema } from './config.ts';
import { loadPolicy, policySpec, savePolicy } from './policyFiles.ts';

let lrm: Lrm;
beforeAll(async () => {
  lrm = await tinyLrm();
});

function specOf(policy: object) {
  return policySpec(lrm, trainConfigSchema.parse({ name: 'test', lrm: lrm.folder, policy }).policy);
}

const text = { mean: Float32Array.from({ length: 12 }, Math.sin), deviation: new Float32Array(12).fill(0.5) };

it('a policy comes back from disk as it was, all weights or adapters', () => {
  for (const trainable of ['full', 'lora']) {
    const spec = specOf({ trainable });
    const folder = join(mkdtempSync(join(tmpdir(), 'recodi-policy-')), 'policy');
    const params = initialPolicy(spec, uniformsFrom(1));
    savePolicy(folder, spec, params, text);
    expect(loadPolicy(folder, spec)).toEqual({ params, text });
  }
});

it('a policy of another kind is refused, with both kinds named', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'recodi-policy-')), 'policy');
  const spec = specOf({ trainable: 'lora', lora: { r: 2, alpha: 4, target_modules: ['q_proj'] } });
  savePolicy(folder, spec, initialPolicy(spec, uniformsFrom(1)), text);
  expect(() => loadPolicy(folder, specOf({}))).toThrow(/rank 2, alpha 4 on q_proj.*asks for all weights/);
  const louder = specOf({ trainable: 'lora', lora: { r: 2, alpha: 8, target_modules: ['q_proj'] } });
  expect(() => loadPolicy(folder, louder)).toThrow(/alpha 4.*asks for.*alpha 8/);
});

it('a policy whose text statistics are of another width, or whose kind contradicts itself, is refused', () => {
  const folder = join(mkdtempSync(join(tmpdir(), 'recodi-policy-')), 'policy');
  const spec = specOf({ trainable: 'lora', lora: { r: 2, alpha: 4, target_modules: ['q_proj'] } });
  const params = initialPolicy(spec, uniformsFrom(1));
  savePolicy(folder, spec, params, text);
  const narrow = { dtype: 'F32' as const, shape: [11], data: new Float32Array(11) };
  const tensors = { ...namedParameters(spec, params), 'text.mean': narrow, 'text.deviation': narrow };
  writeSafetensors(join(folder, 'policy.safetensors'), tensors);
  expect(() => loadPolicy(folder, spec)).toThrow(/text\.mean has shape \[11\], the policy needs \[12\]/);
  const path = join(folder, 'policy.json');
  const json = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, JSON.stringify({ ...json, trainable: 'full' }));
  expect(() => loadPolicy(folder, spec)).toThrow(/lora: expected lora where trainable is lora/);
});

it('the markers of prompt and latents are never written', () => {
  const { banned, injectId, separatorId, eosId } = specOf({});
  for (const token of ['<pad>', '<bot>', '<eot>', '<inv>', '<sep>']) expect(banned).toContain(lrm.tokenizer.id(token));
  expect([injectId, separatorId].map(id => lrm.tokenizer.token(id))).toEqual(['<inv>', '<sep>']);
  expect(banned).not.toContain(eosId);
});
