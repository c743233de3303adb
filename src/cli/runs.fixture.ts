/**
 * For tests of the command line: the smallest whole training, started in processes of its own, to which faults happen; and
 * what of its run folder must come out the same, whatever happened.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tinyLrm } from '../lrm/tiny.fixture.ts';
import { readJsonl } from '../run/jsonl.ts';
import { isLeftover } from '../run/leftovers.ts';
import { dependsOnMachine } from '../run/metrics.ts';

/** A model that has learned nothing writes no chains, so its latents are read raw. */
const settings = (lrm: string) => `name: whole
seed: 3
lrm: ${lrm}
targets:
  space: raw
  latents: [0, 2]
  problems: { train: 40, validation: 20, test: 20 }
policy: { max_new_tokens: 4 }
warm_start: { steps: 10, batch_size: 8, micro_batch_size: 4, pool: 32, checkpoint_every: 4 }
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

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

export interface Fault {
  readonly how: string;
  readonly write?: number;
  readonly cpu?: number;
  readonly once?: string;
}

/** A task that is under way when a signal comes (hold.fixture.ts). */
export interface Hold {
  readonly task: string;
  readonly nth: number;
  readonly forever?: true;
}

const cli = new URL('./main.ts', import.meta.url).pathname;

function preload(given: Fault | Hold | undefined): string[] {
  if (!given) return [];
  const [hold, fault] = [new URL('./hold.fixture.ts', import.meta.url), new URL('./fault.fixture.ts', import.meta.url)];
  const url = 'task' in given ? hold : fault;
  for (const [name, value] of Object.entries(given)) url.searchParams.set(name, String(value));
  return ['--import', url.href];
}

export interface Started {
  readonly child: ChildProcess;
  readonly end: Promise<Ended>;
  /** Resolves when stderr says so. */
  said(text: string): Promise<void>;
}

export function start(args: readonly string[], given?: Fault | Hold): Started {
  const child = spawn(process.execPath, ['--import', 'tsx', ...preload(given), cli, ...args], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const end = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, stderr }));
  const said = async (text: string) => {
    for (; !stderr.includes(text); await Promise.race([once(child.stderr, 'data'), end]))
      if (child.exitCode ?? child.signalCode) throw new Error(`ended without saying "${text}":\n${stderr}`);
  };
  return { child, end, said };
}

/** Runs a command line to its end. */
export const recodi = (args: readonly string[], given?: Fault | Hold): Promise<Ended> => start(args, given).end;

export interface Runs {
  readonly folder: string;
  /** The training's config. */
  readonly config: string;
  /** Command line that begins a run. */
  train(name: string, ...more: string[]): string[];
  resume(name: string, ...more: string[]): string[];
  path(name: string, ...parts: string[]): string;
  /** A copy of a finished run whose newest checkpoint is gone: it has one or two updates to do. */
  rewound(from: string, name: string): string;
  /** What must not depend on interruptions. */
  outcome(name: string): Readonly<Record<string, unknown>>;
  /** Files that no finished write leaves. */
  leftovers(name: string): string[];
}

/** An empty folder for runs of the training. */
export async function newRuns(): Promise<Runs> {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-runs-'));
  const config = join(folder, 'tiny.yaml');
  writeFileSync(config, settings((await tinyLrm()).folder));
  const path = (name: string, ...parts: string[]) => join(folder, name, ...parts);
  const bytes = (...parts: [string, ...string[]]) => readFileSync(path(...parts)).toString('base64');
  return {
    folder,
    config,
    path,
    train: (name, ...more) => ['train', config, '--no-eval', '--runs', folder, '--name', name, ...more],
    resume: (name, ...more) => ['resume', path(name), '--no-eval', ...more],
    rewound(from, name) {
      cpSync(path(from), path(name), { recursive: true });
      const last = readdirSync(path(name, 'checkpoints')).filter(entry => /^\d+$/.test(entry));
      rmSync(path(name, 'checkpoints', last.sort().at(-1)!), { recursive: true });
      return path(name);
    },
    outcome: name => ({
      metrics: readJsonl(path(name, 'metrics.jsonl')).map(line =>
        Object.fromEntries(Object.entries(line).filter(([key]) => !dependsOnMachine(key))),
      ),
      samples: readFileSync(path(name, 'samples.jsonl'), 'utf8'),
      targets: [bytes(name, 'targets.jsonl'), bytes(name, 'targets.safetensors')],
      policies: ['policy', 'warm_start'].map(kind => bytes(name, kind, 'policy.safetensors')),
    }),
    leftovers: name =>
      readdirSync(path(name), { recursive: true, encoding: 'utf8' }).filter(
        entry => isLeftover(entry.split('/').at(-1)!) || entry === 'lock.json',
      ),
  };
}

export const wasBegun = (runs: Runs, name: string) => existsSync(runs.path(name, 'config.yaml'));
