/**
 * The trainer of PPO, GRPO and RLOO: one update is rollouts, advantages, and a few epochs of minibatches. It knows policies and
 * environments only through their plain descriptions, and no files; what sets the algorithms apart is in credit.ts and their losses.
 *
 * Everything random has its own stream by (purpose, update), chunks and micro-batches have fixed sizes, and metrics are
 * summed in a fixed order: the numbers do not depend on workers, and a resumed run repeats them.
 */
import type { EnvironmentSettings } from '../../envs/index.ts';
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { PromptRows } from '../../policies/promptRows.ts';
import type { Learner } from '../lm/learner.ts';
import { rolloutTask } from '../rollout/rollout.ts';
import { RecodiError } from '../run/errors.ts';
import { shuffled, stream, uniforms } from '../run/random.ts';
import { isStuck, noteStep, type Skips } from '../run/skips.ts';
import type { Pool } from '../tensor/pool.ts';
import { gather } from '../tensor/rows.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import type { TrainConfig } from './config.ts';
import { type Credit, creditOf } from './credit.ts';
import { klK1, nextKlCoefficient } from './kl.ts';
import { rolloutMetrics, type StepParts, stepMetrics, stepParts, termMetrics } from './metrics.ts';
import { microBatchesOf } from './microBatches.ts';
import { type PpoInput, ppoTask } from './ppoTask.ts';
import { joinRollouts, type Rollouts } from './rollouts.ts';

export type PpoSettings = TrainConfig['ppo'];

/** Problems of one update: the environment's targets, and what the policy is shown of them [P,targetSize]. */
export interface PpoProblems extends PromptRows {
  readonly targets: readonly unknown[];
}

/** What changes from update to update beside the learner; a checkpoint holds it. */
export interface PpoState extends Skips {
  update: number;
  klCoefficient: number;
}

export interface Ppo {
  readonly pool: Pool;
  readonly learner: Learner;
  readonly reference: SharedFloats;
  readonly policy: PolicySpec;
  /** Folder of the policy's tokenizer. */
  readonly tokenizer: string;
  readonly environment: EnvironmentSettings;
  readonly settings: PpoSettings;
  readonly maxNewTokens: number;
  readonly seed: number;
  /** Drops what waits of an update, which then rejects: parameters and state are those of no update any more. */
  readonly signal?: AbortSignal;
  /** The problems of an update; the same for the same update. */
  problems(update: number): PpoProblems;
}

export interface PpoUpdate {
  readonly metrics: Record<string, number>;
  readonly problems: PpoProblems;
  readonly rollouts: Rollouts;
}

/** One update; moves `state`. `lr` is that of the update's steps. The caller looks whether steps were skipped (skips.ts). */
export async function ppoUpdate(ppo: Ppo, state: PpoState, lr: number): Promise<PpoUpdate> {
  const { settings, learner } = ppo;
  const abortable = ppo.signal ? { signal: ppo.signal } : {};
  const started = performance.now();
  const problems = ppo.problems(state.update);
  const rollouts = await rollOutAll(ppo, problems, state.update);
  const rolledOut = performance.now();
  const kl = klK1(rollouts.logProbs, rollouts.referenceLogProbs, rollouts.mask);
  const scores = rollouts.scores.map(score => score.reward);
  const { klCoefficient } = state;
  const credit = creditOf({ rollouts, scores, kl, klCoefficient }, settings);
  const metrics: Record<string, number> = {
    ...rolloutMetrics({ ...rollouts, kl, klCoefficient, scores, samples: settings.samples_per_problem }),
    ...credit.metrics,
    ...termMetrics(rollouts.scores.map(s => s.terms)),
  };

  const steps: StepParts[] = [];
  const gradNorms: number[] = [];
  epochs: for (let epoch = 0; epoch < settings.epochs; epoch++) {
    const order = shuffled(
      stream(ppo.seed, 'ppo.order', state.update, epoch),
      problems.targets.map((_, i) => i),
    );
    const perStep = settings.minibatch_size / settings.samples_per_problem;
    for (let start = 0; start < order.length; start += perStep) {
      const chosen = order.slice(start, start + perStep);
      const result = await learner.step(
        { task: ppoTask, inputs: microBatches(ppo, { rollouts, credit }, problems, chosen) },
        { lr, ...abortable },
      );
      noteStep(state, result.skipped);
      if (isStuck(state)) break epochs;
      if (result.skipped) continue;
      const parts = stepParts(result.metrics);
      if (state.update === 0 && steps.length === 0) Object.assign(metrics, selfCheck(parts, metrics['objective/kl']!));
      steps.push(parts);
      gradNorms.push(result.gradNorm);
      if (settings.target_kl !== undefined && parts.approx_kl > settings.target_kl) break epochs;
    }
  }
  const texts = scores.length;
  state.klCoefficient = nextKlCoefficient(
    state.klCoefficient,
    { kl: metrics['objective/kl']!, texts },
    settings.kl.adaptive,
  );
  state.update += 1;
  if (steps.length > 0) Object.assign(metrics, stepMetrics(steps), { grad_norm: mean(gradNorms) });
  Object.assign(metrics, {
    episode: state.update * texts,
    lr,
    skipped_updates: state.skipped,
    'time/rollout': (rolledOut - started) / 1000,
    'time/update': (performance.now() - started) / 1000,
  });
  return { metrics, problems, rollouts };
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** Before the first step old and new policy are one: anything else is a fault in the trainer, not in the run. */
function selfCheck(parts: StepParts, kl: number): Record<string, number> {
  if (!(parts.ratio_error <= 1e-4))
    throw new RecodiError(
      'internal',
      `self-check of the first update: the probability ratio is off by ${parts.ratio_error} before any step, expected at most 1e-4.`,
    );
  return { 'selfcheck/ratio_error': parts.ratio_error, 'selfcheck/kl': kl };
}

async function rollOutAll(ppo: Ppo, problems: PpoProblems, update: number): Promise<Rollouts> {
  const { settings, policy, maxNewTokens: width } = ppo;
  const samples = settings.samples_per_problem;
  const perChunk = settings.rollout_chunk / samples;
  const count = problems.targets.length;
  const draws = uniforms(stream(ppo.seed, 'ppo.sample', update), count * samples * width);
  const chunks = Array.from({ length: Math.ceil(count / perChunk) }, (_, i) => {
    const [from, to] = [i * perChunk, Math.min(count, (i + 1) * perChunk)];
    const request = {
      policy,
      tokenizer: ppo.tokenizer,
      params: ppo.learner.params,
      reference: ppo.reference,
      environment: ppo.environment,
      targets: problems.targets.slice(from, to),
      z: problems.z.slice(from * policy.targetSize, to * policy.targetSize),
      ...(problems.questions && { questions: problems.questions.slice(from, to) }),
      samples,
      uniforms: draws.slice(from * samples * width, to * samples * width),
      temperature: settings.temperature,
      maxNewTokens: width,
    };
    return ppo.pool.run(rolloutTask, request, ppo.signal ? { signal: ppo.signal } : {});
  });
  return joinRollouts(await Promise.all(chunks), width);
}

/** The texts of a problem stay together: they share their prompt. */
function microBatches(
  ppo: Ppo,
  { rollouts, credit }: { readonly rollouts: Rollouts; readonly credit: Credit },
  problems: PpoProblems,
  chosen: readonly number[],
): Omit<PpoInput, 'params'>[] {
  const { settings, policy } = ppo;
  const { width } = rollouts;
  const samples = settings.samples_per_problem;
  const textsOf = (problem: number) => Array.from({ length: samples }, (_, i) => problem * samples + i);
  const tokensOf = (texts: readonly number[]) => texts.reduce((total, row) => total + rollouts.lengths[row]!, 0);
  const tokens = tokensOf(chosen.flatMap(textsOf));
  const weights = chosen.map(problem => tokensOf(textsOf(problem)));
  return microBatchesOf(weights, settings.micro_batch_size / samples).map(part => {
    const shown = part.map(i => chosen[i]!);
    const own = shown.flatMap(textsOf);
    return {
      policy,
      rows: {
        z: gather(problems.z, shown, policy.targetSize),
        ...(policy.seesQuestion && problems.questions && { questions: shown.map(row => problems.questions![row]!) }),
        ids: gather(rollouts.tokens, own, width),
        lengths: own.map(row => rollouts.lengths[row]!),
        width,
        oldLogProbs: gather(rollouts.logProbs, own, width),
      },
      objective: credit.of(own),
      tokens,
      texts: chosen.length * samples,
      temperature: settings.temperature,
      clip: settings.clip,
    };
  });
}
