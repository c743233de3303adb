/**
 * Begins, resumes and evaluates: what `recodi lrm train`, `recodi resume` and `recodi lrm eval` do between their
 * arguments and src/lrm.
 */
import { existsSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { createLrmClient } from '../lrm/client.ts';
import { evaluateLrm, type LrmEvaluation } from '../lrm/evaluate.ts';
import { type LatentMap, probeLatents } from '../lrm/probe.ts';
import { trainLrm } from '../lrm/train.ts';
import { loadConfig, readSources } from '../run/config/load.ts';
import { RecodiError } from '../run/errors.ts';
import { readJson } from '../run/files.ts';
import { createRun, openRun, type RunPaths } from '../run/paths.ts';
import { createWorld, type WorldConfig, worldSchema } from '../worlds/index.ts';
import type { Split } from '../worlds/problem.ts';
import type { CommandContext } from './command.ts';
import { lrmTrainConfigSchema } from './configKinds.ts';
import { formatEvaluation } from './lrmTable.ts';
import { withOwnedRun } from './ownedRun.ts';
import {
  type ComputeOptions,
  checkpointOverrides,
  overrides,
  type ResumeOptions,
  type StartOptions,
  withPool,
} from './start.ts';

type LrmTrainConfig = z.infer<typeof lrmTrainConfigSchema>;

export async function beginLrmTraining(context: CommandContext, file: string, options: StartOptions): Promise<void> {
  const sets = [...overrides(options), ...checkpointOverrides(options, '')];
  const config = loadConfig(lrmTrainConfigSchema, file, sets);
  await train(context, config, createRun(options.runs, lrmTrainConfigSchema, config, options), false);
}

export async function resumeLrmTraining(
  context: CommandContext,
  folder: string,
  options: ResumeOptions,
): Promise<void> {
  const sets = [...overrides(options), ...checkpointOverrides(options, '')];
  const { config, paths } = openRun(folder, lrmTrainConfigSchema, sets);
  await train(context, config, paths, true);
}

async function train(context: CommandContext, config: LrmTrainConfig, paths: RunPaths, resume: boolean) {
  const { signal, progress, print } = context;
  const world = createWorld(config.world);
  await withOwnedRun(context, paths, async ({ log, warn }) => {
    const { folder, evaluation } = await withPool(
      config,
      pool => trainLrm({ config, world, paths, pool, signal, resume, progress, log, warn }),
      warn,
    );
    if (!folder || !evaluation) return false;
    print({ folder, evaluation }, () => `${formatEvaluation(evaluation)}\nThe model is in ${relative('.', folder)}\n`);
    return true;
  });
}

export interface EvaluationOptions extends ComputeOptions {
  readonly problems: number;
  readonly steps?: number;
  readonly split: Split;
  readonly config?: string;
}

export async function evaluateFolder(
  { signal, progress }: CommandContext,
  folder: string,
  { problems: count, steps, split, config, workers = 'auto', device = 'auto' }: EvaluationOptions,
): Promise<LrmEvaluation> {
  const world = createWorld(worldOf(folder, config));
  const problems = world.problems({ split, count, seed: 'lrm eval', ...(steps !== undefined && { steps }) });
  return withPool({ workers, device }, async pool => {
    const client = await createLrmClient(pool, folder, signal);
    return evaluateLrm(client, world, problems, (done, total) => {
      if (done === 1) progress.stage('evaluating', total);
      progress.update(done);
    });
  });
}

export interface ProbeOptions extends ComputeOptions {
  readonly beside?: readonly string[];
  readonly problems: number;
  readonly held: number;
  readonly steps?: number;
  readonly config?: string;
}

export async function probeFolder(
  { signal, progress }: CommandContext,
  folder: string,
  { beside = [], problems, held, steps, config, workers = 'auto', device = 'auto' }: ProbeOptions,
): Promise<LatentMap> {
  const world = createWorld(worldOf(folder, config));
  return withPool({ workers, device }, async pool => {
    const client = await createLrmClient(pool, folder, signal);
    const others = await Promise.all(
      beside.map(async other => [nameOf(other), await createLrmClient(pool, other, signal)] as const),
    );
    const settings = { problems, held, seed: 1, beside: new Map(others), ...(steps !== undefined && { steps }) };
    let stage: string | undefined;
    const onProgress = (what: string, done: number, total: number) => {
      if (what !== stage) progress.stage(what, total);
      stage = what;
      progress.update(done);
    };
    return probeLatents(client, world, settings, { pool, signal, onProgress });
  });
}

/** Of a run's model the run, `runs/pause/model`; of another its folder. */
const nameOf = (folder: string) => basename(basename(folder) === 'model' ? dirname(folder) : folder);

/** The world of the config given, or else of the model's own training. */
function worldOf(folder: string, config: string | undefined): WorldConfig {
  const training = join(folder, 'training.json');
  if (config !== undefined) {
    const { value } = readSources(config);
    return parseWorld((value as { world?: unknown }).world, config);
  }
  if (!existsSync(training))
    throw new RecodiError(
      'usage',
      `${training}: no such file, so the model's world is not known; name a config that has it with --config.`,
    );
  return parseWorld(
    readJson(training, z.looseObject({ config: z.looseObject({ world: z.unknown() }) })).config.world,
    training,
  );
}

function parseWorld(value: unknown, where: string): WorldConfig {
  const world = worldSchema.safeParse(value ?? { kind: 'arithmetic' });
  if (world.success) return world.data;
  throw new RecodiError(
    'config',
    `${where}: world: ${world.error.issues[0]?.message}; \`recodi config check\` says more.`,
  );
}
