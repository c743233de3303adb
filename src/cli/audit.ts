/** `recodi audit RUN`: what the model thinks that its questions do not say, and which of their words go with it. */
import type { Command } from 'commander';
import { defineCommand, wholeNumber } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

interface AuditOptions extends ReadingOptions {
  readonly problems: number;
}

const PROBLEMS = 800;

export function registerAudit(program: Command): void {
  defineCommand<AuditOptions>(
    readingOptions(
      program
        .command('audit')
        .description(
          'read held-out problems; list the thoughts that their questions do not account for, and the words that go with them; writes audit.json',
        )
        .argument('<run>', 'run folder')
        .option('--problems <n>', 'held-out problems that are read; a rare rule takes more', wholeNumber, PROBLEMS),
    ),
    {
      examples: [
        'recodi audit runs/arithmetic-planted',
        'recodi audit runs/arithmetic-planted-pair --problems 3000 --json',
      ],
      work: async (context, { problems, ...options }, folder = '') => {
        const { auditRun } = await import('../audit/audit.ts');
        const { formatAudit } = await import('./auditText.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const audit = await withTrainedRun(context, folder, options, bench => auditRun(bench, problems));
        context.print(audit, () => formatAudit(audit));
      },
    },
  );
}
