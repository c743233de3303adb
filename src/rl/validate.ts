/**
 * How the policy does on validation problems, greedily and without gold: mean score, swap gap and FVE over all views, by whose
 * score the best checkpoint is chosen; and, on a part of the texts, what only the alarms ask: whether a text makes the model give
 * the answer that it gives with its latents, and how much of a text's effect its last token has alone.
 */
import { similarityTo } from '../eval/bench.ts';
import { complete } from '../eval/measure.ts';
import type { TextStatistics } from '../lrm/views.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import type { TrainConfig } from './config.ts';
import type { Ppo } from './ppo.ts';
import type { Prepared } from './prepare.ts';
import { type InversionProblems, problemSource } from './problems.ts';

/** Texts per validation; views and problems are drawn once, the same every time. */
const TEXTS = 384;
/** Of them, those that the model completes and answers after: with all of them a validation would take twice as long. */
const ANSWERED = 96;

export async function validate(
  ppo: Ppo,
  prepared: Prepared,
  config: TrainConfig,
  text: TextStatistics,
): Promise<Record<string, number>> {
  const { client, sets, views } = prepared;
  const set = sets.get('validation')!;
  const chunk = config.ppo.rollout_chunk;
  const count = Math.ceil(TEXTS / chunk) * chunk;
  const source = { client, set, views: views.views, text, seed: config.seed, count };
  const problems = problemSource(source)(0);
  const { targets, z, questions } = problems;
  const d = ppo.policy.targetSize;
  const parts = await Promise.all(
    Array.from({ length: count / chunk }, (_, i) => {
      const request = {
        policy: ppo.policy,
        tokenizer: ppo.tokenizer,
        params: ppo.learner.params,
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
  const some = parts.flatMap(part => part.texts).slice(0, ANSWERED);
  const last = await lastTokenSimilarity(prepared, config, problems, some);
  const empty = scores.map(({ terms }) => terms.similarity! - terms.lift_empty!);
  return {
    'validation/score': mean(scores.map(score => score.reward)),
    'validation/gap': mean(scores.map(score => score.terms.gap!)),
    'validation/fve': mean(scores.map(score => score.terms.fve!)),
    'validation/same': await sameAnswers(prepared, problems, some),
    'validation/lift_empty': mean(some.map((_, i) => scores[i]!.terms.lift_empty!)),
    'validation/lift_last_token': mean(last.map((similarity, i) => similarity - empty[i]!)),
  };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Share of the texts after which the model gives the answer that it gives with its latents. */
async function sameAnswers(
  prepared: Prepared,
  { rows, questions }: InversionProblems,
  texts: readonly string[],
): Promise<number> {
  const { client, sets } = prepared;
  const { encode } = client.lrm.tokenizer;
  const own = questions.slice(0, texts.length);
  const completed = await complete(prepared, own, texts);
  const answers = await client.answers(own.map((question, i) => [...question, ...encode(completed[i]!)]));
  const latent = sets.get('validation')!.answers;
  return mean([...answers].map((answer, i) => (answer === latent[rows[i]!] ? 1 : 0)));
}

/** Similarity to its target of the state that each text's last token leaves, as if nothing stood before it. */
async function lastTokenSimilarity(
  { client, views }: Prepared,
  config: TrainConfig,
  { targets, questions }: InversionProblems,
  texts: readonly string[],
): Promise<number[]> {
  const { encode } = client.lrm.tokenizer;
  const readouts = await client.read({
    context: config.targets.context,
    questions: questions.slice(0, texts.length),
    texts: texts.map(text => [encode(text).slice(-1)]),
  });
  const d = readouts.length / texts.length;
  return texts.map((_, i) => {
    const { view: id, vector } = targets[i]!;
    const view = views.views.find(view => view.id === id)!;
    return similarityTo(config, view, readouts.subarray(i * d, (i + 1) * d), vector)[0]!;
  });
}
