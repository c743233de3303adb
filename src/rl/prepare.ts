/**
 * What a run needs before anything is trained: problems, the latents that the frozen model has about them, and the views
 * through which they are read. Collected once and kept in the run folder; afterwards read from there.
 */
import { existsSync } from 'node:fs';
import { isPoint, parseAnchor } from '../lrm/anchors.ts';
import { createLrmClient, type LrmClient } from '../lrm/client.ts';
import { type StepShape, stepShape } from '../lrm/stepShape.ts';
import { loadTargets, saveTargets } from '../lrm/targetFiles.ts';
import { collectTargets, makeViews, type TargetSet } from '../lrm/targets.ts';
import { loadViews, saveViews, type Views } from '../lrm/views.ts';
import { RecodiError } from '../run/errors.ts';
import { makeFolder, writeJson } from '../run/files.ts';
import type { RunPaths } from '../run/paths.ts';
import type { Progress } from '../run/progress.ts';
import type { Pool } from '../tensor/pool.ts';
import { createWorld } from '../worlds/index.ts';
import type { Split, World } from '../worlds/problem.ts';
import type { TrainConfig } from './config.ts';

export interface Prepared {
  readonly world: World;
  readonly client: LrmClient;
  readonly sets: ReadonlyMap<Split, TargetSet>;
  readonly views: Views;
  readonly step: StepShape;
}

export interface Preparation {
  readonly config: TrainConfig;
  readonly paths: RunPaths;
  readonly pool: Pool;
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

export async function prepare({ config, paths, pool, signal, progress }: Preparation): Promise<Prepared> {
  const world = createWorld(config.world);
  const client = await createLrmClient(pool, config.lrm, signal);
  const files = { tensors: paths.targetVectors, lines: paths.targets };
  if (existsSync(`${paths.translators}/views.json`)) {
    const sets = loadTargets(files, client);
    return { world, client, sets, views: loadViews(paths.translators), step: stepOf(client, world, sets) };
  }
  const { problems: counts } = config.targets;
  const sets = new Map<Split, TargetSet>();
  for (const split of ['train', 'validation', 'test'] as const) {
    const steps = split === 'train' || counts.steps === undefined ? {} : { steps: counts.steps };
    const problems = world.problems({ split, count: counts[split], seed: config.seed, ...steps });
    progress.stage(`thinking about ${split} problems`, problems.length);
    const onProgress = (done: number) => progress.update(done);
    sets.set(split, await collectTargets(client, { split, problems, causal: split !== 'train', onProgress }));
  }
  saveTargets(files, client, [...sets.values()]);
  progress.stage('choosing how to read each step', 1);
  const { latents, whitening } = { latents: chosenLatents(config, client), whitening: config.reward.whitening };
  const asked = config.targets.anchors;
  const anchors = asked === 'auto' ? asked : asked.map(name => (isPoint(name) ? name : parseAnchor(name)!));
  const chosen = await makeViews(client, {
    pool,
    world,
    train: sets.get('train')!,
    validation: sets.get('validation')!,
    settings: {
      steps: config.targets.steps,
      latents,
      space: config.targets.space,
      anchors,
      whitening,
      rawThreshold: config.targets.raw_threshold,
      ridge: config.targets.translator_ridge,
    },
    ridge: config.reward.ridge,
    maxWords: config.policy.max_new_tokens - 1,
    context: config.targets.context,
    seed: config.seed,
  });
  makeFolder(paths.translators);
  writeJson(`${paths.translators}/choice.json`, chosen.table);
  saveViews(paths.translators, chosen);
  progress.update(1);
  return { world, client, sets, views: chosen, step: stepOf(client, world, sets) };
}

const stepOf = (client: LrmClient, world: World, sets: Prepared['sets']) =>
  stepShape(client, world, sets.get('train')!.problems);

function chosenLatents({ targets }: TrainConfig, client: LrmClient): number[] {
  const { latents: most } = client.lrm.spec;
  const latents = targets.latents ?? Array.from({ length: most + 1 }, (_, k) => k);
  const beyond = latents.find(k => k > most);
  if (beyond === undefined) return latents;
  throw new RecodiError(
    'config',
    `targets.latents: ${beyond} is beyond the model's last latent step, ${most}; choose from 0 … ${most}.`,
  );
}
