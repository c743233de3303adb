/**
 * The smallest training there is: a random llama of one block whose words are the ten digits, and the environment that
 * asks it to write the digit it is shown. Tests train it, and docs/tutorial-environment.md walks through it.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { digitVector } from '../../envs/digit.ts';
import { initialPolicy, type PolicySpec } from '../../policies/languageModel.ts';
import { saveModel } from '../lm/checkpoint.ts';
import { createLearner } from '../lm/learner.ts';
import { hostView, initialise, layout } from '../lm/parameters.ts';
import { type ModelSpec, parameterShapes } from '../lm/spec.ts';
import { writeWordTokenizer } from '../lm/tokenizer.ts';
import { integer, stream } from '../run/random.ts';
import type { Pool } from '../tensor/pool.ts';
import { createShared } from '../tensor/shared.ts';
import { trainConfigSchema } from './config.ts';
import { type Ppo, type PpoProblems, type PpoSettings, type PpoState, type PpoUpdate, ppoUpdate } from './ppo.ts';

/** Ids follow this order: specials, then words. */
const SPECIAL = { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others: ['<inv>', '<sep>'] };
const [PAD, EOS, UNKNOWN, INJECT, SEPARATOR] = [0, 1, 2, 3, 4];
const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

const model: ModelSpec = {
  family: 'llama',
  vocabSize: 5 + DIGITS.length,
  hiddenSize: 16,
  intermediateSize: 32,
  layers: 1,
  heads: 2,
  kvHeads: 2,
  headDim: 8,
  ropeTheta: 10_000,
  normEps: 1e-5,
  tieEmbeddings: false,
  maxPositions: 16,
};

/** Writes tokenizer and weights into a new temporary folder. */
function randomModel(seed: number): string {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-digit-'));
  writeWordTokenizer(folder, DIGITS, SPECIAL);
  const map = layout(parameterShapes(model));
  const weights = initialise(map, { std: 0.2, stream: stream(seed, 'digit.model') });
  const tensors = map.entries.map(({ name, shape }) => [name, { shape, data: hostView(map, weights, name) }]);
  saveModel(folder, model, Object.fromEntries(tensors));
  return folder;
}

/** A trainer that can be given to `ppoUpdate`, update after update, and its state. */
export function digitTraining(pool: Pool, changes: Partial<PpoSettings> = {}, seed = 1): { ppo: Ppo; state: PpoState } {
  const folder = randomModel(seed);
  const policy: PolicySpec = {
    model,
    baseFile: join(folder, 'model.safetensors'),
    targetSize: 16,
    injectId: INJECT!,
    separatorId: SEPARATOR!,
    eosId: EOS!,
    padId: PAD!,
    banned: [PAD!, UNKNOWN!, INJECT!, SEPARATOR!],
  };
  const { ppo: defaults } = trainConfigSchema.parse({ name: 'digit', lrm: folder });
  const settings: PpoSettings = {
    ...defaults,
    problems_per_update: 32,
    epochs: 4,
    minibatch_size: 64,
    micro_batch_size: 32,
    kl: { coef: 0 },
    ...changes,
  };
  const params = initialPolicy(policy, stream(seed, 'policy.init'));

  function problems(update: number): PpoProblems {
    const rng = stream(seed, 'digit.problems', update);
    const targets = Array.from({ length: settings.problems_per_update }, () => ({ digit: integer(rng, 10) }));
    return { targets, z: Float32Array.from(targets.flatMap(target => [...digitVector(target, policy.targetSize)])) };
  }

  const ppo: Ppo = {
    pool,
    learner: createLearner({ pool, id: 'policy', params, optimizer: { maxGradNorm: settings.max_grad_norm } }),
    reference: createShared('reference', params),
    policy,
    tokenizer: folder,
    environment: { kind: 'digit' },
    settings,
    maxNewTokens: 3,
    seed,
    problems,
  };
  return { ppo, state: { update: 0, klCoefficient: settings.kl.coef, skipped: 0, skippedInRow: 0 } };
}

/** Updates of a training of `whole` updates, from where `state` stands to `until`; the learning rate falls in a line. */
export async function trainDigits(
  { ppo, state }: ReturnType<typeof digitTraining>,
  whole: number,
  until = whole,
): Promise<PpoUpdate[]> {
  const updates: PpoUpdate[] = [];
  while (state.update < until) updates.push(await ppoUpdate(ppo, state, 4e-3 * (1 - state.update / whole)));
  return updates;
}
