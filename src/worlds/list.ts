/**
 * A world over the problems of the user's files: finite, so requests are answered by drawing without repetition, and
 * the endless stream by drawing with it.
 */
import { z } from 'zod';
import { pathText } from '../run/config/shape.ts';
import { RecodiError } from '../run/errors.ts';
import { integer, type Stream, shuffled, stream } from '../run/random.ts';
import { numberEdits } from './edits.ts';
import { readProblems } from './jsonl.ts';
import { drawSteps } from './mix.ts';
import { countOperators } from './notation.ts';
import { explicitChain, type Problem, type Split, type StepMix, type World } from './problem.ts';

export const jsonlSchema = z.strictObject({
  kind: z.literal('jsonl').describe('problems from files of your own: JSON Lines or a JSON array'),
  path: z
    .union([
      pathText,
      z.strictObject({
        train: pathText.describe('problems to train on'),
        validation: pathText.describe('problems to choose settings on'),
        test: pathText.describe('problems that only the held-out table sees'),
      }),
    ])
    .describe('the file, or one file per split; relative to the config file'),
  answer_prefix: z
    .string()
    .min(1)
    .default('The answer is :')
    .describe('what stands between the thoughts and the answer'),
});
export type JsonlConfig = z.infer<typeof jsonlSchema>;

/** Every word of the problems' texts and the prefix, in code order. */
function words(problems: readonly Problem[], answerPrefix: string): string[] {
  const found = new Set(answerPrefix.split(/\s+/));
  for (const { question, steps, answer } of problems) {
    for (const text of [question, ...steps.map(step => step.text), answer]) {
      for (const word of text.split(/\s+/)) found.add(word);
    }
  }
  found.delete('');
  return [...found].sort();
}

/** The most operators of a step where all steps are equations, 0 otherwise. */
function mostOperators(problems: readonly Problem[]): number {
  const counts = problems.flatMap(problem => problem.steps.map(step => countOperators(step.text)));
  return counts.includes(0) ? 0 : counts.reduce((most, n) => Math.max(most, n), 0);
}

/** Hands out the problems of a split, whole or by number of steps. */
class Shelves {
  readonly #problems: readonly Problem[];
  readonly #shelves = new Map<string, readonly Problem[]>();

  constructor(problems: readonly Problem[]) {
    this.#problems = problems;
  }

  get(split: Split, steps: number | undefined): readonly Problem[] {
    const key = `${split} ${steps}`;
    const shelf =
      this.#shelves.get(key) ??
      this.#problems.filter(p => p.split === split && (steps === undefined || p.steps.length === steps));
    this.#shelves.set(key, shelf);
    return shelf;
  }
}

/** A world over these problems. */
export function createListWorld(name: string, problems: readonly Problem[], answerPrefix: string): World {
  const shelves = new Shelves(problems);
  const maxOperators = mostOperators(problems);
  let vocabulary: readonly string[] | undefined;
  let questions: ReadonlySet<string> | undefined;
  const draw = (steps: StepMix | undefined, rng: Stream) => (steps === undefined ? undefined : drawSteps(steps, rng));

  function exhausted(split: Split, steps: number | undefined, count: number): RecodiError {
    const kind = steps === undefined ? `${split} problems` : `${split} problems of ${steps} steps`;
    const held = shelves.get(split, steps).length;
    const message = `The ${name} world was asked for ${count} problems and its files hold only ${held} ${kind}; ask for fewer, or bring more.`;
    return new RecodiError('config', message);
  }

  return {
    name,
    answerPrefix,
    get vocabulary() {
      vocabulary ??= words(problems, answerPrefix);
      return vocabulary;
    },
    ...(maxOperators > 0 ? { equations: { maxOperators } } : {}),
    chain: explicitChain,
    edits({ question }) {
      questions ??= new Set(problems.map(problem => problem.question));
      return numberEdits(question).filter(edit => !questions!.has(edit.question));
    },
    generator(split, rng, steps) {
      const length = draw(steps, rng);
      const shelf = shelves.get(split, length);
      const problem = shelf[integer(rng, shelf.length)];
      if (!problem) throw exhausted(split, length, 1);
      return problem;
    },
    problems({ split, count, seed, steps }) {
      const rng = stream(seed, `${name} problems ${split}`);
      const queues = new Map<number | undefined, Problem[]>();
      return Array.from({ length: count }, () => {
        const length = draw(steps, rng);
        const queue = queues.get(length) ?? shuffled(rng, shelves.get(split, length));
        queues.set(length, queue);
        const problem = queue.pop();
        if (!problem) throw exhausted(split, length, count);
        return problem;
      });
    },
  };
}

/** @throws RecodiError('input') with file and line for a file that cannot be used. */
export function createJsonlWorld({ path, answer_prefix }: JsonlConfig): World {
  const files =
    typeof path === 'string'
      ? [{ path }]
      : (['train', 'validation', 'test'] as const).map(split => ({ path: path[split], split }));
  return createListWorld('jsonl', readProblems(files), answer_prefix);
}
