/** `recodi invert RUN --question "…"`: one question, every view of its latent thoughts, each with its text and scores. */
import type { Command } from 'commander';
import { defineCommand } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

interface InvertOptions extends ReadingOptions {
  readonly question: string;
}

const QUESTION = 'Tom has 5 apples. He buys 6 more. He doubles them. How many apples does Tom have?';

export function registerInvert(program: Command): void {
  defineCommand<InvertOptions>(
    readingOptions(
      program
        .command('invert')
        .description('let the model think about a question, and read every latent step of it')
        .argument('<run>', 'run folder')
        .requiredOption('--question <text>', "the question, in the words of the model's vocabulary"),
    ),
    {
      examples: [`recodi invert runs/arithmetic --question "${QUESTION}"`],
      work: async (context, { question, ...options }, folder = '') => {
        const { invertQuestion } = await import('../eval/invert.ts');
        const { formatInversion } = await import('./inversionText.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const inversion = await withTrainedRun(context, folder, options, bench => invertQuestion(bench, question));
        context.print(inversion, () => formatInversion(inversion));
      },
    },
  );
}
