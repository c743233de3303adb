/** `recodi invert RUN --question "…"`: one question, every view of its latent thoughts, each with its text and scores. */
import { type Command, Option } from 'commander';
import type { Decode } from '../eval/decode.ts';
import { defineCommand } from './command.ts';
import { type ComputeOptions, computeOptions } from './start.ts';

interface InvertOptions extends ComputeOptions {
  readonly question: string;
  readonly decode: Decode;
}

const QUESTION = 'Tom has 5 apples. He buys 6 more. He doubles them. How many apples does Tom have?';

export function registerInvert(program: Command): void {
  defineCommand<InvertOptions>(
    computeOptions(
      program
        .command('invert')
        .description('let the model think about a question, and read every latent step of it')
        .argument('<run>', 'run folder')
        .requiredOption('--question <text>', "the question, in the words of the model's vocabulary")
        .addOption(
          new Option('--decode <how>', 'how texts are found')
            .choices(['greedy', 'best_of_n', 'retrieve'])
            .default('retrieve'),
        ),
    ),
    {
      examples: [`recodi invert runs/arithmetic --question "${QUESTION}"`],
      work: async (context, { question, decode, ...options }, folder = '') => {
        const { invertQuestion } = await import('../eval/invert.ts');
        const { formatInversion } = await import('./inversionText.ts');
        const { withTrainedRun } = await import('./trainedRun.ts');
        const inversion = await withTrainedRun(context, folder, options, bench =>
          invertQuestion(bench, { question, how: decode }),
        );
        context.print(inversion, () => formatInversion(inversion));
      },
    },
  );
}
