import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { readJsonl } from '../run/jsonl.ts';
import { openLog } from '../run/log.ts';
import { dependsOnMachine } from '../run/metrics.ts';
import { createRun, type RunPaths } from '../run/paths.ts';
import type { Progress } from '../run/progress.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import type { Pool } from '../tensor/pool.ts';
import { type TrainConfig, trainConfigSchema } from './config.ts';
import { quiet } from './embedded.fixture.ts';
import { ppoTask } from './ppoTask.ts';
import { runTraining } from './train.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-run-'));
let lrm: string;
beforeAll(async () => {
  await useDevice('onnx');
  lrm = (await tinyLrm()).folder;
});
afterAll(closeEngine);

interface Changes {
  readonly seed?: number;
  readonly policy?: object;
  readonly warm_start?: object;
  readonly ppo?: object;
  readonly alarms?: object;
}

function begin(name: string, { seed, policy, warm_start, ppo, alarms }: Changes = {}) {
  const config = trainConfigSchema.parse({
    name,
    seed,
    lrm,
    targets: { space: 'raw', latents: [1], problems: { train: 10, validation: 8, test: 8 } },
    policy: { max_new_tokens: 4, ...policy },
    warm_start: { steps: 3, batch_size: 4, micro_batch_size: 4, pool: 16, ...warm_start },
    ppo: {
      updates: 2,
      problems_per_update: 4,
      samples_per_problem: 2,
      rollout_chunk: 8,
      minibatch_size: 8,
      micro_batch_size: 8,
      epochs: 1,
      checkpoint_every: 10,
      validate_every: 10,
      ...ppo,
    },
    alarms,
  });
  return { config, paths: createRun(folder, trainConfigSchema, config) };
}

function logOf(paths: RunPaths) {
  const log = openLog(paths.log);
  return { log, warn: (sentence: string) => log.warn(sentence) };
}

function train(
  { config, paths }: { config: TrainConfig; paths: RunPaths },
  options: { resume?: boolean; signal?: AbortSignal } = {},
) {
  const { resume = false, signal = new AbortController().signal } = options;
  return runTraining({ config, paths, pool: inlinePool(), signal, resume, progress: quiet, ...logOf(paths) });
}

const metricsOf = ({ metrics }: RunPaths) =>
  readJsonl(metrics).map(line => Object.fromEntries(Object.entries(line).filter(([name]) => !dependsOnMachine(name))));
const phases = (paths: RunPaths) => readJsonl(paths.metrics).map(({ phase, update }) => `${phase} ${update}`);
const policy = (paths: RunPaths, which = 'policy') => readFileSync(join(paths.folder, which, 'policy.safetensors'));

describe('a training', () => {
  it('without PPO leaves the warm start as its policy, and is finished', async () => {
    const run = begin('warm', { ppo: { updates: 0 } });
    expect((await train(run)).finished).toBe(true);
    expect(phases(run.paths)).toEqual(['warm_start 1', 'warm_start 2', 'warm_start 3', 'ppo 0']);
    expect(policy(run.paths).equals(policy(run.paths, 'warm_start'))).toBe(true);
    expect((await train(run, { resume: true })).finished).toBe(true);
    expect(phases(run.paths)).toHaveLength(4);
  });

  it('begins PPO from another run’s policy where it is told to, and from the model itself without a warm start', async () => {
    const first = begin('first');
    await train(first);
    const second = begin('second', { policy: { init: join(first.paths.folder, 'policy') } });
    await train(second);
    expect(phases(second.paths)).toEqual(['ppo 0', 'ppo 1', 'ppo 2']);
    expect(policy(second.paths, 'warm_start').equals(policy(first.paths))).toBe(true);
    const cold = begin('cold', { warm_start: { steps: 0 } });
    await train(cold);
    expect(phases(cold.paths)).toEqual(['ppo 0', 'ppo 1', 'ppo 2']);
    expect(metricsOf(cold.paths)[1]!['selfcheck/kl']).toBe(0);
  });

  it('of a policy that sees the question shows it one everywhere, and says so in its files', async () => {
    const run = begin('seeing', { policy: { sees_question: true } });
    await train(run);
    const first = metricsOf(run.paths).find(line => line.phase === 'ppo' && line.update === 1);
    expect(first!['selfcheck/ratio_error']).toBeLessThan(1e-4);
    expect(first!['selfcheck/kl']).toBe(0);
    const folder = join(run.paths.folder, 'policy');
    expect(JSON.parse(readFileSync(join(folder, 'policy.json'), 'utf8'))).toMatchObject({ sees_question: true });
    await expect(train(begin('blind', { policy: { init: folder } }))).rejects.toThrow(
      /vectors of 12 and their questions/,
    );
  });

  it('that was killed before its first checkpoint writes no line twice', async () => {
    const run = begin('early', { warm_start: { steps: 0 } });
    await train(run);
    const whole = [metricsOf(run.paths), readFileSync(run.paths.samples, 'utf8')];
    rmSync(run.paths.checkpoints, { recursive: true });
    await train(run, { resume: true });
    expect([metricsOf(run.paths), readFileSync(run.paths.samples, 'utf8')]).toEqual(whole);
  });

  it('keeps what PPO begins from at once: a kill does not cost the warm start', async () => {
    const run = begin('kept', { ppo: { updates: 1 } });
    const stop = new AbortController();
    const progress: Progress = { ...quiet, stage: name => name === 'PPO' && stop.abort() };
    const { config, paths } = run;
    const { finished } = await runTraining({
      config,
      paths,
      pool: inlinePool(),
      signal: stop.signal,
      resume: false,
      progress,
      ...logOf(paths),
    });
    expect(finished).toBe(false);
    expect(existsSync(join(paths.checkpoints, '000003'))).toBe(true);
    await train(run, { resume: true });
    expect(readFileSync(join(paths.checkpoints, 'best'), 'utf8').trim()).toMatch(/^00000[34]$/);
    expect(phases(paths)).toEqual(['warm_start 1', 'warm_start 2', 'warm_start 3', 'ppo 0', 'ppo 1']);
  });

  it('that is interrupted within an update starts nothing more, and goes on from what stood before it', async () => {
    const whole = begin('undisturbed', { ppo: { epochs: 2 } });
    await train(whole);
    const run = begin('interrupted', { ppo: { epochs: 2 } });
    const stop = new AbortController();
    const inner = inlinePool();
    const after: string[] = [];
    let gradients = 0;
    const pool: Pool = {
      ...inner,
      run(task, input, options) {
        if (stop.signal.aborted && !options?.signal?.aborted) after.push(task.name);
        // Under the first of the second update's two gradients.
        if (task.name === ppoTask.name && ++gradients === 3) stop.abort();
        return inner.run(task, input, options);
      },
    };
    const { config, paths } = run;
    const given = { config, paths, pool, signal: stop.signal, resume: false, progress: quiet, ...logOf(paths) };
    expect((await runTraining(given)).finished).toBe(false);
    expect(after).toEqual([]);
    expect(phases(paths).at(-1)).toBe('ppo 1');
    await train(run, { resume: true });
    expect([metricsOf(paths), policy(paths)]).toEqual([metricsOf(whole.paths), policy(whole.paths)]);
  });

  it('whose numbers are no longer finite stops, and says where and what to change', async () => {
    const run = begin('broken', { warm_start: { steps: 5, lr: 1e30, warmup: 0, max_grad_norm: 1e30 } });
    await expect(train(run)).rejects.toThrow(/warm start, step \d: .*lower warm_start\.lr.*There is no checkpoint yet/);
    expect(metricsOf(run.paths).at(-1)).toMatchObject({ skipped_updates: 1 });
  });

  it('that an alarm stops keeps its checkpoints, says why, and goes on past it where it is resumed', async () => {
    const changes = { seed: 2, ppo: { updates: 3 } };
    const bounds = { window: 2, kl: -1, last_token: 0.9 };
    const whole = begin('warned', { ...changes, alarms: bounds });
    await train(whole);
    const run = begin('alarmed', { ...changes, alarms: { ...bounds, stop: ['kl', 'last_token'] } });
    const { paths } = run;
    const first =
      /^Alarm last_token: at update 0 .*, over alarms\.last_token, 0\.9\. .*`recodi resume .*alarmed` goes on from .*000003/;
    await expect(train(run)).rejects.toMatchObject({ code: 'gate', message: expect.stringMatching(first) });
    expect(phases(paths).at(-1)).toBe('ppo 0');
    const kl =
      /^Alarm kl: at update 2 \(mean of 2 updates\), the KL to the warm start was .*, over alarms\.kl, -1\. .*raise ppo\.kl\.coef.*`recodi resume .*alarmed` goes on from .*000005/;
    await expect(train(run, { resume: true })).rejects.toMatchObject({
      code: 'gate',
      message: expect.stringMatching(kl),
    });
    expect(phases(paths).at(-1)).toBe('ppo 2');
    expect(metricsOf(paths).at(-1)).toHaveProperty('alarms/kl');
    expect(readFileSync(paths.log, 'utf8')).toMatch(/"level":"error".*Alarm kl/);
    expect(existsSync(join(paths.checkpoints, '000003'))).toBe(true);
    expect(existsSync(join(paths.policy, 'policy.json'))).toBe(true);
    expect((await train(run, { resume: true })).finished).toBe(true);
    expect([metricsOf(paths), policy(paths)]).toEqual([metricsOf(whole.paths), policy(whole.paths)]);
    expect(readFileSync(whole.paths.log, 'utf8').match(/"level":"warn".*Alarm kl/g)).toHaveLength(1);
  });
});
