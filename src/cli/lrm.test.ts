import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { readJsonl } from '../run/jsonl.ts';
import { dependsOnMachine } from '../run/metrics.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-lrm-'));
const config = join(folder, 'tiny.yaml');
writeFileSync(
  config,
  `name: whole
seed: 3
model: { hidden_size: 16, layers: 1, heads: 2, kv_heads: 1, intermediate_size: 16 }
projection_size: 16
latents: 1
batch_size: 4
micro_batch_size: 2
eval: { problems: 8 }
checkpoint_every: 7
stages:
  - { name: A, steps: 10, student: false }
  - { name: B, steps: 60 }
`,
);

function recodi(...args: string[]): ChildProcess {
  return spawn(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { stdio: 'ignore' });
}

const ended = async (child: ChildProcess) => (await once(child, 'exit'))[0] as number | null;
const metricsOf = (run: string) => join(folder, run, 'metrics.jsonl');
const lines = (run: string) =>
  existsSync(metricsOf(run)) ? readFileSync(metricsOf(run), 'utf8').split('\n').length - 1 : 0;

function numbers(run: string) {
  return readJsonl(metricsOf(run)).map(line =>
    Object.fromEntries(Object.entries(line).filter(([name]) => !dependsOnMachine(name))),
  );
}

async function stopAfter(updates: number, signal: 'SIGINT' | 'SIGKILL', run: string, ...args: string[]) {
  const child = recodi(...args);
  while (lines(run) < updates && child.exitCode === null) await sleep(20);
  child.kill(signal);
  return ended(child);
}

it('an interrupted and a killed training go on to the numbers and the weights of one that never stopped', async () => {
  expect(await ended(recodi('lrm', 'train', config, '--runs', folder, '--workers', '1'))).toBe(0);
  const begin = ['lrm', 'train', config, '--runs', folder, '--name', 'stopped', '--workers', '2'];
  expect(await stopAfter(5, 'SIGINT', 'stopped', ...begin)).toBe(130);
  const first = lines('stopped');
  const resume = ['resume', join(folder, 'stopped'), '--workers', '2'];
  expect(await stopAfter(first + 20, 'SIGKILL', 'stopped', ...resume)).toBe(null);
  expect(await ended(recodi(...resume))).toBe(0);
  expect(numbers('stopped')).toEqual(numbers('whole'));
  const weights = (run: string) => readFileSync(join(folder, run, 'model', 'model.safetensors'));
  expect(weights('stopped').equals(weights('whole'))).toBe(true);
}, 300_000);
