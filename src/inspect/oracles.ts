/**
 * Which oracle answers questions about a run: the first that was trained on it, of the runs that were named and then of those that lie
 * beside it. A request names none, so no path comes from outside.
 */
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { CONFIG_LIMIT } from '../run/config/source.ts';
import { readText } from '../run/files.ts';
import { type RunPaths, runPaths } from '../run/paths.ts';
import type { RunReader } from './runReader.ts';

/** What tells a config of `recodi oracle train`, and the run that it was trained on. */
const configSchema = z.looseObject({ tasks: z.looseObject({}), run: z.string() });

export function oracleOf({ folder }: RunReader, runs: readonly RunReader[]): RunPaths | undefined {
  const beside = dirname(resolve(folder));
  const folders = [...runs.map(run => run.folder), ...foldersIn(beside)];
  return folders.map(runPaths).find(paths => existsSync(join(paths.oracle, 'oracle.json')) && isOf(paths, folder));
}

const foldersIn = (folder: string) => quietly(() => readdirSync(folder).sort(), []).map(name => join(folder, name));

const isOf = (oracle: RunPaths, run: string) =>
  quietly(() => {
    const config = configSchema.parse(parse(readText(oracle.config, CONFIG_LIMIT), { logLevel: 'error' }));
    return realpathSync(resolve(oracle.folder, config.run)) === realpathSync(run);
  }, false);

/** A folder that cannot be read is of no oracle of ours. */
function quietly<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
