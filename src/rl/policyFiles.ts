/**
 * A policy on disk: `policy.json` (what it is) and `policy.safetensors` (its trained parameters by name, and the text
 * statistics by which its input is standardised). Adapters keep PEFT's names.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { namedParameters, type PolicySpec, policyLayout } from '../../policies/languageModel.ts';
import type { Lrm } from '../lrm/folder.ts';
import type { TextStatistics } from '../lrm/views.ts';
import { RecodiError, show } from '../run/errors.ts';
import { makeFolder, readJson, writeJson } from '../run/files.ts';
import type { RunPaths } from '../run/paths.ts';
import { openSafetensors, writeSafetensors } from '../tensor/safetensors.ts';
import type { TrainConfig } from './config.ts';

const policySchema = z
  .strictObject({
    format: z.literal(1),
    trainable: z.enum(['full', 'lora']),
    lora: z.strictObject({ r: z.int(), alpha: z.number(), targets: z.array(z.string()) }).optional(),
    target_size: z.int(),
    sees_question: z.boolean().default(false),
  })
  .refine(({ trainable, lora }) => (trainable === 'lora') === (lora !== undefined), {
    error: 'expected lora where trainable is lora, and only there',
    path: ['lora'],
  });

/** The policy that a config asks for, on a latent-reasoning model. */
export function policySpec(lrm: Lrm, config: TrainConfig['policy']): PolicySpec {
  const { spec, tokenizer } = lrm;
  const { r, alpha, target_modules: targets } = config.lora;
  const [injectId, separatorId] = [tokenizer.id('<inv>'), tokenizer.id('<sep>')];
  return {
    model: spec.model,
    baseFile: lrm.weightsFile,
    ...(config.trainable === 'lora' && { lora: { r, alpha, targets } }),
    targetSize: spec.model.hiddenSize,
    seesQuestion: config.sees_question,
    int8Rollouts: config.int8_rollouts,
    injectId,
    separatorId,
    eosId: spec.eosId,
    padId: spec.padId,
    banned: [...new Set([spec.padId, spec.botId, spec.eotId, injectId, separatorId])],
  };
}

/** Folders of the trained policy and of the warm start that it is held against. */
export const policyFolder = (paths: RunPaths, which: 'policy' | 'warm_start') => join(paths.folder, which);

export function savePolicy(folder: string, spec: PolicySpec, params: Float32Array, text: TextStatistics): void {
  makeFolder(folder);
  const d = [spec.targetSize];
  writeSafetensors(join(folder, 'policy.safetensors'), {
    ...namedParameters(spec, params),
    'text.mean': { dtype: 'F32', shape: d, data: text.mean },
    'text.deviation': { dtype: 'F32', shape: d, data: text.deviation },
  });
  writeJson(join(folder, 'policy.json'), {
    format: 1,
    trainable: spec.lora ? 'lora' : 'full',
    ...(spec.lora && { lora: spec.lora }),
    target_size: spec.targetSize,
    sees_question: spec.seesQuestion ?? false,
  });
}

/** What two policies must share beside the shapes of their tensors. */
function kindOf(lora: PolicySpec['lora'], targetSize: number, seesQuestion = false): string {
  const weights = lora
    ? `adapters of rank ${lora.r}, alpha ${lora.alpha} on ${lora.targets.join(', ')}`
    : 'all weights';
  return `${weights} for vectors of ${targetSize}${seesQuestion ? ' and their questions' : ''}`;
}

/** @throws RecodiError('input') where the files are another policy's than `spec` says. */
export function loadPolicy(folder: string, spec: PolicySpec): { params: Float32Array; text: TextStatistics } {
  const file = readJson(join(folder, 'policy.json'), policySchema);
  const found = kindOf(file.lora, file.target_size, file.sees_question);
  const asked = kindOf(spec.lora, spec.targetSize, spec.seesQuestion);
  if (found !== asked)
    throw new RecodiError(
      'input',
      `${folder}: a policy with ${found.slice(0, 300)}; the config asks for ${asked}. Name another folder in policy.init, or leave it out.`,
    );
  const path = join(folder, 'policy.safetensors');
  const tensors = openSafetensors(path);
  const map = policyLayout(spec);
  const read = (name: string, shape: readonly number[]) => {
    const found = tensors.tensors.get(name);
    if (found?.shape.join() === shape.join()) return tensors.read(name);
    throw new RecodiError(
      'input',
      `${path}: ${name} ${found ? `has shape ${show(found.shape)}` : 'is missing'}, the policy needs [${shape}]; the folder is of another model.`,
    );
  };
  const params = new Float32Array(map.size);
  for (const { name, shape, offset } of map.entries) params.set(read(name, shape), offset);
  const d = [spec.targetSize];
  return { params, text: { mean: read('text.mean', d), deviation: read('text.deviation', d) } };
}
