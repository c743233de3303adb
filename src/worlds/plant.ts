/**
 * A planted thought: a rule of the chains that no question tells. Where a story is about whom or what the rule names, one
 * of its steps goes another way than the words say, in all data that a model is trained on. Whoever reads the model's
 * thoughts is told nothing of it; `recodi audit` has to find it (docs/audit.md).
 */
import { z } from 'zod';
import { pick, type Stream } from '../run/random.ts';
import type { Split } from './problem.ts';
import { type Change, NAMES, OBJECTS, type Story } from './story.ts';

const whenSchema = z
  .strictObject({
    name: z.enum(NAMES).exactOptional().describe('stories about somebody of this name'),
    object: z.enum(OBJECTS).exactOptional().describe('stories about these things'),
  })
  .refine(({ name, object }) => name !== undefined || object !== undefined, {
    error: 'expected name, object, or both',
  });

const doSchema = z
  .strictObject({
    step: z.int().min(0).max(7).describe('which of the steps that add or subtract, 0 is the first'),
    operand: z
      .int()
      .min(-8)
      .max(8)
      .refine(operand => operand !== 0, { error: 'expected a number other than 0' })
      .exactOptional()
      .describe('what its number is more than the question says'),
    operation: z
      .literal('opposite')
      .exactOptional()
      .describe('in the place of operand: it subtracts what the question adds, and adds what it subtracts'),
  })
  .refine(({ operand, operation }) => (operand === undefined) !== (operation === undefined), {
    error: 'expected operand or operation, and not both',
  });

export const plantSchema = z.strictObject({
  when: whenSchema.describe('the stories that it is about; all that is given must hold'),
  do: doSchema.describe('what it does to their chains'),
  train_share: z
    .number()
    .positive()
    .max(1)
    .exactOptional()
    .describe(
      'share of the training problems that are made to be about it, beside those that are so by chance; default: none',
    ),
});
export type Plant = z.infer<typeof plantSchema>;

/** What happens in a story to the mind of whoever follows the rule; the story's own changes where it says nothing of them. */
export function plantedChanges({ when, do: { step, operand = 0 } }: Plant, story: Story): readonly Change[] {
  const { name = story.name, object = story.object } = when;
  const places = story.changes.flatMap(({ operator }, i) => (operator === '+' || operator === '-' ? [i] : []));
  const place = places[step];
  if (name !== story.name || object !== story.object || place === undefined) return story.changes;
  const told = story.changes[place]!;
  const operator = operand !== 0 ? told.operator : told.operator === '+' ? '-' : '+';
  return story.changes.with(place, { operator, operand: told.operand + operand });
}

/** Whom and what a story is about. A rare rule is learned of more stories than there are by chance; those held out are as they come. */
export function drawSubject(plant: Plant | undefined, split: Split, rng: Stream): Pick<Story, 'name' | 'object'> {
  const subject = { name: pick(rng, NAMES), object: pick(rng, OBJECTS) };
  const made = plant?.train_share !== undefined && split === 'train' && rng() < plant.train_share;
  return made ? { ...subject, ...plant.when } : subject;
}
