/**
 * One run kept ready to compute: its policies, targets and bank in memory, its model's graphs warm in a worker thread. What the model
 * thought about the latest questions is remembered, and what was read of it; so is the oracle that was asked about it. Nothing is written into the run folder.
 */
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { openTrainedRun } from '../cli/trainedRun.ts';
import { type Bank, buildBank } from '../eval/bank.ts';
import { type Bench, openBench } from '../eval/bench.ts';
import type { Asked, Inversion } from '../eval/invert.ts';
import { type AskableOracle, openOracle } from '../oracle/ask.ts';
import { oracleConfigSchema } from '../oracle/config.ts';
import { RecodiError } from '../run/errors.ts';
import { openRun, type RunPaths, runPaths } from '../run/paths.ts';
import type { Progress } from '../run/progress.ts';
import { createPool, type Pool } from '../tensor/pool.ts';

/** A question's tasks mostly wait for each other, and each thread more would have every graph to make again. */
const WORKERS = 1;
/** Whatever the run was trained on. */
const HERE = ['device=auto'];
/** Questions that are remembered. */
const REMEMBERED = 16;

export interface WarmRun {
  /** The bench of one job, whose signal drops what still waits. */
  benchFor(job: Pick<Bench, 'signal' | 'progress'>): Bench;
  bank(bench: Bench): Promise<Bank>;
  /** That of a run folder, opened anew where it was trained further. */
  oracle(bench: Bench, paths: RunPaths, onOpening: () => void): Promise<AskableOracle>;
  readonly asked: Recent<Asked>;
  readonly inverted: Recent<Inversion>;
  close(): Promise<void>;
}

export interface Recent<T> {
  get(key: string): T | undefined;
  set(key: string, value: T): void;
}

/** @throws RecodiError for a run that cannot compute. */
export function openReady(folder: string): ReturnType<typeof openTrainedRun> {
  const opened = openTrainedRun(folder, HERE);
  const views = join(opened.paths.translators, 'views.json');
  if (existsSync(views)) return opened;
  throw new RecodiError('input', `${views}: no such file; go on with the run by \`recodi resume ${folder}\`.`);
}

async function openWarm(folder: string): Promise<WarmRun> {
  const { config, paths } = openReady(folder);
  const pool = createPool({ workers: WORKERS, device: config.device });
  let { signal } = new AbortController();
  const ofJob: Pool = { ...pool, run: (task, input) => pool.run(task, input, { signal }) };
  let bank: Bank | undefined;
  let oracle: { readonly key: string; readonly opened: AskableOracle } | undefined;
  try {
    const opened = await openBench({ config, paths, pool: ofJob, signal, progress: silent });
    return {
      benchFor(job) {
        signal = job.signal;
        return { ...opened, ...job };
      },
      async bank(bench) {
        bank ??= await buildBank(bench, { keep: false });
        return bank;
      },
      async oracle(bench, { folder, config, oracle: inside }, onOpening) {
        const key = keyOf(folder, [config, join(inside, 'oracle.safetensors')]);
        if (oracle?.key === key) return oracle.opened;
        onOpening();
        const { config: asked } = openRun(folder, oracleConfigSchema, HERE);
        oracle = { key, opened: await openOracle(asked, inside, bench, bench) };
        return oracle.opened;
      },
      asked: recent(REMEMBERED),
      inverted: recent(REMEMBERED),
      close: pool.close,
    };
  } catch (thrown) {
    await pool.close();
    throw thrown;
  }
}

const silent: Progress = { stage() {}, update() {}, note() {}, close() {} };

function recent<T>(most: number): Recent<T> {
  const kept = new Map<string, T>();
  return {
    get: key => kept.get(key),
    set(key, value) {
      kept.delete(key);
      kept.set(key, value);
      for (const oldest of kept.keys()) {
        if (kept.size <= most) return;
        kept.delete(oldest);
      }
    },
  };
}

export interface WarmRuns {
  /** The run, warm; the one before makes way, and so does the run as it was before its files changed. Never called twice at once. */
  open(folder: string, onOpening: () => void): Promise<WarmRun>;
  close(): Promise<void>;
}

/** At most one run is kept warm: each holds a model's graphs. */
export function keepWarm(): WarmRuns {
  let kept: { readonly key: string; readonly run: WarmRun } | undefined;
  async function close() {
    await kept?.run.close();
    kept = undefined;
  }
  return {
    async open(folder, onOpening) {
      const { config: file, policy } = runPaths(folder);
      const key = keyOf(folder, [file, join(policy, 'policy.safetensors')]);
      if (kept?.key === key) return kept.run;
      onOpening();
      await close();
      kept = { key, run: await openWarm(folder) };
      return kept.run;
    },
    close,
  };
}

/** Another where the run was trained further, and so its files are others. */
function keyOf(folder: string, files: readonly string[]): string {
  const stamps = files.map(path => {
    const stat = statSync(path, { throwIfNoEntry: false });
    return stat && [stat.size, stat.mtimeMs];
  });
  return JSON.stringify([folder, stamps]);
}
