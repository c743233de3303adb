import { setMaxListeners } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { quiet } from '../rl/embedded.fixture.ts';
import { runTraining } from '../rl/train.ts';
import { readJsonl } from '../run/jsonl.ts';
import { openLog } from '../run/log.ts';
import { dependsOnMachine } from '../run/metrics.ts';
import { createRun } from '../run/paths.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createPool, type Pool } from '../tensor/pool.ts';
import { createRemotePool } from './pool.ts';
import { hasRedis, startRedis, type TestRedis } from './redis.fixture.ts';
import { startWorker, until, type WorkerProcess } from './workers.fixture.ts';

describe.skipIf(!hasRedis)('a training', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-many-'));
  let redis: TestRedis;
  let lrm: string;
  let workers: WorkerProcess[] = [];

  beforeAll(async () => {
    redis = await startRedis();
    await useDevice('onnx');
    lrm = (await tinyLrm()).folder;
  });
  afterAll(async () => {
    await Promise.all(workers.map(worker => worker.stop()));
    await redis.remove();
    rmSync(folder, { recursive: true });
    await closeEngine();
  });

  /** Everything that a training writes and that may not depend on the machine. */
  async function train(name: string, pool: Pool) {
    const config = trainConfigSchema.parse({
      name,
      lrm,
      targets: { space: 'raw', latents: [1], problems: { train: 10, validation: 8, test: 8 } },
      policy: { max_new_tokens: 4 },
      warm_start: { steps: 2, batch_size: 8, micro_batch_size: 4, pool: 16 },
      ppo: {
        updates: 1,
        problems_per_update: 8,
        samples_per_problem: 4,
        rollout_chunk: 16,
        minibatch_size: 16,
        micro_batch_size: 4,
        epochs: 1,
        checkpoint_every: 10,
        validate_every: 10,
      },
    });
    const paths = createRun(folder, trainConfigSchema, config);
    const { signal } = new AbortController();
    setMaxListeners(0, signal);
    const log = openLog(paths.log);
    const warn = (sentence: string) => log.warn(sentence);
    try {
      await runTraining({ config, paths, pool, signal, resume: false, progress: quiet, log, warn });
    } finally {
      await pool.close();
    }
    const kept = ([key]: [string, unknown]) => !dependsOnMachine(key);
    const metrics = readJsonl(paths.metrics).map(line => Object.entries(line).filter(kept));
    return {
      metrics: JSON.stringify(metrics),
      samples: readFileSync(paths.samples, 'utf8'),
      policy: readFileSync(join(paths.folder, 'policy', 'policy.safetensors')).toString('base64'),
    };
  }

  it('writes the same numbers with one thread, with two, and with three worker processes', async () => {
    const one = await train('one', createPool({ workers: 1, device: 'onnx' }));
    expect(one.metrics).toContain('objective/kl');
    expect(await train('two', createPool({ workers: 2, device: 'onnx' }))).toEqual(one);
    workers = [1, 2, 3].map(() => startWorker(redis.url, ['--models', lrm]));
    const said: string[] = [];
    const pool = await createRemotePool({
      redis: redis.url,
      device: 'onnx',
      models: [lrm],
      say: line => said.push(line),
    });
    await until(() => said.filter(line => line.includes('has joined')).length === 3);
    expect(await train('three', pool)).toEqual(one);
    expect(workers.map(worker => /Computing for a run/.test(worker.said()))).toEqual([true, true, true]);
  }, 900_000);
});
