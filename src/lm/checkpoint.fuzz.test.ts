import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Files, filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { openSafetensors, writeSafetensors } from '../tensor/safetensors.ts';
import { type LoadedModel, loadModel, saveModel } from './checkpoint.ts';
import { inverseFrequencies } from './families/llama.ts';
import { hostView, layout } from './parameters.ts';
import { type ModelSpec, parameterShapes } from './spec.ts';
import { tinyParameters, tinySpec } from './tiny.fixture.ts';
import { writeWordTokenizer } from './tokenizer.ts';

const root = mkdtempSync(join(tmpdir(), 'recodi-model-'));
const cache = join(root, 'cache');
// What a module touches while it is loaded is not the reader's doing.
beforeAll(async () => {
  await import('@huggingface/transformers');
});
afterAll(() => rmSync(root, { recursive: true }));

const llama3 = { type: 'llama3', factor: 8, lowFreqFactor: 1, highFreqFactor: 4, originalMaxPositions: 32 } as const;
const spec: ModelSpec = { ...tinySpec, layers: 1, ropeScaling: llama3 };
const parameters = tinyParameters(spec);
const map = layout(parameterShapes(spec));
const tensors = Object.fromEntries(
  map.entries.map(({ name, shape }) => [name, { shape, data: hostView(map, parameters, name) }]),
);

/** A model's files, the weights in one file or in two with an index. */
function modelFiles(name: string, sharded: boolean): Files {
  const folder = join(root, name);
  mkdirSync(folder);
  saveModel(folder, spec, tensors);
  writeWordTokenizer(folder, ['a', 'b'], { pad: '<pad>', eos: '<eos>', unknown: '<unk>' });
  writeFileSync(join(folder, 'generation_config.json'), '{"eos_token_id":[1,2],"pad_token_id":0}');
  if (!sharded) return filesOf(folder);
  const entries = Object.entries(tensors);
  [entries.slice(0, 3), entries.slice(3)].forEach((part, i) => {
    const half = part.map(([key, tensor]) => [key, { dtype: i === 0 ? 'BF16' : 'F32', ...tensor }]);
    writeSafetensors(join(folder, `part-${i}.safetensors`), Object.fromEntries(half));
  });
  rmSync(join(folder, 'model.safetensors'));
  const weightMap = Object.fromEntries(entries.map(([key], i) => [key, `part-${i < 3 ? 0 : 1}.safetensors`]));
  writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify({ weight_map: weightMap }));
  return filesOf(folder);
}

/** What generation and the latent roll-out may take for granted. */
function check({ spec: read, weightsFile, stopIds, tokenizer }: LoadedModel): void {
  const file = openSafetensors(weightsFile);
  for (const [name, shape] of parameterShapes(read)) {
    expect(file.tensors.get(name)?.dtype).toBe('F32');
    expect(file.tensors.get(name)?.shape).toEqual(shape);
  }
  expect(inverseFrequencies(read).every(Number.isFinite)).toBe(true);
  expect(stopIds.every(id => Number.isSafeInteger(id) && id >= 0)).toBe(true);
  expect(tokenizer.vocabSize).toBeLessThanOrEqual(read.vocabSize);
}

describe('damaged models are read or refused', () => {
  it.each([
    ['whose weights are one file', false],
    ['whose weights are in parts', true],
  ])('%s', async (name, sharded) => {
    await survivesDamage({
      files: modelFiles(name, sharded),
      read: folder => loadModel(folder, { cache }),
      check,
      mayTouch: [cache],
    });
  });
});
