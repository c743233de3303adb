/** Begins, resumes, evaluates and asks: what `recodi oracle` and `recodi resume` do between their arguments and src/oracle. */
import { existsSync } from 'node:fs';
import { relative } from 'node:path';
import { openOracle } from '../oracle/ask.ts';
import { collectFacts } from '../oracle/collect.ts';
import { type OracleConfig, oracleConfigSchema } from '../oracle/config.ts';
import { evaluateOracle, type OracleEvaluation } from '../oracle/evaluate.ts';
import { loadOracle, makeOracle } from '../oracle/folder.ts';
import { statisticsOf } from '../oracle/statistics.ts';
import { trainOracle } from '../oracle/train.ts';
import type { Preparation } from '../rl/prepare.ts';
import { loadConfig } from '../run/config/load.ts';
import { RecodiError } from '../run/errors.ts';
import { writeJson } from '../run/files.ts';
import { createRun, openRun, type RunPaths, runPaths } from '../run/paths.ts';
import type { Pool } from '../tensor/pool.ts';
import { createShared } from '../tensor/shared.ts';
import type { CommandContext } from './command.ts';
import { kindOfFile } from './configKinds.ts';
import { type Conversation, converse } from './oracleConversation.ts';
import { formatAnswer, formatOracle } from './oracleText.ts';
import { withOwnedRun } from './ownedRun.ts';
import {
  type ComputeOptions,
  checkpointOverrides,
  overrides,
  type ResumeOptions,
  type StartOptions,
  withPool,
} from './start.ts';
import { openTrainedRun } from './trainedRun.ts';

export async function beginOracleTraining(context: CommandContext, file: string, options: StartOptions): Promise<void> {
  const sets = [...overrides(options), ...checkpointOverrides(options, '')];
  const config = loadConfig(oracleConfigSchema, file, sets);
  openTrainedRun(config.run, []);
  await train(context, config, createRun(options.runs, oracleConfigSchema, config, options), false);
}

export async function resumeOracleTraining(
  context: CommandContext,
  folder: string,
  options: ResumeOptions,
): Promise<void> {
  const { config, paths } = openRun(folder, oracleConfigSchema, [
    ...overrides(options),
    ...checkpointOverrides(options, ''),
  ]);
  await train(context, config, paths, true);
}

/** The run that an oracle is asked about, as what computes on it needs it. */
function preparationOf(
  run: string,
  { signal, progress }: Pick<CommandContext, 'signal' | 'progress'>,
  pool: Pool,
): Preparation {
  return { ...openTrainedRun(run, []), pool, signal, progress };
}

async function train(context: CommandContext, config: OracleConfig, paths: RunPaths, resume: boolean) {
  const { signal, progress, print } = context;
  await withOwnedRun(context, paths, async ({ log, warn }) => {
    const evaluation = await withPool(
      config,
      async pool => {
        const { collected, oracle, statistics } = await gathered(
          config,
          paths,
          preparationOf(config.run, context, pool),
        );
        const job = { config, paths, pool, signal, resume, progress, log, warn, oracle, collected, statistics };
        if (!(await trainOracle(job))) return undefined;
        return evaluate(context, { config, paths, pool }, { collected, oracle });
      },
      warn,
    );
    if (!evaluation) return false;
    print(
      { run: paths.folder, evaluation },
      () => `${formatOracle(evaluation)}\nThe oracle is in ${relative('.', paths.oracle)}\n`,
    );
    return true;
  });
}

type Gathered = Awaited<ReturnType<typeof gathered>>;

async function gathered(config: OracleConfig, paths: RunPaths, of: Preparation) {
  const collected = await collectFacts(config, of);
  const { layers, hiddenSize: targetSize } = collected.client.lrm.spec.model;
  const oracle = await makeOracle(paths.oracle, config, { model: config.model ?? of.config.lrm, targetSize, layers });
  return { collected, oracle, statistics: statisticsOf(collected.parts.train.vectors, targetSize) };
}

async function evaluate(
  { signal, progress }: CommandContext,
  { config, paths, pool }: { readonly config: OracleConfig; readonly paths: RunPaths; readonly pool: Pool },
  { collected, oracle }: Omit<Gathered, 'statistics'>,
): Promise<OracleEvaluation> {
  const { params, statistics, step } = loadOracle(paths.oracle, oracle);
  let begun = false;
  const evaluation = await evaluateOracle({
    config,
    collected,
    step,
    pool,
    signal,
    params: createShared('oracle.evaluated', params),
    teller: {
      oracle: oracle.spec,
      tokenizer: oracle.tokenizer,
      statistics,
      count: collected.client.lrm.spec.latents + 1,
    },
    onProgress(what, done, total) {
      if (!begun) progress.stage('asking the oracle', total);
      begun = true;
      progress.update(done, { about: what });
    },
  });
  writeJson(paths.evaluation, evaluation);
  return evaluation;
}

export async function evaluateOracleRun(
  context: CommandContext,
  folder: string,
  options: ComputeOptions,
): Promise<OracleEvaluation> {
  const { config, paths } = openOracleRun(folder, options);
  return withPool(config, async pool => {
    const made = await gathered(config, paths, preparationOf(config.run, context, pool));
    return evaluate(context, { config, paths, pool }, made);
  });
}

/** @throws RecodiError('input') for a folder that is no run of `recodi oracle train`. */
export function openOracleRun(folder: string, options: ComputeOptions = {}): { config: OracleConfig; paths: RunPaths } {
  const file = runPaths(folder).config;
  if (existsSync(file) && kindOfFile(file) !== 'oracle')
    throw new RecodiError('input', `${folder}: not an oracle's run; name a folder that \`recodi oracle train\` made.`);
  return openRun(folder, oracleConfigSchema, overrides(options));
}

export interface AskOptions extends ComputeOptions {
  readonly run?: string;
  readonly problem?: string;
  readonly step?: readonly number[];
}

/** Asks one question, or, without one, those that come on standard input. */
export async function askOracle(
  context: CommandContext,
  folder: string,
  question: string | undefined,
  options: AskOptions,
): Promise<void> {
  const { config, paths } = openOracleRun(folder, options);
  const { signal, print } = context;
  await withPool(config, async pool => {
    const oracle = await openOracle(config, paths.oracle, preparationOf(options.run ?? config.run, context, pool));
    const { sets, client } = oracle.prepared;
    const problem = options.problem ?? sets.get('test')!.problems[0]!.id;
    const every = Array.from({ length: client.lrm.spec.latents + 1 }, (_, k) => k);
    const steps = options.step ?? every;
    if (question !== undefined) {
      const answered = await oracle.ask({ problem, steps, question }, signal);
      print(answered, () => formatAnswer(answered));
      return;
    }
    const conversation: Conversation = { oracle, problem, steps, signal };
    await converse(conversation);
  });
}
