/** Worker processes for tests: `recodi worker` as a user starts it, with what it prints. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { packageFolder } from '../run/package.ts';

const PATIENCE_MS = 20_000;

export interface WorkerProcess {
  readonly child: ChildProcess;
  /** All that it has printed. */
  said(): string;
  /** SIGTERM, and waits for the end; not for ever. */
  stop(): Promise<number | null>;
  kill(): void;
}

export interface WorkerChoices {
  /** The script that is run in place of the command line; it gets the same arguments. */
  readonly entry?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export function startWorker(
  redis: string,
  args: readonly string[] = [],
  { entry = 'src/cli/main.ts', env = {} }: WorkerChoices = {},
): WorkerProcess {
  const command = [
    '--import',
    'tsx',
    join(packageFolder(), entry),
    'worker',
    '--redis',
    redis,
    '--workers',
    '1',
    ...args,
  ];
  const child = spawn(process.execPath, command, { cwd: packageFolder(), env: { ...process.env, ...env } });
  let text = '';
  child.stdout?.on('data', data => {
    text += data;
  });
  child.stderr?.on('data', data => {
    text += data;
  });
  const ended = new Promise<number | null>(resolve => child.once('exit', resolve));
  process.once('exit', () => child.kill('SIGKILL'));
  return {
    child,
    said: () => text,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      return ended.finally(() => clearTimeout(late));
    },
    kill: () => child.kill('SIGKILL'),
  };
}

/** Waits until `holds`; the test's own time limit ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(50);
}
