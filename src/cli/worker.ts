/** `recodi worker`: computes for runs on any machines that share a Redis (docs/many-machines.md). */
import { join } from 'node:path';
import type { Command } from 'commander';
import { packageFolder } from '../run/package.ts';
import { workerCount } from '../run/workers.ts';
import { type CommonOptions, defineCommand, repeated, wholeNumber } from './command.ts';

interface WorkerOptions extends CommonOptions {
  readonly redis: string;
  readonly models?: readonly string[];
  readonly workers?: number;
}

export function registerWorker(program: Command): void {
  defineCommand<WorkerOptions>(
    program
      .command('worker')
      .description('compute for runs that are configured with rollout.pool: bullmq; Ctrl-C ends it after its last task')
      .requiredOption('--redis <url>', 'redis://, rediss:// for TLS, or the file:// of a file that holds the URL')
      .option(
        '--models <folder>',
        'folder that is a model or holds models, beside the embedded ones (repeatable)',
        repeated,
      )
      .option('--workers <n>', 'threads that compute; default: one per core', wholeNumber),
    {
      examples: [
        'recodi worker --redis redis://10.0.0.5:6379',
        'recodi worker --redis file:///etc/recodi/redis --models models',
      ],
      work: async ({ signal, progress }, { redis, models = [], workers }) => {
        const { serve } = await import('../remote/serve.ts');
        const folders = [join(packageFolder(), 'models'), ...models];
        const say = (sentence: string) => progress.note(sentence);
        await serve({ redis, models: folders, threads: workerCount(workers ?? 'auto'), signal, say });
      },
    },
  );
}
