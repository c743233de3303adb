/** Tasks that ask for the question which the model thought about, or for a part of it, from its thought and its answer. */
import { isNumber, lexemes } from '../../worlds/notation.ts';
import { type Facts, stepsOf } from '../facts.ts';
import { NONE, type OracleTask } from './task.ts';

const whole = (facts: Facts, answer: string) => [{ steps: stepsOf(facts), places: { answer: facts.answer }, answer }];
const listed = (words: readonly string[]) => words.join(' , ') || NONE;

export const question: OracleTask = {
  name: 'question',
  source: 'question',
  about: 'The question, from the whole thought and the answer.',
  asks: [
    'The answer is {answer} . What was the question ?',
    'Which question has the answer {answer} here ?',
    'What was the model asked , if it answers {answer} ?',
  ],
  held: ['What was the question , if the answer is {answer} ?', 'The model answers {answer} . What was it asked ?'],
  cases: facts => whole(facts, facts.problem.question),
};

export const questionNumbers: OracleTask = {
  name: 'question_numbers',
  source: 'question',
  about: 'The numbers in the words of the question, in its order.',
  asks: [
    'The answer is {answer} . Which numbers does the question tell ?',
    'Which numbers are in the question with the answer {answer} ?',
    'Which numbers was the model told , if it answers {answer} ?',
  ],
  held: ['Which numbers does the question with the answer {answer} tell ?'],
  cases: facts => whole(facts, listed(lexemes(facts.problem.question).filter(isNumber))),
};

export const questionOperations: OracleTask = {
  name: 'question_operations',
  source: 'question',
  about: 'The operations of the steps that solve the question, in order, where the world knows them.',
  asks: [
    'The answer is {answer} . Which operations does the question tell ?',
    'Which operations does it take to answer {answer} here ?',
    'Which operations are in the question with the answer {answer} ?',
  ],
  held: ['Which operations does the question with the answer {answer} tell ?'],
  cases(facts) {
    const operations = facts.problem.steps.map(step => step.operation);
    return operations.every(operation => operation !== undefined) ? whole(facts, operations.join(' , ')) : [];
  },
};

/** Words of names and things: those that come again in a question, in its order. */
function entities(text: string): string[] {
  const words = text.split(/\s+/).filter(word => /^\p{L}{3,}$/u.test(word) && word !== 'has' && word !== 'have');
  return [...new Set(words.filter((word, i) => words.indexOf(word) < i))];
}

export const questionEntities: OracleTask = {
  name: 'question_entities',
  source: 'question',
  about: 'Whom and what the question is about: its words of letters that come more than once.',
  asks: [
    'The answer is {answer} . Whom and what is the question about ?',
    'Whom and what was the model asked about , if it answers {answer} ?',
    'Whom and what is the question with the answer {answer} about ?',
  ],
  held: ['Whom and what is it about , if the answer is {answer} ?'],
  cases: facts => whole(facts, listed(entities(facts.problem.question))),
};
