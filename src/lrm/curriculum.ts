/**
 * CODI's training loop: stages in order, each with a fresh optimiser, a warm-up and a cosine. It knows no files; what a run
 * keeps is handed to `onStep` and read back from the state it returns.
 *
 * Every batch is drawn from its own random stream (stage, step), so a resumed loop sees the problems it would have seen.
 */
import { createLearner, type Learner, type LearnerState } from '../lm/learner.ts';
import { initialise } from '../lm/parameters.ts';
import type { Tokenizer } from '../lm/tokenizer.ts';
import { unlessAborted } from '../run/interrupt.ts';
import { stream } from '../run/random.ts';
import type { Pool } from '../tensor/pool.ts';
import type { StepMix, World } from '../worlds/problem.ts';
import { codiBatches } from './batches.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import type { LrmConfig, LrmStage } from './config.ts';
import { lrmGradientTask } from './gradientTask.ts';

/** Where the loop stands: `step` steps of stage `stage` are done. */
export interface CurriculumState {
  readonly stage: number;
  readonly step: number;
  readonly learner: LearnerState;
}

export interface CurriculumStep {
  readonly stage: LrmStage;
  /** Steps done in this stage and in all. */
  readonly step: number;
  readonly total: number;
  readonly metrics: Readonly<Record<string, number>>;
  state(): CurriculumState;
}

export interface Curriculum {
  readonly config: LrmConfig;
  readonly world: World;
  readonly spec: LrmSpec;
  readonly tokenizer: Tokenizer;
  readonly pool: Pool;
  /** The first parameters. */
  readonly start: Float32Array;
  readonly from?: CurriculumState;
  readonly signal: AbortSignal;
  /** Called after every step; the loop waits for it. */
  onStep(step: CurriculumStep): Promise<void>;
}

/** The first parameters: normal matrices, unit norms, and latent inputs (a projection's output, or pause embeddings) as small as embeddings. */
export function initialParameters(spec: LrmSpec, config: LrmConfig): Float32Array {
  const map = lrmLayout(spec);
  const { init_std: std, embedding_std: embedding } = config.model;
  const scale = (name: string) => (/embed_tokens|^pause\./.test(name) ? embedding : std);
  const params = initialise(map, { std: scale, stream: stream(config.seed, 'lrm.init') });
  const gain = map.entries.find(entry => entry.name === 'prj.ln.weight');
  if (gain) params.fill(embedding, gain.offset, gain.offset + (gain.shape[0] ?? 0));
  return params;
}

/** Learning rate after `step` steps: linear warm-up, then a cosine down to `min_lr_ratio`. */
export function learningRate(stage: LrmStage, step: number): number {
  const warm = Math.min(1, (step + 1) / Math.max(1, stage.warmup));
  const cosine = 0.5 * (1 + Math.cos((Math.PI * step) / stage.steps));
  return stage.lr * warm * (cosine * (1 - stage.min_lr_ratio) + stage.min_lr_ratio);
}

/** γ after `step` steps. */
export function distillWeight({ distill_weight: weight, distill_ramp: ramp }: LrmStage, step: number): number {
  if (!ramp) return weight;
  return weight * Math.min(1, Math.max(0, (step - ramp.from) / Math.max(1, ramp.to - ramp.from)));
}

/** Runs the stages from where `from` stands; returns the state at the end, or where the signal stopped it. */
export async function runCurriculum(run: Curriculum): Promise<CurriculumState> {
  const { config, from } = run;
  let params = from?.learner.params ?? run.start;
  let total = config.stages.slice(0, from?.stage ?? 0).reduce((sum, stage) => sum + stage.steps, 0) + (from?.step ?? 0);
  for (let index = from?.stage ?? 0; index < config.stages.length; index++) {
    const stage = config.stages[index]!;
    const resumed = index === from?.stage ? from : undefined;
    const learner = createLearner({
      pool: run.pool,
      id: `lrm.${stage.name}`,
      params,
      optimizer: { beta1: 0.9, beta2: stage.beta2, weightDecay: stage.weight_decay, maxGradNorm: stage.clip },
      ...(resumed && { state: resumed.learner }),
    });
    for (let step = resumed?.step ?? 0; step < stage.steps; step++) {
      const state = (done: number) => () => ({ stage: index, step: done, learner: learner.state() });
      const metrics = await unlessAborted(run.signal, () => trainStep(run, learner, stage, index, step));
      if (!metrics) return state(step)();
      await run.onStep({ stage, step: step + 1, total: ++total, metrics, state: state(step + 1) });
    }
    params = learner.state().params;
  }
  const size = params.length;
  const rest = { m: new Float32Array(size), v: new Float32Array(size), updates: 0 };
  return { stage: config.stages.length, step: 0, learner: { params, ...rest } };
}

async function trainStep(
  { config, world, spec, tokenizer, signal }: Curriculum,
  learner: Learner,
  stage: LrmStage,
  index: number,
  step: number,
) {
  const rng = stream(config.seed, 'lrm.batch', index, step);
  const mix: StepMix | undefined =
    stage.mix && Object.entries(stage.mix).map(([steps, weight]) => [Number(steps), weight] as const);
  const problems = Array.from({ length: config.batch_size }, () => world.generator('train', rng, mix));
  const batches = codiBatches(problems, world, spec, tokenizer, {
    microBatch: config.micro_batch_size,
    distillWeight: distillWeight(stage, step),
  });
  const lr = learningRate(stage, step);
  const options = { student: stage.student, answerWeight: stage.answer_weight };
  const started = performance.now();
  const inputs = batches.map(batch => ({ spec, options, batch }));
  const result = await learner.step({ task: lrmGradientTask, inputs }, { lr, signal });
  const metrics: Record<string, number> = { lr, grad_norm: result.gradNorm, skipped_updates: result.skipped ? 1 : 0 };
  for (const part of result.metrics)
    for (const [name, value] of Object.entries(part)) metrics[name] = (metrics[name] ?? 0) + value;
  metrics['time/step'] = (performance.now() - started) / 1000;
  return metrics;
}
