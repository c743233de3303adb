/** What the model's own head shows of its thoughts about questions: the numbers among the likeliest tokens of each state. */
import { isNumber } from '../worlds/notation.ts';
import type { Bench } from './bench.ts';
import type { Projection } from './projection.ts';

/** Lens tokens per state (arXiv 2604.04902). */
export const TOP = 10;

/** One per question, as tokens. */
export async function project(
  { client }: Pick<Bench, 'client'>,
  questions: readonly (readonly number[])[],
): Promise<Projection[]> {
  const { spec, tokenizer } = client.lrm;
  const thoughts = await client.think(questions, { top: TOP });
  const numberOf = (id: number) => {
    const word = tokenizer.decode([id]).trim();
    return isNumber(word) ? Number(word) : Number.NaN;
  };
  const states = spec.latents + 1;
  return questions.map((_, row) => ({
    answer: numberOf(thoughts.answers[row]!),
    shown: Array.from({ length: states }, (_, state) => {
      const from = (row * states + state) * TOP;
      return [...thoughts.lens.subarray(from, from + TOP)].flatMap((id, rank) => {
        const value = numberOf(id);
        return Number.isNaN(value) ? [] : [{ value, rank }];
      });
    }),
  }));
}
