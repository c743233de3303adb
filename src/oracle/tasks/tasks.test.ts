import { describe, expect, it } from 'vitest';
import { stream } from '../../run/random.ts';
import { FREE } from '../evaluate.ts';
import { facts, other, reading } from '../facts.fixture.ts';
import type { Facts } from '../facts.ts';
import { asked, type Case, TASK_NAMES, TASKS, taskNamed, taskWords } from './index.ts';

const cases = (name: string, of: Facts = facts, against: Facts = other): readonly Case[] =>
  taskNamed(name)!.cases(of, against, stream(1, 'test'));
/** Answers by the steps that are shown. */
const answers = (name: string, of?: Facts, against?: Facts) =>
  cases(name, of, against).map(({ steps, answer }) => [steps.join(), answer]);
const whole = [0, 1, 2];

describe('tasks of interventions', () => {
  it('say of each state and alteration whether the answer changes, and to what where that hangs on nothing else', () => {
    const found = cases('step_ablation');
    expect(found.every(({ steps }) => steps.join() === whole.join())).toBe(true);
    expect(found.map(({ places, answer }) => `${places!.step} ${places!.done}: ${answer}`)).toEqual([
      ...['0 zeroed: no', '0 skipped: no', '0 noised: no', '0 swapped: no'],
      ...['1 zeroed: yes , to 11', '1 skipped: no', '1 noised: yes', '1 swapped: yes'],
      ...['2 zeroed: no', '2 skipped: yes , to 25', '2 noised: no', '2 swapped: yes'],
    ]);
  });

  it('find the first step in whose place another’s state changes the answer, and those that do not matter', () => {
    const { altered } = facts;
    expect(answers('critical_step')).toEqual([['0,1,2', 'step 1']]);
    expect(answers('critical_step', { ...facts, altered: { ...altered, swap: ['8', '8', '8'] } })).toEqual([
      ['0,1,2', 'none'],
    ]);
    expect(cases('redundant_steps').map(({ places, answer }) => [places!.step, answer])).toEqual([
      ['0', 'yes'],
      ['1', 'no'],
      ['2', 'no'],
    ]);
  });

  it('say what stopping early would give, when the answer settles, and whether thinking matters', () => {
    expect(cases('early_answer').map(({ places, answer }) => [places!.step, answer])).toEqual([
      ['0', '11'],
      ['1', '7'],
      ['2', '8'],
    ]);
    const early = (...early: string[]) => ({ ...facts, early });
    expect(answers('settling_step')).toEqual([['0,1,2', 'step 2']]);
    expect(answers('settling_step', early('8', '7', '8'))).toEqual([['0,1,2', 'step 2']]);
    expect(answers('settling_step', early('8', '8', '8'))).toEqual([['0,1,2', 'step 0']]);
    expect(answers('contrastive')).toEqual([['0,1,2', 'yes']]);
    expect(answers('contrastive', early('8', '7', '8'))).toEqual([['0,1,2', 'no']]);
  });
});

describe('tasks of vectors', () => {
  it('tell the lens’s tokens and entropy of each state, and how tokens change', () => {
    expect(answers('lens_tokens')).toEqual([
      ['0', '5 , 6 , 7'],
      ['1', '11 , 6 , 5'],
      ['2', '8 , 3 , 5'],
    ]);
    expect(answers('lens_entropy')).toEqual([
      ['0', '0'],
      ['1', '2'],
      ['2', '2'],
    ]);
    expect(answers('step_difference')).toEqual([
      ['0,1', 'new : 11 ; gone : 7'],
      ['1,2', 'new : 8 , 3 ; gone : 11 , 6'],
    ]);
    const still = { ...facts, lens: facts.lens.map(() => ['5', '6', '7']) };
    expect(answers('step_difference', still)[0]).toEqual(['0,1', 'new : none ; gone : none']);
  });

  it('ask which step a vector is of at four depths', () => {
    const found = cases('which_step');
    expect(found.map(({ depth }) => depth)).toEqual(
      [undefined, 0.25, 0.5, 0.75].flatMap(depth => Array(3).fill(depth)),
    );
    expect(found.every(({ steps: [k], answer }) => answer === `step ${k}`)).toBe(true);
  });
});

describe('tasks of the question', () => {
  it('ask for all of it, or a part, from the whole thought and the answer', () => {
    const names = ['question', 'question_numbers', 'question_operations', 'question_entities'];
    for (const name of names)
      expect(cases(name).map(({ steps, places }) => [steps, places])).toEqual([[whole, { answer: '8' }]]);
    expect(names.map(name => cases(name)[0]!.answer)).toEqual([
      facts.problem.question,
      '5 , 6 , 3',
      '+ , -',
      'Ann , pens',
    ]);
    const bare = { ...facts.problem, question: 'how many ?', steps: [{ text: 'so it is', operands: [] }] };
    expect(names.map(name => cases(name, { ...facts, problem: bare })[0]?.answer)).toEqual([
      ...['how many ?', 'none', undefined, 'none'],
    ]);
  });
});

describe('tasks of readings', () => {
  it('ask about what labels say, and only where they say something', () => {
    expect(answers('computing')).toEqual([
      ['1', '<< 5 + 6 = 11 >>'],
      ['2', '<< 11 - 3 = 8 >>'],
    ]);
    expect(answers('result').map(([, answer]) => answer)).toEqual(['11', '8']);
    expect(answers('operands').map(([, answer]) => answer)).toEqual(['5 and 6', '11 and 3']);
    expect(answers('operation').map(([, answer]) => answer)).toEqual(['+', '-']);
    expect(answers('next')).toEqual([['1', '<< 11 - 3 = 8 >>']]);
    const prose = { ...facts, readings: [reading([1], 'it thinks of pens')] };
    expect(['computing', 'result', 'operands', 'operation', 'is_it_so'].map(name => cases(name, prose).length)).toEqual(
      [1, 0, 0, 0, 0],
    );
  });

  it('ask as often what is so as what is not, and what is not of the same steps of another problem', () => {
    expect(cases('is_it_so').map(({ steps, places, answer }) => [steps, places!.statement, answer])).toEqual([
      [[1], '<< 5 + 6 = 11 >>', 'yes'],
      [[1], '<< 2 * 4 = 8 >>', 'no'],
    ]);
    expect(cases('is_it_so', facts, facts)).toEqual([]);
  });

  it('ask of latents that nothing was read of, by the questions of the others, and get no answer', () => {
    expect(answers('unreadable')).toEqual([['1,2', "I can't tell"]]);
    const { asks } = taskNamed('unreadable')!;
    for (const { name, asks: own } of TASKS.filter(({ source }) => source === 'labels'))
      if (name !== 'unreadable')
        expect(
          own.every(way => asks.includes(way)),
          name,
        ).toBe(name !== 'is_it_so');
  });

  it('know gold from labels: the same questions, other names, other answers', () => {
    const gold = TASKS.filter(({ source }) => source === 'gold');
    expect(gold).toHaveLength(TASKS.filter(({ source }) => source === 'labels').length - 1);
    for (const { name, asks, held } of gold) {
      expect(name).toMatch(/^gold_/);
      const label = taskNamed(name.slice('gold_'.length))!;
      expect([label.asks, label.held]).toEqual([asks, held]);
    }
    expect(answers('gold_result')).toEqual([['1', '12']]);
    expect(cases('gold_is_it_so').map(({ places }) => places!.statement)).toEqual([
      '<< 5 + 6 = 12 >>',
      '<< 2 * 4 = 9 >>',
    ]);
    const [unlabelled, unknown] = [
      { ...facts, readings: [] },
      { ...facts, gold: [] },
    ];
    for (const { name, source } of TASKS) {
      if (source === 'labels') expect(cases(name, unlabelled), name).toEqual([]);
      if (source === 'gold') expect(cases(name, unknown), name).toEqual([]);
    }
  });
});

describe('ways of asking', () => {
  const placeholders = /\{\w+\}/g;
  const wordsOf = (way: string) => way.replaceAll(placeholders, ' ').split(/\s+/).filter(Boolean);
  const trained = new Set(TASKS.flatMap(({ asks }) => asks).flatMap(wordsOf));

  it('have names of their own', () => {
    expect(new Set(TASK_NAMES).size).toBe(TASKS.length);
    expect(taskNamed('nothing')).toBeUndefined();
  });

  it.each(TASKS.map(task => [task.name, task] as const))(
    '%s fills every place, and keeps some ways back',
    (_, task) => {
      const { asks, held } = task;
      for (const found of task.cases(facts, other, stream(1, 'test'))) {
        const places = Object.keys(found.places ?? {}).map(name => `{${name}}`);
        for (const way of [...asks, ...held]) {
          expect((way.match(placeholders) ?? []).toSorted(), way).toEqual(places.toSorted());
          const question = asked(way, found);
          expect(question).not.toMatch(/[{}]|undefined| {2}/);
          for (const value of Object.values(found.places ?? {})) expect(question).toContain(value);
        }
      }
      expect(asks.length).toBeGreaterThan(0);
      expect(new Set([...asks, ...held]).size).toBe(asks.length + held.length);
      if (task.name !== 'unreadable') expect(held.length).toBeGreaterThan(0);
      for (const word of held.flatMap(wordsOf)) expect(trained).toContain(word);
    },
  );

  it('never train a way that some task keeps back, nor a free question, whose words are all known', () => {
    const asks = new Set(TASKS.flatMap(({ asks }) => asks));
    for (const way of TASKS.flatMap(({ held }) => held)) expect(asks).not.toContain(way);
    for (const { question } of FREE) {
      expect(asks).not.toContain(question);
      for (const word of wordsOf(question)) expect(trained).toContain(word);
    }
  });

  it('are all of the words that a vocabulary is given, and answers too', () => {
    const words = new Set(taskWords());
    expect([...words].every(word => /^[^\s{}]+$/.test(word))).toBe(true);
    for (const word of trained) expect(words).toContain(word);
    for (const word of ["can't", 'none', 'step', 'gone', ';']) expect(words).toContain(word);
  });
});
