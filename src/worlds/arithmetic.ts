/**
 * Arithmetic word problems: somebody has some things, a few events change how many, how many are there in the end?
 *
 * The chain writes one equation per event. Words are what lies between spaces, numbers are single words from 0 to 99,
 * and the vocabulary is closed. All problems with the same start and operations, whatever their names and objects,
 * are in one split: a held-out problem is held-out arithmetic, not known arithmetic about somebody else.
 */
import { z } from 'zod';
import { RecodiError } from '../run/errors.ts';
import { integer, pick, type Stream, stream } from '../run/random.ts';
import { drawSteps, stepMixSchema } from './mix.ts';
import { equationStep, evaluate, readStep } from './notation.ts';
import { drawSubject, type Plant, plantedChanges, plantSchema } from './plant.ts';
import { type Edit, explicitChain, type Problem, type Split, type StepMix, type World } from './problem.ts';
import { splitOf, textId } from './split.ts';
import {
  ANSWER_PREFIX,
  type Change,
  NAMES,
  phrasesOf,
  pronounAfter,
  readStory,
  STEP_STYLES,
  type StepStyle,
  type Story,
  sentenceStep,
  stepsOf,
  storyWords,
  tell,
} from './story.ts';

const LARGEST_NUMBER = 99;
const SMALLEST_START = 2;
const LARGEST_START = 20;
const LARGEST_TERM = 9;

export const arithmeticSchema = z.strictObject({
  kind: z.literal('arithmetic').describe('generated arithmetic word problems'),
  max_number: z
    .int()
    .min(LARGEST_START)
    .max(LARGEST_NUMBER)
    .default(60)
    .describe('the largest number that a chain may reach'),
  steps: stepMixSchema.default([
    [2, 0.25],
    [3, 0.75],
  ]),
  chain: z
    .enum(Object.keys(STEP_STYLES) as StepStyle[])
    .default('equations')
    .describe('how a chain writes its steps: `<< 5 + 6 = 11 >>`, or `Mia buys 6 more , so 5 plus 6 makes 11 .`'),
  plant: plantSchema
    .exactOptional()
    .describe('a rule that the chains follow and no question tells, for `recodi audit` to find; default: none'),
});
export type ArithmeticConfig = z.infer<typeof arithmeticSchema>;

/** The closed vocabulary: numbers first, then words in code order. */
const vocabulary = (style: StepStyle): readonly string[] => [
  ...Array.from({ length: LARGEST_NUMBER + 1 }, (_, n) => String(n)),
  ...storyWords(style),
];

/** A change as problems draw it: sums and differences twice as often as products and halves. */
function drawChange(rng: Stream): Change {
  const kind = integer(rng, 6);
  if (kind < 4) return { operator: kind < 2 ? '+' : '-', operand: 1 + integer(rng, LARGEST_TERM) };
  return kind === 4 ? { operator: '*', operand: pick(rng, [2, 2, 3]) } : { operator: '/', operand: 2 };
}

/** A change as free text draws it: every form alike. */
function drawFreeChange(rng: Stream): Change {
  const kind = integer(rng, 5);
  if (kind < 2) return { operator: kind === 0 ? '+' : '-', operand: 1 + integer(rng, LARGEST_TERM) };
  return kind === 4 ? { operator: '/', operand: 2 } : { operator: '*', operand: kind };
}

const STARTS = Array.from({ length: LARGEST_START - SMALLEST_START + 1 }, (_, i) => SMALLEST_START + i);
const TERMS = Array.from({ length: LARGEST_TERM }, (_, i) => i + 1);
/** Every change that there is. */
const CHANGES: readonly Change[] = [
  ...TERMS.map(operand => ({ operator: '+', operand }) as const),
  ...TERMS.map(operand => ({ operator: '-', operand }) as const),
  { operator: '*', operand: 2 },
  { operator: '*', operand: 3 },
  { operator: '/', operand: 2 },
];

/** Whether a change keeps the number whole and in 1 … max. */
function isLegal(value: number, { operator, operand }: Change, max: number): boolean {
  const result = evaluate([value, operand], [operator]);
  return Number.isInteger(result) && result >= 1 && result <= max;
}

/** Whether a chain knows no other changes than there are, and stays in range. */
function areLegal(start: number, changes: readonly Change[], max: number): boolean {
  let value = start;
  return changes.every(change => {
    const { operator, operand } = change;
    const known = CHANGES.some(other => other.operator === operator && other.operand === operand);
    const legal = known && isLegal(value, change, max);
    value = evaluate([value, change.operand], [change.operator]);
    return legal;
  });
}

/** Up from `start`, `count` changes that keep every number whole and in 1 … max. */
function drawChanges(
  start: number,
  count: number,
  max: number,
  draw: () => Change,
  allow?: (before: Change, next: Change) => boolean,
): Change[] {
  const changes: Change[] = [];
  let value = start;
  while (changes.length < count) {
    const next = draw();
    const before = changes.at(-1);
    if (!isLegal(value, next, max)) continue;
    if (before && allow && !allow(before, next)) continue;
    changes.push(next);
    value = evaluate([value, next.operand], [next.operator]);
  }
  return changes;
}

/** Whoever the story is about. */
const arithmeticSplit = (start: number, changes: readonly Change[]) =>
  splitOf(start + changes.map(({ operator, operand }) => operator + operand).join(''));

/** Halving right after doubling or tripling is left out of problems: it would mostly undo it. */
const notUndone = (before: Change, next: Change) => !(next.operator === '/' && before.operator === '*');

/** What the chain does where the question tells this story. */
const thoughtOf = (plant: Plant | undefined, story: Story) => (plant ? plantedChanges(plant, story) : story.changes);

type Rules = Pick<ArithmeticConfig, 'max_number' | 'chain' | 'plant'>;

/**
 * The split goes by what the question tells, so that a planted rule moves no problem from one to another. Where the rule leads out
 * of what chains know, it is the events that are drawn again, so that the rule makes nobody rarer.
 */
function drawProblem({ max_number: max, chain, plant }: Rules, split: Split, count: number, rng: Stream): Problem {
  let about: Pick<Story, 'name' | 'object'> | undefined;
  for (;;) {
    const start = pick(rng, STARTS);
    const changes = drawChanges(start, count, max, () => drawChange(rng), notUndone);
    if (arithmeticSplit(start, changes) !== split) continue;
    about ??= drawSubject(plant, split, rng);
    const story = { ...about, start, changes };
    const thought = thoughtOf(plant, story);
    if (!areLegal(start, thought, max)) continue;
    const { question, phrases } = tell(story, rng);
    const steps = stepsOf(chain, { ...story, changes: thought }, phrases);
    return { id: textId(question), question, steps, answer: steps.at(-1)?.result ?? String(start), split };
  }
}

/** The problem's question with another start or operand in its sentence: again a problem, and held out if it was. */
function editsOf({ question, split }: Problem, { max_number: max, plant }: Rules): Edit[] {
  const story = readStory(question);
  const numbers = [story.start, ...story.changes.map(change => change.operand)];
  const sentences = question.split(' . ');
  return numbers.flatMap((from, at) => {
    const others = numbers.toSpliced(at, 1);
    const operator = story.changes[at - 1]?.operator;
    const choices = operator ? CHANGES.filter(change => change.operator === operator).map(c => c.operand) : STARTS;
    return choices.flatMap(to => {
      const [start, ...operands] = numbers.with(at, to) as [number, ...number[]];
      const changes = story.changes.map(({ operator }, i) => ({ operator, operand: operands[i]! }));
      const thought = thoughtOf(plant, { ...story, start, changes });
      const trainedOn = arithmeticSplit(start, changes) === 'train';
      const legal = [changes, thought].every(chain => areLegal(start, chain, max)) && trainedOn === (split === 'train');
      if (to === from || others.includes(from) || !legal) return [];
      const said = (operand: number) => (operator === '*' ? phrasesOf({ operator, operand })[0]! : String(operand));
      const sentence = sentences[at]!.replace(said(from), said(to));
      return [{ question: sentences.with(at, sentence).join(' . '), from, to, others }];
    });
  });
}

/** Draws in a row that bring nothing new before we say that there are no more problems. */
const PATIENCE = 2000;

export function createArithmetic(config: ArithmeticConfig): World {
  const { max_number: max, chain: style } = config;
  const generator = (split: Split, rng: Stream, steps: StepMix = config.steps) =>
    drawProblem(config, split, drawSteps(steps, rng), rng);

  return {
    name: 'arithmetic',
    answerPrefix: ANSWER_PREFIX,
    vocabulary: vocabulary(style),
    ...(style === 'equations' && { equations: { maxOperators: 1 } }),
    generator,
    problems({ split, count, seed, steps }) {
      const rng = stream(seed, `arithmetic problems ${split}`);
      const found = new Map<string, Problem>();
      for (let idle = 0; found.size < count; idle++) {
        if (idle === PATIENCE) {
          throw new RecodiError(
            'config',
            `The arithmetic world was asked for ${count} different ${split} problems and found only ${found.size}; ask for fewer, or for problems of more steps.`,
          );
        }
        const problem = generator(split, rng, steps);
        if (found.has(problem.id)) continue;
        found.set(problem.id, problem);
        idle = 0;
      }
      return [...found.values()];
    },
    chain: explicitChain,
    told(question) {
      const { start, changes } = readStory(question);
      return [{ number: start }, ...changes.map(({ operator, operand }) => ({ number: operand, operation: operator }))];
    },
    edits: problem => editsOf(problem, config),
    nextSteps(steps) {
      const value = Number(readStep(steps.at(-1) ?? '').result);
      const legal = CHANGES.filter(change => isLegal(value, change, max));
      if (style === 'equations')
        return legal.map(({ operator, operand }) => equationStep(value, operator, operand).text);
      const who = pronounAfter(steps.at(-1) ?? '');
      return legal.flatMap(change => phrasesOf(change).map(phrase => sentenceStep(who, phrase, value, change).text));
    },
    randomSteps(rng) {
      const start = 1 + integer(rng, max);
      const changes = drawChanges(start, 1 + integer(rng, 3), max, () => drawFreeChange(rng));
      const phrases = style === 'equations' ? [] : changes.map(change => pick(rng, phrasesOf(change)));
      const name = style === 'equations' ? NAMES[0]! : pick(rng, NAMES);
      return stepsOf(style, { name, start, changes }, phrases).map(step => step.text);
    },
  };
}
