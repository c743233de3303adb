/**
 * The stories of arithmetic word problems: somebody has some things, and a few events change how many. What a story
 * says in words can be read out of the words again, so that whoever has the question knows every number that it tells.
 */
import { pick, type Stream } from '../run/random.ts';
import { equationStep, evaluate, OPERATOR_WORDS, type Operator } from './notation.ts';
import type { Step } from './problem.ts';

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
type Name = keyof typeof PRONOUNS;
export const NAMES = Object.keys(PRONOUNS) as Name[];
export const OBJECTS = ['apples', 'books', 'coins', 'cards', 'pens', 'shells', 'stamps', 'cookies'] as const;

/** What one can say for a change; `#` is the number. */
const PHRASES = {
  '+': ['buys # more', 'finds # more', 'gets # more', 'wins #'],
  '-': ['loses #', 'sells #', 'gives away #', 'uses #'],
  '*2': ['doubles them'],
  '*3': ['triples them'],
  '/2': ['gives away half', 'loses half'],
} as const;

export const ANSWER_PREFIX = 'The answer is :';
const FRAME = `has . Then How many does have ? ${ANSWER_PREFIX}`;

/** How a chain writes its steps, and the words and signs that this takes. */
export const STEP_STYLES = {
  equations: '<< >> + - * / =',
  sentences: `so , makes ${Object.values(OPERATOR_WORDS).join(' ')}`,
} as const;
export type StepStyle = keyof typeof STEP_STYLES;

export interface Change {
  readonly operator: Operator;
  readonly operand: number;
}

/** Who has how many of what, and what happens then. */
export interface Story {
  readonly name: Name;
  readonly object: (typeof OBJECTS)[number];
  readonly start: number;
  readonly changes: readonly Change[];
}

/** Every word of stories, chains and answers but the numbers, in code order. */
export function storyWords(style: StepStyle): string[] {
  const texts = [
    STEP_STYLES[style],
    FRAME,
    ...NAMES,
    ...Object.values(PRONOUNS),
    ...OBJECTS,
    ...Object.values(PHRASES).flat(),
  ];
  const words = new Set(texts.join(' ').replaceAll('#', '').split(' '));
  words.delete('');
  return [...words].sort();
}

export function phrasesOf({ operator, operand }: Change): readonly string[] {
  if (operator === '*') return operand === 2 ? PHRASES['*2'] : PHRASES['*3'];
  return operator === '/' ? PHRASES['/2'] : PHRASES[operator];
}

export interface Told {
  readonly question: string;
  /** What is said of each change: `buys # more`. */
  readonly phrases: readonly string[];
}

const withNumber = (phrase: string, { operand }: Change) => phrase.replace('#', String(operand));

/** The story in words: who, what, and one sentence per change, which opens with 'Then' half of the time after the first. */
export function tell({ name, object, start, changes }: Story, rng: Stream): Told {
  const phrases: string[] = [];
  const events = changes.map((change, i) => {
    const then = i > 0 && rng() < 0.5 ? 'Then ' : '';
    phrases.push(pick(rng, phrasesOf(change)));
    return `${then}${PRONOUNS[name]} ${withNumber(phrases[i]!, change)} .`;
  });
  const question = `${name} has ${start} ${object} . ${events.join(' ')} How many ${object} does ${name} have ?`;
  return { question, phrases };
}

/** A step as a sentence: `Mia buys 6 more , so 5 plus 6 makes 11 .` */
export function sentenceStep(who: string, phrase: string, value: number, change: Change): Step {
  const { operator, operand } = change;
  const [result, operation] = [String(evaluate([value, operand], [operator])), OPERATOR_WORDS[operator]];
  const text = `${who} ${withNumber(phrase, change)} , so ${value} ${operation} ${operand} makes ${result} .`;
  return { text, operands: [value, operand], operation, result };
}

/** The steps of a chain from a number on. In sentences it is about `name`, and says of the changes what `phrases` says, where that fits. */
export function stepsOf(
  style: StepStyle,
  { name, start, changes }: Pick<Story, 'name' | 'start' | 'changes'>,
  phrases: readonly string[],
): Step[] {
  let value = start;
  return changes.map((change, i) => {
    const said = phrasesOf(change);
    const phrase = said.includes(phrases[i]!) ? phrases[i]! : said[0]!;
    const who = i === 0 ? name : PRONOUNS[name];
    const step =
      style === 'equations'
        ? equationStep(value, change.operator, change.operand)
        : sentenceStep(who, phrase, value, change);
    value = Number(step.result);
    return step;
  });
}

/** Who a sentence that follows on another is about. */
export const pronounAfter = (sentence: string): string => {
  const who = sentence.split(' ')[0]!;
  return PRONOUNS[who as Name] ?? who;
};

/** `buys # more` -> `+`, `doubles them` -> `*2`. */
const SAID = new Map<string, string>(
  Object.entries(PHRASES).flatMap(([change, phrases]) => phrases.map(phrase => [phrase, change] as const)),
);

function readChange(sentence: string): Change {
  const [number] = /\d+/.exec(sentence) ?? [];
  const phrase = sentence.replace(/^(?:Then )?\w+ /, '').replace(/\d+/, '#');
  const [operator, ...operand] = SAID.get(phrase)!;
  return { operator: operator as Operator, operand: Number(number ?? operand.join('')) };
}

/** The story that a question tells; what `tell` wrote comes back. */
export function readStory(question: string): Story {
  const [opening = '', ...events] = question.split(' . ').slice(0, -1);
  const [name, , start, object] = opening.split(' ');
  return {
    name: name as Name,
    object: object as Story['object'],
    start: Number(start),
    changes: events.map(readChange),
  };
}
