/**
 * How the policy does on validation problems, greedily and without gold: mean score, swap gap and FVE over all views. The best
 * checkpoint is chosen by `validation/score`.
 */
import type { TextStatistics } from '../lrm/views.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import type { TrainConfig } from './config.ts';
import type { Ppo } from './ppo.ts';
import type { Prepared } from './prepare.ts';
import { problemSource } from './problems.ts';

/** Texts per validation; views and problems are drawn once, the same every time. */
const TEXTS = 384;

export async function validate(
  ppo: Ppo,
  { client, sets, views }: Prepared,
  config: TrainConfig,
  text: TextStatistics,
): Promise<Record<string, number>> {
  const set = sets.get('validation')!;
  const chunk = config.ppo.rollout_chunk;
  const count = Math.ceil(TEXTS / chunk) * chunk;
  const { targets, z, questions } = problemSource({ client, set, views: views.views, text, seed: config.seed, count })(
    0,
  );
  const d = ppo.policy.targetSize;
  const parts = await Promise.all(
    Array.from({ length: count / chunk }, (_, i) => {
      const request = {
        policy: ppo.policy,
        tokenizer: ppo.tokenizer,
        params: ppo.learner.params,
        reference: ppo.reference,
        environment: ppo.environment,
        targets: targets.slice(i * chunk, (i + 1) * chunk),
        z: z.slice(i * chunk * d, (i + 1) * chunk * d),
        questions: questions.slice(i * chunk, (i + 1) * chunk),
        samples: 1,
        temperature: 1,
        maxNewTokens: ppo.maxNewTokens,
      };
      return ppo.pool.run(rolloutTask, request, ppo.signal ? { signal: ppo.signal } : {});
    }),
  );
  const scores = parts.flatMap(part => part.scores);
  const mean = (pick: (score: (typeof scores)[number]) => number) =>
    scores.reduce((sum, score) => sum + pick(score), 0) / scores.length;
  return {
    'validation/score': mean(score => score.reward),
    'validation/gap': mean(score => score.terms.gap!),
    'validation/fve': mean(score => score.terms.fve!),
  };
}
