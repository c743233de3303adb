/**
 * What a sweep runs: each config for each seed, in a folder of its own, `<runs>/<seed>/<name>`. Configs of models make the models that
 * the configs after them are run on, seed by seed, so that one line trains several models and reads them all.
 */
import { existsSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { RecodiError } from '../run/errors.ts';
import { openRun, runPaths } from '../run/paths.ts';
import { type KindName, loadAnyConfig } from './configKinds.ts';

export interface SweepRun {
  readonly kind: KindName;
  readonly file: string;
  readonly seed: number;
  readonly folder: string;
  /** Overrides of the file's config, as given to --set. */
  readonly sets: readonly string[];
}

export interface SweepRequest {
  readonly files: readonly string[];
  /** Default: each config's own. */
  readonly seeds?: readonly number[];
  readonly runs: string;
  /** Overrides of the main job's configs. */
  readonly set: readonly string[];
}

/** In the order in which they are run: seed by seed, so that whatever changes about the machine meets all configs. */
export function planSweep({ files, seeds, runs, set }: SweepRequest): SweepRun[] {
  const models = files.filter(file => loadAnyConfig(file, []).kind === 'lrm').length;
  const planned = (seeds ?? [undefined]).flatMap(seed => {
    const seeded = seed === undefined ? [] : [`seed=${seed}`];
    let model: string | undefined;
    return files.map((file): SweepRun => {
      const { kind, config } = loadAnyConfig(file, seeded);
      if (kind === 'oracle')
        throw new RecodiError(
          'usage',
          `${file}: a sweep is of models and of runs that read them; train an oracle by \`recodi oracle train ${file}\`.`,
        );
      const inFolder = (name: string, sets: readonly string[]) => {
        const folder = join(runs, String(config.seed), name);
        return { kind, file, seed: config.seed, folder, sets: [...seeded, ...sets] };
      };
      if (kind === 'lrm') {
        const run = inFolder(config.name, []);
        model = run.folder;
        return run;
      }
      if (model === undefined) return inFolder(config.name, set);
      const name = models > 1 ? `${config.name}-of-${basename(model)}` : config.name;
      return inFolder(name, [...set, `name=${name}`, `lrm=${resolve(runPaths(model).model)}`]);
    });
  });
  const twice = planned.find(({ folder }, i) => planned.findIndex(other => other.folder === folder) !== i);
  if (!twice) return planned;
  throw new RecodiError(
    'config',
    `${twice.file}: another config of the sweep is for ${twice.folder} too; give one of them another name.`,
  );
}

/**
 * How far a run is.
 * @throws RecodiError('input') for a folder that was made with other settings than the config has now.
 */
export function stateOf({ kind, file, folder, sets }: SweepRun): 'new' | 'begun' | 'finished' {
  if (!existsSync(runPaths(folder).config)) return 'new';
  const { schema, config } = loadAnyConfig(file, sets);
  const { config: pinned, paths } = openRun(folder, schema);
  // Workers and device change no result.
  const { workers, device } = pinned;
  if (!isDeepStrictEqual(pinned, { ...config, workers, device }))
    throw new RecodiError(
      'input',
      `${folder}: made with other settings than ${file} has now; name another folder with --runs, or remove that one.`,
    );
  const last = kind === 'lrm' ? join(paths.model, 'training.json') : paths.evaluation;
  return existsSync(last) ? 'finished' : 'begun';
}
