import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import { loadModel, saveModel } from './checkpoint.ts';
import { hostView, layout } from './parameters.ts';
import { configFromSpec, parameterShapes } from './spec.ts';
import { tinySpec as spec, tinyParameters } from './tiny.fixture.ts';
import { writeWordTokenizer } from './tokenizer.ts';

const root = mkdtempSync(join(tmpdir(), 'checkpoint-'));
const folder = join(root, 'model');
const cache = join(root, 'cache');
const weights = join(folder, 'model.safetensors');
const map = layout(parameterShapes(spec));
const data = tinyParameters();
const tensors = Object.fromEntries(
  map.entries.map(({ name, shape }) => [name, { shape, data: hostView(map, data, name) }]),
);
const special = { pad: '<pad>', eos: '<eos>', unknown: '<unk>' };

beforeEach(() => {
  rmSync(folder, { recursive: true, force: true });
  rmSync(cache, { recursive: true, force: true });
  saveModel(folder, spec, tensors);
  writeWordTokenizer(folder, ['a', 'b'], special);
});
afterAll(() => rmSync(root, { recursive: true }));

function rewrite(dtype: 'BF16' | 'F16' | 'F32', names = Object.keys(tensors), file = weights): void {
  const chosen = names.map((name): [string, TensorToWrite] => [name, { dtype, ...tensors[name]! }]);
  writeSafetensors(file, Object.fromEntries(chosen));
}

describe('saveModel and loadModel', () => {
  it('give back the model, and use float32 weights where they lie', async () => {
    const model = await loadModel(folder, { cache });
    expect(model.spec).toEqual(spec);
    expect(model.weightsFile).toBe(weights);
    expect(model.stopIds).toEqual([1]);
    for (const name of Object.keys(tensors)) expect(openSafetensors(weights).read(name)).toEqual(tensors[name]!.data);
    expect(() => saveModel(folder, spec, {})).toThrow(/"model\.embed_tokens\.weight" \[17,12\] is missing/);
  });

  it('converts half precision once, under a name made from the content', async () => {
    rewrite('BF16');
    const { weightsFile } = await loadModel(folder, { cache });
    expect(weightsFile.startsWith(cache)).toBe(true);
    const name = map.entries[1]!.name;
    expect(openSafetensors(weightsFile).read(name)).toEqual(openSafetensors(weights).read(name));
    expect((await loadModel(folder, { cache })).weightsFile).toBe(weightsFile);
    rewrite('F16');
    expect((await loadModel(folder, { cache })).weightsFile).not.toBe(weightsFile);
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it('joins shards', async () => {
    const names = Object.keys(tensors);
    const parts = [names.slice(0, 4), names.slice(4)];
    parts.forEach((part, i) => {
      rewrite('F32', part, join(folder, `part-${i}.safetensors`));
    });
    rmSync(weights);
    const entries = parts.flatMap((part, i) => part.map(name => [name, `part-${i}.safetensors`]));
    const index = join(folder, 'model.safetensors.index.json');
    writeFileSync(index, JSON.stringify({ weight_map: Object.fromEntries(entries) }));
    const joined = openSafetensors((await loadModel(folder, { cache })).weightsFile);
    for (const name of names) expect(joined.read(name)).toEqual(tensors[name]!.data);
    writeFileSync(index, JSON.stringify({ weight_map: { x: '../elsewhere.safetensors' } }));
    await expect(loadModel(folder, { cache })).rejects.toThrow(/no map from tensors to files/);
    for (const name of ['..', '', '.', '/etc/hostname', 'a\\b.safetensors', 'a\0.safetensors', 5]) {
      writeFileSync(index, JSON.stringify({ weight_map: { x: name } }));
      await expect(loadModel(folder, { cache })).rejects.toThrow(/no map from tensors to files/);
    }
    writeFileSync(index, 'null');
    await expect(loadModel(folder, { cache })).rejects.toThrow(/expected a JSON object/);
  });
});

/** Weights of a smaller vocabulary than config.json's. */
function otherShape(): void {
  const embedding = map.entries[0]!.name;
  saveModel(
    folder,
    { ...spec, vocabSize: 9 },
    { ...tensors, [embedding]: { shape: [9, 12], data: data.slice(0, 108) } },
  );
  writeFileSync(join(folder, 'config.json'), JSON.stringify(configFromSpec(spec)));
}

const generation = (text: string) => writeFileSync(join(folder, 'generation_config.json'), text);

/** A device in the place of a file. */
function endless(name: string): void {
  rmSync(join(folder, name));
  symlinkSync('/dev/zero', join(folder, name));
}

describe('loadModel says what is wrong', () => {
  it.each<[string, () => void, RegExp]>([
    ['no config', () => rmSync(join(folder, 'config.json')), /Could not read .*config\.json/],
    ['no weights', () => rmSync(weights), /neither model\.safetensors nor/],
    [
      'a missing tensor',
      () => rewrite('F32', Object.keys(tensors).slice(1)),
      /"model\.embed_tokens\.weight" is missing/,
    ],
    ['a tensor of another shape', otherShape, /has the shape \[9,12\], config\.json asks for \[17,12\]/],
    [
      'a tokenizer larger than the model',
      () =>
        writeWordTokenizer(
          folder,
          Array.from({ length: 20 }, (_, i) => `w${i}`),
          special,
        ),
      /tokenizer has 23 tokens, the model of config\.json 17/,
    ],
    [
      'end tokens that are no ids',
      () => generation('{"eos_token_id":["</s>"]}'),
      /token ids at "eos_token_id".*"<\/s>"/,
    ],
    ['generation settings that are none', () => generation('null'), /generation_config\.json: expected a JSON object/],
    ['a config without end', () => endless('config.json'), /Could not read .*config\.json: it is no file/],
    ['truncated weights', () => writeFileSync(weights, 'short'), /not a usable safetensors file/],
  ])('%s', async (_, spoil, message) => {
    spoil();
    await expect(loadModel(folder, { cache })).rejects.toThrow(message);
  });
});
