/** For tests: the embedded model and its embedded warm start, as a run that was never trained further; two results are read. */
import { cpSync, existsSync, mkdtempSync, renameSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { inject } from 'vitest';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { type TrainConfig, trainConfigSchema } from '../rl/config.ts';
import { EMBEDDED, quiet } from '../rl/embedded.fixture.ts';
import { loadPolicy, policySpec } from '../rl/policyFiles.ts';
import { type Preparation, type Prepared, prepare } from '../rl/prepare.ts';
import { sha256 } from '../run/config/pin.ts';
import { createRun } from '../run/paths.ts';
import { createShared } from '../tensor/shared.ts';
import type { Bench } from './bench.ts';

/** Targets and views are made by the first test that asks for such; others, in other files too, read copies of its files. */
async function preparedOnce(preparation: Preparation): Promise<Prepared> {
  const { config, paths } = preparation;
  const kept = join(inject('kept'), sha256(JSON.stringify([config.targets, config.reward])));
  if (existsSync(kept)) {
    cpSync(kept, paths.folder, { recursive: true });
    return prepare(preparation);
  }
  const prepared = await prepare(preparation);
  const copy = mkdtempSync(`${kept}-`);
  for (const path of [paths.targets, paths.targetVectors, paths.translators])
    cpSync(path, join(copy, basename(path)), { recursive: true });
  // Where another test was as far at the same time, its files are kept: they are the same.
  if (!existsSync(kept)) renameSync(copy, kept);
  return prepared;
}

/** `targets`: as asked for, in place of the fixture's own. */
export async function embeddedBench(targets: Partial<TrainConfig['targets']> = {}): Promise<Bench> {
  const problems = { train: 600, validation: 16, test: 20, steps: 3 };
  const config = trainConfigSchema.parse({
    ...EMBEDDED,
    name: 'embedded',
    targets: { ...EMBEDDED.targets, latents: [1, 3], problems, ...targets },
    reward: { whitening: targets.space === 'raw' ? 'pooled' : 'residual' },
    eval: { bank: 1000, best_of: 8, problems: 20 },
  });
  const pool = inlinePool();
  const signal = new AbortController().signal;
  const paths = createRun(mkdtempSync(join(tmpdir(), 'recodi-embedded-')), trainConfigSchema, config);
  const prepared = await preparedOnce({ config, paths, pool, signal, progress: quiet });
  const policy = policySpec(prepared.client.lrm, config.policy);
  const { params, text } = loadPolicy(config.policy.init!, policy);
  return {
    config,
    paths,
    pool,
    signal,
    progress: quiet,
    ...prepared,
    policy,
    text,
    trained: createShared('embedded', params),
    warmStart: createShared('embedded', params),
  };
}
