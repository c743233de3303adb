/**
 * What the commands that compute share: the options that override a config, and the pool of workers, which is always
 * closed again.
 */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DECODES, type Decode } from '../rl/decodes.ts';
import { workerCount } from '../run/workers.ts';
import type { DeviceChoice } from '../tensor/devices.ts';
import type { Pool } from '../tensor/pool.ts';
import { type CommonOptions, positiveNumber, repeated, wholeNumber } from './command.ts';

export interface ComputeOptions extends CommonOptions {
  readonly workers?: 'auto' | number;
  readonly device?: DeviceChoice;
}

/** The options of the commands that read a trained run. */
export interface ReadingOptions extends ComputeOptions {
  readonly decode?: Decode;
  readonly set?: readonly string[];
}

export interface CheckpointOptions {
  readonly checkpointEvery?: number;
  readonly checkpointMinutes?: number;
}

/** The options of `recodi resume`. */
export interface ResumeOptions extends ComputeOptions, CheckpointOptions {
  /** false: of the main job, train only. */
  readonly eval?: boolean;
}

export interface StartOptions extends ComputeOptions, CheckpointOptions {
  readonly name?: string;
  readonly runs: string;
  readonly overwrite?: boolean;
  readonly set?: readonly string[];
}

const workersOption = (value: string) => (value === 'auto' ? value : wholeNumber(value));

/** --workers and --device: what changes no result. */
export function computeOptions(command: Command): Command {
  return command
    .option('--workers <n>', 'threads that compute: auto or a number; never changes a result', workersOption)
    .addOption(new Option('--device <device>', 'what computes').choices(['auto', 'onnx', 'tensorflow', 'cpu']));
}

/** computeOptions, and what of a run's config changes how it is read but not what was trained. */
export function readingOptions(command: Command): Command {
  return computeOptions(command)
    .addOption(new Option('--decode <how>', 'how texts are found; short for --set eval.decode').choices(DECODES))
    .option('--set <key=value>', 'override a key of eval or labels, as eval.grammar=false (repeatable)', readingKey);
}

function readingKey(value: string, before?: readonly string[]): string[] {
  if (/^(eval|labels)\./.test(value)) return repeated(value, before);
  throw new InvalidArgumentError('only keys of eval and labels can be changed after training, as eval.grammar=false.');
}

/** --checkpoint-every and --checkpoint-minutes: what changes how much an interruption costs, and no result. */
export function checkpointOptions(command: Command): Command {
  return command
    .option('--checkpoint-every <n>', 'updates between checkpoints', wholeNumber)
    .option('--checkpoint-minutes <n>', 'minutes between checkpoints, where that is sooner', positiveNumber);
}

/** --set of commands that read whole configs. */
export const settingOption = (command: Command): Command =>
  command.option('--set <key=value>', 'override a key, as ppo.clip=0.1 (repeatable)', repeated);

/** The options of commands that begin a run from a config. */
export function startOptions(command: Command): Command {
  return computeOptions(
    checkpointOptions(
      settingOption(
        command
          .option('--name <name>', 'name of the run, in place of the one in the config')
          .option('--runs <folder>', 'folder that holds the runs', 'runs')
          .option('--overwrite', 'replace a run of that name'),
      ),
    ),
  );
}

/** The options as overrides of a config. */
export function overrides(options: ReadingOptions & Partial<StartOptions>): string[] {
  const named = (['name', 'workers', 'device'] as const).flatMap(key =>
    options[key] === undefined ? [] : [`${key}=${options[key]}`],
  );
  const decode = options.decode === undefined ? [] : [`eval.decode=${options.decode}`];
  return [...(options.set ?? []), ...named, ...decode];
}

/** The checkpoint options as overrides of a config that has those keys in `section` (`ppo.`, or '' for the top). */
export function checkpointOverrides(options: CheckpointOptions, section: 'ppo.' | ''): string[] {
  const { checkpointEvery: every, checkpointMinutes: minutes } = options;
  return [
    ...(every === undefined ? [] : [`${section}checkpoint_every=${every}`]),
    ...(minutes === undefined ? [] : [`${section}checkpoint_minutes=${minutes}`]),
  ];
}

export interface Compute {
  readonly workers: 'auto' | number;
  readonly device: DeviceChoice;
}

/** Opens the pool that a config asks for, and closes it whatever happens. `onLost` hears of workers that died and were replaced. */
export async function withPool<T>(
  { workers, device }: Compute,
  work: (pool: Pool) => Promise<T>,
  onLost?: (sentence: string) => void,
): Promise<T> {
  const { createPool } = await import('../tensor/pool.ts');
  const pool = createPool({ workers: workerCount(workers), device, ...(onLost && { onLost }) });
  try {
    return await work(pool);
  } finally {
    await pool.close();
  }
}
