/**
 * `recodi lrm train`: runs the curriculum in a run folder, with metrics, an evaluation and checkpoints, and leaves the trained
 * model as an ordinary folder under `model/`.
 */
import { join, relative } from 'node:path';
import { z } from 'zod';
import { loadTokenizer, writeWordTokenizer } from '../lm/tokenizer.ts';
import { newestCheckpoint, saveCheckpoint } from '../run/checkpoint.ts';
import { RecodiError } from '../run/errors.ts';
import { makeFolder, writeJson } from '../run/files.ts';
import { openMetrics } from '../run/metricsWriter.ts';
import { packageVersion } from '../run/package.ts';
import type { ResumableRun } from '../run/resumable.ts';
import { checkpointSchedule } from '../run/schedule.ts';
import { noteStep, stopIfStuck } from '../run/skips.ts';
import type { World } from '../worlds/problem.ts';
import { createLrmClient } from './client.ts';
import type { LrmSpec } from './codi.ts';
import type { LrmConfig } from './config.ts';
import { type CurriculumState, initialParameters, runCurriculum } from './curriculum.ts';
import { evaluateLrm, type LrmEvaluation } from './evaluate.ts';
import { type LrmFile, lrmSpec, saveLrm } from './folder.ts';
import { parametersFrom } from './startFrom.ts';

/** Tokens beside the world's words; `<inv>` and `<sep>` are the policy's, which starts from the trained model. */
const SPECIAL = { pad: '<pad>', eos: '<eos>', unknown: '<unk>' } as const;
const [BOT, EOT] = ['<bot>', '<eot>'] as const;
const MARKERS = [BOT, EOT, '<inv>', '<sep>'];

const stateSchema = z.strictObject({ stage: z.int().min(0), step: z.int().min(0), updates: z.int().min(0) });

export interface LrmTraining extends ResumableRun {
  readonly config: LrmConfig;
  readonly world: World;
}

export interface LrmTrained {
  /** The model's folder; absent where the run was interrupted. */
  readonly folder?: string;
  readonly evaluation?: LrmEvaluation;
}

export async function trainLrm(training: LrmTraining): Promise<LrmTrained> {
  const { config, world, paths, pool, progress, warn } = training;
  const modelFolder = join(paths.folder, 'model');
  const { spec, file, tokenizer } = await prepare(config, world, modelFolder);
  const checkpoint = training.resume ? newestCheckpoint(paths.checkpoints, stateSchema, warn) : undefined;
  const from: CurriculumState | undefined = checkpoint && {
    stage: checkpoint.state.stage,
    step: checkpoint.state.step,
    learner: {
      params: checkpoint.array('params'),
      m: checkpoint.array('m'),
      v: checkpoint.array('v'),
      updates: checkpoint.state.updates,
    },
  };
  const metrics = openMetrics(paths, { warn, resumeAt: { phase: 'lrm', update: checkpoint?.step ?? 0 } });
  const totalSteps = config.stages.reduce((sum, stage) => sum + stage.steps, 0);
  const held = world.problems({
    split: 'validation',
    count: config.eval.problems,
    seed: config.seed,
    ...(config.eval.steps !== undefined && { steps: config.eval.steps }),
  });
  const schedule = checkpointSchedule({ every: config.checkpoint_every, minutes: config.checkpoint_minutes });
  const save = (state: CurriculumState, step: number) => {
    metrics.sync();
    const { params, m, v, updates } = state.learner;
    const { stage, step: done } = state;
    saveCheckpoint(
      paths.checkpoints,
      { step, state: { stage, step: done, updates }, arrays: { params, m, v } },
      { keep: config.keep_checkpoints },
    );
    schedule.saved();
  };
  const skips = { skipped: 0, skippedInRow: 0 };

  const fresh = initialParameters(spec, config);
  const start = config.init ? await parametersFrom(config.init, spec, tokenizer, fresh) : fresh;
  progress.stage('training the latent-reasoning model', totalSteps);
  let total = checkpoint?.step ?? 0;
  const end = await runCurriculum({
    config,
    world,
    spec,
    tokenizer,
    pool,
    start,
    ...(from && { from }),
    signal: training.signal,
    async onStep(step) {
      total = step.total;
      metrics.write({ phase: 'lrm', update: total }, step.metrics);
      progress.update(total, { stage: step.stage.name, loss: step.metrics['lrm/loss'] ?? Number.NaN });
      noteStep(skips, step.metrics.skipped_updates === 1);
      const where = `stage ${step.stage.name}, step ${step.step}`;
      stopIfStuck(skips, paths.checkpoints, { where, advice: `lower its lr (now ${step.stage.lr})` });
      if (schedule.due(total) || total === totalSteps) save(step.state(), total);
    },
  });
  metrics.sync();
  if (end.stage < config.stages.length) {
    save(end, total);
    metrics.close();
    return {};
  }
  metrics.close();
  progress.stage('evaluating', 1);
  saveLrm(modelFolder, spec, file, end.learner.params);
  const evaluation = await evaluateLrm(await createLrmClient(pool, modelFolder), world, held);
  const { device: _device, workers: _workers, init, ...settings } = config;
  const started = init && { init: { ...init, lrm: relative(modelFolder, init.lrm) } };
  writeJson(join(modelFolder, 'training.json'), {
    recodi: packageVersion(),
    config: { ...settings, ...started },
    evaluation,
  });
  progress.update(1);
  return { folder: modelFolder, evaluation };
}

/** The model's tokenizer files and spec. */
async function prepare(
  config: LrmConfig,
  world: World,
  folder: string,
): Promise<{ spec: LrmSpec; file: LrmFile; tokenizer: Awaited<ReturnType<typeof loadTokenizer>> }> {
  if (!world.vocabulary)
    throw new RecodiError(
      'config',
      `world ${world.name} names no vocabulary: a model can be trained from nothing only on a closed one.`,
    );
  makeFolder(folder);
  writeWordTokenizer(folder, world.vocabulary, { ...SPECIAL, others: MARKERS });
  const tokenizer = await loadTokenizer(folder);
  const { model } = config;
  const file: LrmFile = {
    format: 1,
    family: 'codi',
    latents: config.latents,
    latent_inputs: config.latent_inputs,
    projection_size: config.projection_size,
    bot_token: BOT,
    eot_token: EOT,
    eos_token: SPECIAL.eos,
    pad_token: SPECIAL.pad,
    answer_prefix: world.answerPrefix,
  };
  const spec = {
    family: 'llama' as const,
    vocabSize: tokenizer.vocabSize,
    hiddenSize: model.hidden_size,
    intermediateSize: model.intermediate_size,
    layers: model.layers,
    heads: model.heads,
    kvHeads: model.kv_heads,
    headDim: model.hidden_size / model.heads,
    ropeTheta: model.rope_theta,
    normEps: model.norm_eps,
    tieEmbeddings: model.tie_embeddings,
    maxPositions: model.max_positions,
  };
  return { spec: lrmSpec(spec, tokenizer, file), file, tokenizer };
}
