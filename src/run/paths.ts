/**
 * The run folder: the one place that knows what lies where. `RUN_FILES` is its map (docs/run-folder.md is made from it),
 * `RunPaths` turns a folder into absolute paths. A run is made once with a pinned config and opened afterwards; a folder
 * of another version, or one whose config was changed by hand, is refused.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { z } from 'zod';
import { isTemporary } from '../tensor/atomic.ts';
import { FORMAT } from './config/common.ts';
import { loadConfig } from './config/load.ts';
import { pinnedText, sha256 } from './config/pin.ts';
import { CONFIG_LIMIT } from './config/source.ts';
import { RecodiError } from './errors.ts';
import { makeFolder, onFile, readText, writeFileAtomic } from './files.ts';
import { LOCK_FILE, refuseIfHeld } from './lock.ts';

/** Names in a run folder, and what each is. */
export const RUN_FILES = {
  config: ['config.yaml', 'the pinned config: complete, with defaults filled in'],
  configHash: ['config.sha256', 'SHA-256 of config.yaml; a changed config is not resumed'],
  metrics: [
    'metrics.jsonl',
    'one line per update: the truth (docs/metrics.md says how to read each number); events.out.tfevents.* hold the same for TensorBoard',
  ],
  targetVectors: ['targets.safetensors', 'the vectors of all targets'],
  targets: ['targets.jsonl', 'one line per target: problem, steps, space, answer, causal score, lens'],
  translators: ['translators', 'affine maps from latents to states of the chain, where targets are translated'],
  samples: ['samples.jsonl', "every update's table of samples, appended: target, text, all scores"],
  checkpoints: ['checkpoints', 'one folder per step, and the files `last` and `best` that name one of them'],
  warmStart: ['warm_start', "the policy after its warm start, which is PPO's reference"],
  policy: ['policy', 'the policy that read best on validation problems'],
  model: ['model', 'in runs of `recodi lrm train`: the trained latent-reasoning model'],
  bank: ['bank.safetensors', 'the states that the texts of the bank leave in the model, so that they are read once'],
  evaluation: ['eval.json', 'the held-out table: ours, baselines, controls, with bootstrap intervals'],
  audit: ['audit.json', 'what readings use that no question accounts for, and which words of the questions go with it'],
  labels: ['labels', 'labels.jsonl and vectors.safetensors, and the exports for other tools'],
  oracle: ['oracle', 'what oracle training leaves'],
  log: ['log.jsonl', 'what happened, with times'],
  lock: [LOCK_FILE, 'while a process works on the run: which one'],
} as const satisfies Record<string, readonly [name: string, what: string]>;

type FileKey = keyof typeof RUN_FILES;

/** Absolute paths of everything in a run folder. */
export type RunPaths = { readonly folder: string } & { readonly [K in FileKey]: string };

export function runPaths(folder: string): RunPaths {
  const root = resolve(folder);
  const entries = Object.entries(RUN_FILES).map(([key, [name]]) => [key, join(root, name)]);
  return { folder: root, ...(Object.fromEntries(entries) as Record<FileKey, string>) };
}

export interface CreateOptions {
  /** Removes a run of that name first; a folder that is no run is left alone. */
  readonly overwrite?: boolean;
}

/**
 * Makes a new run folder with its pinned config.
 * @throws RecodiError('usage') where there is something of that name already.
 */
export function createRun<T extends { readonly name: string }>(
  runs: string,
  schema: z.ZodType<T>,
  config: T,
  { overwrite = false }: CreateOptions = {},
): RunPaths {
  const name = join(runs, config.name);
  const paths = runPaths(name);
  if (overwrite) refuseIfHeld(paths.folder);
  if (overwrite && existsSync(paths.config)) onFile(name, () => rmSync(paths.folder, { recursive: true }));
  if (existsSync(paths.folder) && !readdirSync(paths.folder).every(name => isOfBeginning(paths, name)))
    throw new RecodiError(
      'usage',
      existsSync(paths.config)
        ? `${name}: there is a run here already; go on with it by \`recodi resume ${name}\`, choose another --name, or replace it with --overwrite.`
        : `${name}: a folder with other files is here already; choose another --name.`,
    );
  makeFolder(paths.folder);
  const text = pinnedText(schema, config, paths.folder);
  writeFileAtomic(paths.configHash, `${sha256(text)}\n`);
  writeFileAtomic(paths.config, text);
  return paths;
}

/** What a making that was killed leaves before there is a config. */
const isOfBeginning = ({ configHash, config }: RunPaths, name: string) =>
  !existsSync(config) && (name === basename(configHash) || isTemporary(name));

/**
 * Opens a run folder. `sets` may change what changes no result (`workers`, `device`); the file stays as it is.
 * @throws RecodiError('input') for a folder that is no run, of another version, or with a changed config.
 */
export function openRun<T>(
  folder: string,
  schema: z.ZodType<T>,
  sets: readonly string[] = [],
): { paths: RunPaths; config: T } {
  const paths = runPaths(folder);
  if (!existsSync(paths.config))
    throw new RecodiError(
      'input',
      `${paths.folder}: not a run folder (it has no config.yaml); name the folder that \`recodi train\` made.`,
    );
  const text = readText(paths.config, CONFIG_LIMIT);
  const format = formatOf(text);
  if (format !== String(FORMAT))
    throw new RecodiError(
      'input',
      `${paths.config}: the run has format ${format}, and this recodi reads format ${FORMAT}; use the recodi that made it, or start the run anew.`,
    );
  const pinned = existsSync(paths.configHash) ? readText(paths.configHash).trim() : '';
  if (pinned !== sha256(text))
    throw new RecodiError(
      'input',
      `${paths.config}: changed since the run began (its SHA-256 is not the one in config.sha256); undo the change, or start a new run with it.`,
    );
  return { paths, config: loadConfig(schema, paths.config, sets) };
}

/** Told without parsing, since what follows may be of another format. */
function formatOf(text: string): string {
  return /^format: *(\w{1,20})\s*$/m.exec(text)?.[1] ?? 'unknown';
}
