/**
 * A model's folder as Hugging Face lays it out: config.json, weights in safetensors, tokenizer. Weights are used where
 * they lie when they are one float32 file; half-precision and sharded ones are converted once, into a cache folder,
 * under a name made from their content. What is loaded is checked against the config before anything is computed.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, writeSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeAtomically } from '../tensor/atomic.ts';
import { RecodiError, show } from '../tensor/errors.ts';
import { openSafetensors, type Safetensors, type TensorToWrite, writeSafetensors } from '../tensor/safetensors.ts';
import { readJsonObject } from './json.ts';
import { configFromSpec, type ModelSpec, parameterShapes, specFromConfig } from './spec.ts';
import { loadTokenizer, type Tokenizer } from './tokenizer.ts';

export interface LoadedModel {
  readonly folder: string;
  readonly spec: ModelSpec;
  /** One float32 safetensors file, to be given to `frozenWeights`. */
  readonly weightsFile: string;
  readonly tokenizer: Tokenizer;
  /** Ids that end a text, from generation_config.json and config.json. */
  readonly stopIds: readonly number[];
}

/** @throws RecodiError('input') that names the file and what is wrong with it. */
export async function loadModel(folder: string, options: { cache?: string } = {}): Promise<LoadedModel> {
  const where = join(folder, 'config.json');
  const config = readJsonObject(where);
  const spec = specFromConfig(config, where);
  const tokenizer = await loadTokenizer(folder);
  if (tokenizer.vocabSize > spec.vocabSize) {
    throw new RecodiError(
      'input',
      `${folder}: the tokenizer has ${tokenizer.vocabSize} tokens, the model of config.json ${spec.vocabSize}. ` +
        'Use the tokenizer that the model was trained with.',
    );
  }
  const files = weightFiles(folder).map(openSafetensors);
  const tensors = checkedTensors(folder, spec, files);
  const ready = files.length === 1 && [...tensors.values()].every(({ dtype }) => dtype === 'F32');
  const weightsFile = ready ? files[0]!.path : await converted(files, options.cache ?? cacheFolder());
  return { folder, spec, weightsFile, tokenizer, stopIds: stopIds(folder, config, tokenizer) };
}

/** Writes config.json and model.safetensors (float32), each whole or not at all. */
export function saveModel(
  folder: string,
  spec: ModelSpec,
  tensors: Readonly<Record<string, { readonly shape: readonly number[]; readonly data: Float32Array }>>,
): void {
  for (const [name, shape] of parameterShapes(spec)) {
    const found = tensors[name]?.shape;
    if (found?.join() === shape.join()) continue;
    const state = found ? `has the shape [${found}]` : 'is missing';
    throw new RecodiError('internal', `Saving ${folder}: parameter "${name}" [${shape}] ${state}.`);
  }
  const entries = Object.entries(tensors).map(([name, { shape, data }]): [string, TensorToWrite] => [
    name,
    { dtype: 'F32', shape, data },
  ]);
  writeSafetensors(join(folder, 'model.safetensors'), Object.fromEntries(entries), { format: 'pt' });
  const config = `${JSON.stringify(configFromSpec(spec), null, 2)}\n`;
  writeAtomically(join(folder, 'config.json'), descriptor => writeSync(descriptor, config));
}

function weightFiles(folder: string): string[] {
  const single = join(folder, 'model.safetensors');
  if (existsSync(single)) return [single];
  const index = join(folder, 'model.safetensors.index.json');
  if (existsSync(index)) {
    const names = [...new Set(Object.values(readJsonObject(index).weight_map ?? {}))];
    if (names.length > 0 && names.every(isPart)) return names.sort().map(name => join(folder, name));
    throw new RecodiError('input', `${index} has no map from tensors to files. Fetch the checkpoint again.`);
  }
  throw new RecodiError(
    'input',
    `${folder} has neither model.safetensors nor model.safetensors.index.json. Give a Hugging Face folder whose weights are safetensors.`,
  );
}

/** Whether a name in an index can be a file beside it, and not one elsewhere. */
const isPart = (name: unknown): name is string => typeof name === 'string' && /^[^/\\\0]+\.safetensors$/.test(name);

/** The model's parameters in the files; throws where one is missing or of another shape. */
function checkedTensors(folder: string, spec: ModelSpec, files: readonly Safetensors[]) {
  const all = new Map(files.flatMap(file => [...file.tensors]));
  return new Map(
    parameterShapes(spec).map(([name, shape]) => {
      const entry = all.get(name);
      if (entry?.shape.join() === shape.join()) return [name, entry];
      const state = entry ? `has the shape [${entry.shape}], config.json asks for [${shape}]` : 'is missing';
      throw new RecodiError(
        'input',
        `${folder}: tensor "${name}" ${state}. The weights and config.json are not the same model's.`,
      );
    }),
  );
}

/** One float32 file with everything in `files`, made unless the cache has it. */
async function converted(files: readonly Safetensors[], cache: string): Promise<string> {
  const hash = createHash('sha256').update('float32-v1');
  for (const { path } of files) for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer);
  const target = join(cache, `${hash.digest('hex')}.safetensors`);
  if (existsSync(target)) return target;
  const tensors: Record<string, TensorToWrite> = {};
  for (const file of files) {
    for (const [name, { shape }] of file.tensors) tensors[name] = { dtype: 'F32', shape, data: () => file.read(name) };
  }
  writeSafetensors(target, tensors, { format: 'pt' });
  return target;
}

function cacheFolder(): string {
  return join(homedir(), '.cache', 'recodi', 'weights');
}

function stopIds(folder: string, config: Record<string, unknown>, tokenizer: Tokenizer): number[] {
  const path = join(folder, 'generation_config.json');
  const sources = [existsSync(path) ? readJsonObject(path) : {}, config];
  const ids: unknown[] = sources.flatMap(({ eos_token_id: id }) => id ?? []);
  const wrong = ids.find(id => !(Number.isSafeInteger(id) && (id as number) >= 0));
  if (wrong !== undefined) {
    throw new RecodiError(
      'input',
      `${folder}: expected token ids at "eos_token_id" of config.json and generation_config.json, found ${show(wrong)}. Correct it there.`,
    );
  }
  if (tokenizer.eosId !== undefined) ids.push(tokenizer.eosId);
  return [...new Set(ids as number[])];
}
