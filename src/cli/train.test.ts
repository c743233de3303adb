import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { readJsonl } from '../run/jsonl.ts';
import { dependsOnMachine } from '../run/metrics.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-train-'));
const config = join(folder, 'tiny.yaml');

/** A model that has learned nothing writes no chains, so its latents are read raw. */
const settings = (lrm: string) => `name: whole
seed: 3
lrm: ${lrm}
targets:
  space: raw
  latents: [0, 2]
  problems: { train: 40, validation: 20, test: 20 }
policy: { max_new_tokens: 4 }
warm_start: { steps: 30, batch_size: 8, micro_batch_size: 4, pool: 64, checkpoint_every: 11 }
ppo:
  updates: 6
  problems_per_update: 8
  samples_per_problem: 2
  rollout_chunk: 8
  minibatch_size: 8
  micro_batch_size: 4
  epochs: 2
  checkpoint_every: 2
  validate_every: 3
  kl: { coef: 0.02, adaptive: { target: 1, horizon: 100 } }
`;

const recodi = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { stdio: 'ignore' });
const ended = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null;
const fileOf = (run: string, ...names: string[]) => join(folder, run, ...names);

/** Lines of metrics that a run has written in a phase. */
function lines(run: string, phase: string): number {
  const path = fileOf(run, 'metrics.jsonl');
  return existsSync(path) ? readFileSync(path, 'utf8').split(`"phase":"${phase}"`).length - 1 : 0;
}

function numbers(run: string) {
  return readJsonl(fileOf(run, 'metrics.jsonl')).map(line =>
    Object.fromEntries(Object.entries(line).filter(([name]) => !dependsOnMachine(name))),
  );
}

async function stopAt(phase: string, count: number, signal: 'SIGINT' | 'SIGKILL', ...args: string[]) {
  const child = recodi(...args);
  while (lines('stopped', phase) < count && child.exitCode === null) await sleep(5);
  child.kill(signal);
  return ended(child);
}

it('a training that is interrupted and killed goes on to what one that never stopped wrote', async () => {
  writeFileSync(config, settings((await tinyLrm()).folder));
  const begin = (name: string, workers: number) => [
    'train',
    config,
    '--no-eval',
    ...['--runs', folder, '--name', name, '--workers', String(workers)],
  ];
  expect(await ended(recodi(...begin('whole', 1)))).toBe(0);
  expect(await stopAt('warm_start', 4, 'SIGINT', ...begin('stopped', 1))).toBe(130);
  const resume = (workers: number) => ['resume', fileOf('stopped'), '--no-eval', '--workers', String(workers)];
  expect(await stopAt('ppo', 3, 'SIGKILL', ...resume(2))).toBe(null);
  expect(await ended(recodi(...resume(1)))).toBe(0);
  expect(numbers('stopped').length).toBe(36);
  expect(numbers('stopped')).toEqual(numbers('whole'));
  for (const name of ['samples.jsonl', 'targets.jsonl', 'targets.safetensors'])
    expect(readFileSync(fileOf('stopped', name)).equals(readFileSync(fileOf('whole', name))), name).toBe(true);
  for (const policy of ['policy', 'warm_start']) {
    const weights = (run: string) => readFileSync(fileOf(run, policy, 'policy.safetensors'));
    expect(weights('stopped').equals(weights('whole')), policy).toBe(true);
  }
}, 300_000);
