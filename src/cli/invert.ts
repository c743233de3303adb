/** `recodi invert RUN --question "…"`: every view of the latent thoughts about a question, each with its text and scores. */
import type { Command } from 'commander';
import { defineCommand, repeated } from './command.ts';
import { type ReadingOptions, readingOptions } from './start.ts';

interface InvertOptions extends ReadingOptions {
  readonly question: readonly string[];
}

const QUESTION = 'Tom has 5 apples. He buys 6 more. He doubles them. How many apples does Tom have?';

export function registerInvert(program: Command): void {
  defineCommand<InvertOptions>(
    readingOptions(
      program
        .command('invert')
        .description('let the model think about a question, and read every latent step of it')
        .argument('<run>', 'run folder')
        .requiredOption(
          '--question <text>',
          "the question, in the words of the model's vocabulary; may be given more than once",
          repeated,
        ),
    ),
    {
      examples: [`recodi invert runs/arithmetic --question "${QUESTION}"`],
      work: async (context, { question, ...options }, folder = '') => {
        const { invertQuestions } = await import('../eval/invert.ts');
        const { formatInversion } = await import('./inversionText.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const inversions = await withTrainedRun(context, folder, options, bench => invertQuestions(bench, question));
        const [only] = inversions;
        context.print(inversions.length === 1 ? only : inversions, () =>
          inversions.map(formatInversion).join('\n\n\n'),
        );
      },
    },
  );
}
