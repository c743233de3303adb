/**
 * A latent-reasoning model on disk: an ordinary Hugging Face folder (config.json, model.safetensors, tokenizer.json) whose
 * weights also hold what latent steps take in (`prj.*`, or `pause.weight`), and `lrm.json`, which names what config.json has no
 * place for.
 *
 * Everything read here is data from elsewhere: sizes and names are checked before anything is used.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { loadModel, saveModel } from '../lm/checkpoint.ts';
import type { ModelSpec } from '../lm/spec.ts';
import type { Tokenizer } from '../lm/tokenizer.ts';
import { RecodiError } from '../run/errors.ts';
import { readJson, writeJson } from '../run/files.ts';
import { openSafetensors } from '../tensor/safetensors.ts';
import { LATENT_INPUTS, type LrmSpec, lrmLayout } from './codi.ts';

const lrmSchema = z.strictObject({
  format: z.literal(1),
  family: z.literal('codi'),
  latents: z.int().min(1).max(64),
  latent_inputs: z.enum(LATENT_INPUTS).default('recurrent'),
  projection_size: z
    .int()
    .min(1)
    .max(2 ** 20),
  bot_token: z.string(),
  eot_token: z.string(),
  eos_token: z.string(),
  pad_token: z.string(),
  answer_prefix: z.string(),
});

export type LrmFile = z.infer<typeof lrmSchema>;

export interface Lrm {
  readonly folder: string;
  readonly spec: LrmSpec;
  readonly weightsFile: string;
  readonly tokenizer: Tokenizer;
}

/** Ids and sizes of a model whose tokenizer and `lrm.json` are given. */
export function lrmSpec(model: ModelSpec, tokenizer: Tokenizer, file: LrmFile): LrmSpec {
  return {
    family: file.family,
    model,
    latents: file.latents,
    latentInputs: file.latent_inputs,
    projectionSize: file.projection_size,
    botId: tokenizer.id(file.bot_token),
    eotId: tokenizer.id(file.eot_token),
    eosId: tokenizer.id(file.eos_token),
    padId: tokenizer.id(file.pad_token),
    answerPrefix: tokenizer.encode(file.answer_prefix),
  };
}

/** `cache` is for weights in half precision (loadModel). @throws RecodiError('input') that names the file and what is wrong with it. */
export async function loadLrm(folder: string, options: { cache?: string } = {}): Promise<Lrm> {
  const path = join(folder, 'lrm.json');
  if (!existsSync(path))
    throw new RecodiError(
      'input',
      `${path}: no such file; a latent-reasoning model's folder holds lrm.json beside config.json. Make one with \`recodi lrm train\`.`,
    );
  const file = readJson(path, lrmSchema);
  const { spec: model, weightsFile, tokenizer } = await loadModel(folder, options);
  if (tokenizer.vocabSize > model.vocabSize)
    throw new RecodiError(
      'input',
      `${folder}: the tokenizer has ${tokenizer.vocabSize} tokens and config.json vocab_size ${model.vocabSize}; use the tokenizer that the model was trained with.`,
    );
  const spec = lrmSpec(model, tokenizer, file);
  const { tensors } = openSafetensors(weightsFile);
  for (const { name, shape } of lrmLayout(spec).entries) {
    const found = tensors.get(name);
    if (!found)
      throw new RecodiError(
        'input',
        `${weightsFile}: tensor ${name} [${shape}] is missing; the file is not a checkpoint of this model.`,
      );
    if (found.shape.join() !== shape.join())
      throw new RecodiError(
        'input',
        `${weightsFile}: tensor ${name} has shape [${found.shape}], config.json and lrm.json ask for [${shape}].`,
      );
  }
  return { folder, spec, weightsFile, tokenizer };
}

/** Writes config.json, model.safetensors and lrm.json; the tokenizer's files are expected to be there. */
export function saveLrm(folder: string, spec: LrmSpec, file: LrmFile, parameters: Float32Array): void {
  const tensors: Record<string, { shape: readonly number[]; data: Float32Array }> = {};
  for (const { name, shape, offset } of lrmLayout(spec).entries) {
    const size = shape.reduce((a, b) => a * b, 1);
    tensors[name] = { shape, data: parameters.slice(offset, offset + size) };
  }
  saveModel(folder, spec.model, tensors);
  writeJson(join(folder, 'lrm.json'), file);
}
