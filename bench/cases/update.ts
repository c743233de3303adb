/** One whole PPO update: rollouts, reading, log-probabilities, advantages, epochs of minibatches. */
import { createLearner } from '../../src/lm/learner.ts';
import { trainConfigSchema } from '../../src/rl/config.ts';
import { type Ppo, type PpoUpdate, ppoUpdate } from '../../src/rl/ppo.ts';
import type { Device } from '../../src/tensor/devices.ts';
import { createPool } from '../../src/tensor/pool.ts';
import { createShared } from '../../src/tensor/shared.ts';
import { forwardFlops, groupsMet, readingAfter, sequence, sum, WITH_GRADIENT, writing } from '../flops.ts';
import { type Model, makeModel, normals, peer, randomQuestions, VIEW } from '../model.ts';
import { PROMPT, type Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';
import { sessionMs } from './workers.ts';

/** Measured where there is a `trl` to import. */
export const TRL = "TRL's GRPOTrainer";

export function updateVariants(size: Size): Variant[] {
  const { problems, samples, tokens, question, epochs, minibatch } = size;
  return [1, 2].map(threads => ({
    label: `whole PPO update, ${problems} x ${samples} texts`,
    threads,
    makes: { texts: problems * samples },
    burst: 2,
    peer: peer('update', size, { problems, samples, tokens, question, epochs, minibatch, threads }),
    others: { [TRL]: peer('trl_grpo', size, { problems, samples, tokens, epochs, minibatch, threads }) },
    create: device => create(size, threads, device),
  }));
}

/** Steps are taken and lead nowhere, here as with the peers: a policy that learned would write texts of other lengths, round by round. */
const LR = 0;
/** Sets of problems that take turns. */
const POOLS = 8;

async function create(size: Size, workers: number, device: Device): Promise<Subject> {
  const model = await makeModel(size);
  const pool = createPool({ workers, device });
  const ppo = trainer(size, model, pool);
  const state = { update: 0, klCoefficient: ppo.settings.kl.coef, skipped: 0, skippedInRow: 0 };
  return {
    async once() {
      const update = await ppoUpdate(ppo, state, LR);
      const rollout = 1000 * update.metrics['time/rollout']!;
      const parts = { rollout, gradients: 1000 * update.metrics['time/update']! - rollout };
      return { flops: updateFlops(size, model, update), parts };
    },
    sessionMs: () => sessionMs(pool),
    async close() {
      await pool.close();
      model.remove();
    },
  };
}

function trainer(size: Size, model: Model, pool: Ppo['pool']): Ppo {
  const { problems: count, hidden: d } = size;
  const { settings, maxNewTokens } = settingsOf(size, model.folder);
  const optimizer = { beta2: settings.beta2, weightDecay: settings.weight_decay, maxGradNorm: settings.max_grad_norm };
  const pools = Array.from({ length: POOLS }, (_, i) => {
    const z = normals(`update.z.${i}`, count * d);
    const row = (p: number) => z.slice(p * d, (p + 1) * d);
    const targets = randomQuestions(`update.${i}`, size).map((question, p) => {
      return { question, view: VIEW, vector: row(p), swapped: row((p + 1) % count) };
    });
    return { targets, z };
  });
  return {
    pool,
    learner: createLearner({ pool, id: 'bench', params: model.policyParams, optimizer }),
    reference: createShared('bench.reference', model.policyParams),
    policy: model.policy,
    tokenizer: model.folder,
    environment: {
      kind: 'latent_inversion',
      lrm: model.folder,
      views: model.folder,
      context: 'question',
      similarity: 'whitened_cosine',
      missingEndPenalty: 0.2,
      lengthPenalty: 0,
      width: maxNewTokens,
    },
    settings,
    maxNewTokens,
    seed: 0,
    problems: update => pools[update % POOLS]!,
  };
}

/** The main job's own settings, at this size. */
function settingsOf(size: Size, folder: string): Pick<Ppo, 'settings' | 'maxNewTokens'> {
  const { ppo, policy } = trainConfigSchema.parse({
    name: 'bench',
    lrm: folder,
    policy: { max_new_tokens: size.tokens },
    ppo: {
      problems_per_update: size.problems,
      samples_per_problem: size.samples,
      epochs: size.epochs,
      minibatch_size: size.minibatch,
      micro_batch_size: size.micro,
      rollout_chunk: size.micro,
    },
  });
  return { settings: ppo, maxNewTokens: policy.max_new_tokens };
}

/**
 * The policy writes (its log-probabilities and values come with that), the reference and the reader read once, and every epoch
 * reads and differentiates; in each pass a problem's prompt counts once.
 */
function updateFlops(size: Size, { lrm, policy }: Model, { problems, rollouts }: PpoUpdate): number {
  const lengths = [...rollouts.lengths];
  const texts = lengths.map((length, i) => length - rollouts.ended[i]!);
  const questions = (problems.targets as readonly { question: readonly number[] }[]).map(t => t.question.length);
  const written = forwardFlops(policy.model, writing(lengths, PROMPT, size.samples));
  const read = forwardFlops(lrm.spec.model, readingAfter(questions, texts));
  const prompts = groupsMet(size.problems, size.samples, size.minibatch) * (lengths.length / size.minibatch);
  const prompt = sequence(PROMPT);
  const epoch = sum([
    ...lengths.map(length => sequence(length - 1, { past: PROMPT, used: length })),
    { tokens: prompts * prompt.tokens, pairs: prompts * prompt.pairs, logits: 0 },
  ]);
  return 2 * written + read + size.epochs * WITH_GRADIENT * forwardFlops(policy.model, epoch);
}
