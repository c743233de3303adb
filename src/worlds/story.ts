/**
 * The stories of arithmetic word problems: somebody has some things, and a few events change how many. What a story
 * says in words can be read out of the words again, so that whoever has the question knows every number that it tells.
 */
import { pick, type Stream } from '../run/random.ts';
import type { Operator } from './notation.ts';

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
const FRAME = `<< >> + - * / = has . Then How many does have ? ${ANSWER_PREFIX}`;

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
export function storyWords(): string[] {
  const texts = [FRAME, ...NAMES, ...Object.values(PRONOUNS), ...OBJECTS, ...Object.values(PHRASES).flat()];
  const words = new Set(texts.join(' ').replaceAll('#', '').split(' '));
  words.delete('');
  return [...words].sort();
}

export function phrasesOf({ operator, operand }: Change): readonly string[] {
  if (operator === '*') return operand === 2 ? PHRASES['*2'] : PHRASES['*3'];
  return operator === '/' ? PHRASES['/2'] : PHRASES[operator];
}

/** The story in words: who, what, and one sentence per change, which opens with 'Then' half of the time after the first. */
export function tell({ name, object, start, changes }: Story, rng: Stream): string {
  const events = changes.map((change, i) => {
    const then = i > 0 && rng() < 0.5 ? 'Then ' : '';
    return `${then}${PRONOUNS[name]} ${pick(rng, phrasesOf(change)).replace('#', String(change.operand))} .`;
  });
  return `${name} has ${start} ${object} . ${events.join(' ')} How many ${object} does ${name} have ?`;
}

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
