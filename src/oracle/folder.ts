/**
 * An oracle on disk, in the folder `oracle` of its run: `oracle.json` (what it is), `oracle.safetensors` (its trained parameters by name,
 * adapters under PEFT's, and the statistics of the vectors by layer), and the tokenizer, with the words that tasks added to it.
 */
import { copyFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadModel } from '../lm/checkpoint.ts';
import { loadTokenizer, type Tokenizer } from '../lm/tokenizer.ts';
import { extendWordTokenizer } from '../lm/words.ts';
import { RecodiError, show } from '../run/errors.ts';
import { makeFolder, onFile, readJson, writeJson } from '../run/files.ts';
import { openSafetensors, type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import type { OracleConfig } from './config.ts';
import { type OracleSpec, oracleLayout } from './model.ts';
import { LAYER } from './prompt.ts';
import type { Statistics } from './rows.ts';
import { taskWords } from './tasks/index.ts';

export interface Oracle {
  readonly spec: OracleSpec;
  readonly tokenizer: Tokenizer;
}

/** In the order in which they are written: where the last is, both are. */
const TOKENIZER_FILES = ['tokenizer_config.json', 'tokenizer.json'];

/**
 * The oracle that a config asks for, on vectors of size `targetSize` of models with `layers` layers; its tokenizer is written into `folder`
 * unless it is there.
 * @throws RecodiError('input') where the model cannot take such vectors.
 */
export async function makeOracle(
  folder: string,
  config: OracleConfig,
  { model, targetSize, layers }: { readonly model: string; readonly targetSize: number; readonly layers: number },
): Promise<Oracle> {
  const base = await loadModel(model);
  makeFolder(folder);
  if (!existsSync(join(folder, TOKENIZER_FILES[1]!))) {
    const numbers = Array.from({ length: layers + 1 }, (_, layer) => String(layer));
    if (!extendWordTokenizer(model, folder, [LAYER, ...numbers, ...taskWords()]))
      for (const name of TOKENIZER_FILES)
        if (existsSync(join(model, name)))
          onFile(join(folder, name), () => copyFileSync(join(model, name), join(folder, name)));
  }
  const tokenizer = await loadTokenizer(folder);
  const { injection, trainable, lora } = config;
  const d = base.spec.hiddenSize;
  if (injection.kind === 'residual' && d !== targetSize)
    throw new RecodiError(
      'input',
      `${model}: its residual stream has ${d} dimensions, and the vectors of ${config.run} have ${targetSize}; set injection.kind to embedding, which maps them, or name another model.`,
    );
  if (injection.kind === 'residual' && injection.block >= base.spec.layers - 1)
    throw new RecodiError(
      'config',
      `injection.block: ${injection.block} is not before the last of the model's ${base.spec.layers} blocks (from 0); choose from 0 … ${base.spec.layers - 2}.`,
    );
  const [stop] = base.stopIds;
  if (stop === undefined)
    throw new RecodiError('input', `${model}: no token ends a text (eos_token_id); name another model.`);
  const { r, alpha, target_modules: targets } = lora;
  const spec: OracleSpec = {
    model: { ...base.spec, vocabSize: Math.max(base.spec.vocabSize, tokenizer.vocabSize) },
    baseFile: base.weightsFile,
    baseVocabSize: base.spec.vocabSize,
    ...(trainable === 'lora' && { lora: { r, alpha, targets } }),
    injection,
    targetSize,
    eosId: stop,
    padId: tokenizer.padId,
  };
  return { spec, tokenizer };
}

const fileSchema = z.strictObject({
  format: z.literal(1),
  target_size: z.int().min(1),
  /** Whose vectors it was trained on, as Hugging Face counts hidden states. */
  layers: z.array(z.int().min(0)).min(1),
  /** Training step that it is of. */
  step: z.int().min(0),
});

const TENSORS = 'oracle.safetensors';
const FILE = 'oracle.json';

export function saveOracle(
  folder: string,
  { spec }: Oracle,
  params: Float32Array,
  statistics: Statistics,
  step: number,
): void {
  const tensors: Record<string, TensorToWrite> = {};
  for (const { name, shape, offset } of oracleLayout(spec).entries) {
    const size = shape.reduce((a, b) => a * b, 1);
    tensors[name] = { dtype: 'F32', shape, data: params.slice(offset, offset + size) };
  }
  for (const [layer, { mean, deviation }] of statistics) {
    tensors[`vectors.${layer}.mean`] = { dtype: 'F32', shape: [spec.targetSize], data: mean };
    tensors[`vectors.${layer}.deviation`] = { dtype: 'F32', shape: [spec.targetSize], data: deviation };
  }
  writeSafetensors(join(folder, TENSORS), tensors);
  writeJson(join(folder, FILE), { format: 1, target_size: spec.targetSize, layers: [...statistics.keys()], step });
}

/** @throws RecodiError('input') where the files are not of this oracle. */
export function loadOracle(
  folder: string,
  { spec }: Oracle,
): { params: Float32Array; statistics: Statistics; step: number } {
  const path = join(folder, FILE);
  if (!existsSync(path))
    throw new RecodiError('input', `${path}: no trained oracle yet; go on with its run by \`recodi resume\`.`);
  const { target_size: size, layers, step } = readJson(path, fileSchema);
  if (size !== spec.targetSize)
    throw new RecodiError(
      'input',
      `${path}: the oracle takes vectors of ${size} dimensions, and those of the run have ${spec.targetSize}; ask it about the run that it was trained on.`,
    );
  const file = openSafetensors(join(folder, TENSORS));
  const read = (name: string, shape: readonly number[]) => {
    const found = file.tensors.get(name);
    if (found?.shape.join() === shape.join()) return file.read(name);
    throw new RecodiError(
      'input',
      `${file.path}: ${name} ${found ? `has shape ${show(found.shape)}` : 'is missing'}, the oracle needs [${shape}]; the file is another oracle's.`,
    );
  };
  const map = oracleLayout(spec);
  const params = new Float32Array(map.size);
  for (const { name, shape, offset } of map.entries) params.set(read(name, shape), offset);
  const statistics = layers.map(layer => {
    const [mean, deviation] = ['mean', 'deviation'].map(part => read(`vectors.${layer}.${part}`, [spec.targetSize]));
    return [layer, { mean: mean!, deviation: deviation! }] as const;
  });
  return { params, statistics: new Map(statistics), step };
}
