/**
 * Arithmetic word problems: somebody has some things, a few events change how many, how many are there in the end?
 *
 * The chain writes one equation per event. Words are what lies between spaces, numbers are single words from 0 to 99,
 * and the vocabulary is closed. All problems with the same start and operations, whatever their names and objects,
 * are in one split: a held-out problem is held-out arithmetic, not known arithmetic about somebody else.
 */
import { z } from 'zod';
import { RecodiError } from '../run/errors.ts';
import { integer, type Stream, stream } from '../run/random.ts';
import { drawSteps, stepMixSchema } from './mix.ts';
import { equationStep, evaluate, type Operator, readStep } from './notation.ts';
import { type Edit, explicitChain, type Problem, type Split, type Step, type StepMix, type World } from './problem.ts';
import { splitOf, textId } from './split.ts';

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
});
export type ArithmeticConfig = z.infer<typeof arithmeticSchema>;

const PRONOUNS = {
  Tom: 'He',
  Ben: 'He',
  Sam: 'He',
  Max: 'He',
  Leo: 'He',
  Amy: 'She',
  Eva: 'She',
  Mia: 'She',
  Zoe: 'She',
  Ann: 'She',
} as const;
const NAMES = Object.keys(PRONOUNS) as (keyof typeof PRONOUNS)[];
const OBJECTS = ['apples', 'books', 'coins', 'cards', 'pens', 'shells', 'stamps', 'cookies'] as const;

/** What one can say for a change; `#` is the number. */
const PHRASES = {
  '+': ['buys # more', 'finds # more', 'gets # more', 'wins #'],
  '-': ['loses #', 'sells #', 'gives away #', 'uses #'],
  '*2': ['doubles them'],
  '*3': ['triples them'],
  '/2': ['gives away half', 'loses half'],
} as const;

const ANSWER_PREFIX = 'The answer is :';
const FRAME = `<< >> + - * / = has . Then How many does have ? ${ANSWER_PREFIX}`;

/** The closed vocabulary: numbers first, then words in code order. */
function vocabulary(): string[] {
  const numbers = Array.from({ length: LARGEST_NUMBER + 1 }, (_, n) => String(n));
  const texts = [FRAME, ...NAMES, ...Object.values(PRONOUNS), ...OBJECTS, ...Object.values(PHRASES).flat()];
  const words = new Set(texts.join(' ').replaceAll('#', '').split(' '));
  words.delete('');
  return [...numbers, ...[...words].sort()];
}

interface Change {
  readonly operator: Operator;
  readonly operand: number;
}

const pick = <T>(rng: Stream, items: readonly T[]): T => items[integer(rng, items.length)] as T;

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

function areLegal(start: number, changes: readonly Change[], max: number): boolean {
  let value = start;
  return changes.every(change => {
    const legal = isLegal(value, change, max);
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

function equations(start: number, changes: readonly Change[]): Step[] {
  let value = start;
  return changes.map(({ operator, operand }) => {
    const step = equationStep(value, operator, operand);
    value = Number(step.result);
    return step;
  });
}

function phrasesOf({ operator, operand }: Change): readonly string[] {
  if (operator === '*') return operand === 2 ? PHRASES['*2'] : PHRASES['*3'];
  return operator === '/' ? PHRASES['/2'] : PHRASES[operator];
}

/** The story in words: who, what, and one sentence per change, which opens with 'Then' half of the time after the first. */
function tell(start: number, changes: readonly Change[], rng: Stream): string {
  const name = pick(rng, NAMES);
  const object = pick(rng, OBJECTS);
  const events = changes.map((change, i) => {
    const then = i > 0 && rng() < 0.5 ? 'Then ' : '';
    return `${then}${PRONOUNS[name]} ${pick(rng, phrasesOf(change)).replace('#', String(change.operand))} .`;
  });
  return `${name} has ${start} ${object} . ${events.join(' ')} How many ${object} does ${name} have ?`;
}

/** Whoever the story is about. */
const arithmeticSplit = (start: number, changes: readonly Change[]) =>
  splitOf(start + changes.map(({ operator, operand }) => operator + operand).join(''));

/** Halving right after doubling or tripling is left out of problems: it would mostly undo it. */
const notUndone = (before: Change, next: Change) => !(next.operator === '/' && before.operator === '*');

function drawProblem(max: number, split: Split, count: number, rng: Stream): Problem {
  for (;;) {
    const start = pick(rng, STARTS);
    const changes = drawChanges(start, count, max, () => drawChange(rng), notUndone);
    if (arithmeticSplit(start, changes) !== split) continue;
    const question = tell(start, changes, rng);
    const steps = equations(start, changes);
    return { id: textId(question), question, steps, answer: steps.at(-1)?.result ?? String(start), split };
  }
}

/** The problem's question with another start or operand in its sentence: again a problem, and held out if it was. */
function editsOf({ question, steps, split }: Problem, max: number): Edit[] {
  const operators = steps.map(step => step.operation as Operator);
  const numbers = [steps[0]!.operands![0]!, ...steps.map(step => step.operands![1]!)];
  const sentences = question.split(' . ');
  return numbers.flatMap((from, at) => {
    const others = numbers.toSpliced(at, 1);
    const operator = operators[at - 1];
    const choices = operator ? CHANGES.filter(change => change.operator === operator).map(c => c.operand) : STARTS;
    return choices.flatMap(to => {
      const [start, ...operands] = numbers.with(at, to) as [number, ...number[]];
      const changes = operators.map((operator, i) => ({ operator, operand: operands[i]! }));
      const trainedOn = arithmeticSplit(start, changes) === 'train';
      const legal = areLegal(start, changes, max) && trainedOn === (split === 'train');
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
  const max = config.max_number;
  const generator = (split: Split, rng: Stream, steps: StepMix = config.steps) =>
    drawProblem(max, split, drawSteps(steps, rng), rng);

  return {
    name: 'arithmetic',
    answerPrefix: ANSWER_PREFIX,
    vocabulary: vocabulary(),
    equations: { maxOperators: 1 },
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
    edits: problem => editsOf(problem, max),
    nextSteps(steps) {
      const value = Number(readStep(steps.at(-1) ?? '').result);
      const legal = CHANGES.filter(change => isLegal(value, change, max));
      return legal.map(({ operator, operand }) => equationStep(value, operator, operand).text);
    },
    randomSteps(rng) {
      const start = 1 + integer(rng, max);
      const changes = drawChanges(start, 1 + integer(rng, 3), max, () => drawFreeChange(rng));
      return equations(start, changes).map(step => step.text);
    },
  };
}
