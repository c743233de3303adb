/**
 * Tasks about what a thought says, made twice: of labels, which inversion found, and of the world's own steps, which is the supervised
 * ceiling (what Heima's decoders and SIM-CoT's auxiliary decoder learn) and is never mixed with the others. Questions are the same.
 */
import { equationsOf, equationsText } from '../../eval/equations.ts';
import { pick } from '../../run/random.ts';
import type { Facts, Reading } from '../facts.ts';
import { CANNOT_TELL, type Case, NO, type OracleTask, YES } from './task.ts';

interface ReadingTask extends Omit<OracleTask, 'source' | 'cases'> {
  cases(
    reading: Reading & { readonly text: string },
    others: readonly Reading[],
    draw: () => number,
  ): readonly Omit<Case, 'steps'>[];
}

/** The equation that the text ends with. */
const last = (text: string) => equationsOf(text).at(-1);

const TASKS: readonly ReadingTask[] = [
  {
    name: 'computing',
    about: 'What is being computed: the step that the latent speaks of, the last one of the explanation.',
    asks: [
      'What is being computed here ?',
      'What is the model computing at this step ?',
      'What is it computing ?',
      'What does the model think at this step ?',
      'What is the model thinking here ?',
      'What is it thinking about ?',
      'What is this step about ?',
      'Which thought is this ?',
    ],
    held: ['What is the model thinking about at this step ?', 'What does it think about here ?'],
    cases: ({ text }) => [{ answer: text }],
  },
  {
    name: 'result',
    about: 'The result of that step.',
    asks: [
      'Which result does this step have ?',
      'What is the result here ?',
      'Which number does the model get at this step ?',
      'What does it get here ?',
    ],
    held: ['Which number does it get here ?', 'What is the result of this step ?'],
    classes: 'each',
    cases: ({ text }) => answered(last(text)?.result),
  },
  {
    name: 'operands',
    about: 'The numbers that it joins.',
    asks: [
      'Which numbers does this step combine ?',
      'Which numbers is the model combining here ?',
      'Which numbers go into this step ?',
      'From which numbers does it get the result ?',
    ],
    held: ['Which numbers is it combining ?', 'Which numbers does the model combine at this step ?'],
    cases: ({ text }) => answered(last(text)?.operands.join(' and ')),
  },
  {
    name: 'operation',
    about: 'How it joins them.',
    asks: [
      'Which operation is this ?',
      'Which operation does the model do here ?',
      'What does it do with the numbers ?',
      'How does this step combine the numbers ?',
    ],
    held: ['Which operation does it do at this step ?', 'What does the model do with the numbers here ?'],
    classes: 'each',
    cases: ({ text }) => answered(last(text)?.operators.join(' , ')),
  },
  {
    name: 'next',
    about: 'What comes next: what the model itself writes behind question and chain, the next step or the answer.',
    asks: [
      'What comes next ?',
      'What will the model do next ?',
      'What does it do after this ?',
      'What will it do with the number ?',
      'What happens with this result ?',
    ],
    held: ['What will it do with this result ?', 'What will the model do after this step ?'],
    cases: ({ next }) => answered(next ?? undefined),
  },
  {
    name: 'is_it_so',
    about: 'Is a statement about the step so? One that is and one of another problem that is not, in balance.',
    asks: [
      'Is the model computing {statement} ?',
      'Is it so that this step is {statement} ?',
      'Is this {statement} ?',
      'Does the model think {statement} here ?',
    ],
    held: ['Is it so that the model is computing {statement} ?', 'Is {statement} what the model is computing here ?'],
    cases({ text }, others, draw) {
      const own = statement(text);
      const false_ = others.flatMap(other => statement(other.text ?? '') ?? []).filter(other => other !== own);
      if (own === undefined || false_.length === 0) return [];
      return [
        { places: { statement: own }, answer: YES },
        { places: { statement: pick(draw, false_) }, answer: NO },
      ];
    },
  },
];

const answered = (answer: string | number | undefined) => (answer === undefined ? [] : [{ answer: String(answer) }]);

function statement(text: string): string | undefined {
  const equation = last(text);
  return equation && equationsText([equation]);
}

/** Every question about a reading but whether something is so, where nothing can be told. */
const UNREADABLE = TASKS.filter(({ name }) => name !== 'is_it_so').flatMap(task => task.asks);

function readingTasks(
  source: 'labels' | 'gold',
  prefix: string,
  readingsOf: (facts: Facts) => readonly Reading[],
): OracleTask[] {
  return TASKS.map(task => ({
    ...task,
    name: `${prefix}${task.name}`,
    source,
    cases: (facts, other, draw) =>
      readingsOf(facts).flatMap(reading => {
        const { steps, text } = reading;
        if (text === null) return [];
        const same = readingsOf(other).filter(one => one.steps.join() === steps.join());
        return task.cases({ ...reading, text }, same, draw).map(found => ({ ...found, steps }));
      }),
  }));
}

export const labelTasks: readonly OracleTask[] = [
  ...readingTasks('labels', '', facts => facts.readings),
  {
    name: 'unreadable',
    source: 'labels',
    about: `The same questions of latents whose label was not accepted: \`${CANNOT_TELL}\`.`,
    asks: UNREADABLE,
    held: [],
    cases: ({ readings }) =>
      readings.filter(({ text }) => text === null).map(({ steps }) => ({ steps, answer: CANNOT_TELL })),
  },
];

export const goldTasks: readonly OracleTask[] = readingTasks('gold', 'gold_', facts => facts.gold);
