import { describe, expect, test } from 'vitest';
import { stream } from '../run/random.ts';
import { chainOf } from './arithmetic.fixture.ts';
import { arithmeticSchema, createArithmetic } from './arithmetic.ts';
import { evaluate, lexemes, type Operator, readStep } from './notation.ts';
import { chainText, type Problem, type Split } from './problem.ts';
import { splitOf } from './split.ts';

const SPLITS: readonly Split[] = ['train', 'validation', 'test'];
const world = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic' }));
const everySplit = SPLITS.flatMap(split =>
  world.problems({
    split,
    count: 600,
    seed: 5,
    steps: [
      [1, 1],
      [2, 1],
      [3, 2],
      [4, 1],
    ],
  }),
);
const keyOf = ({ steps }: Problem) =>
  `${steps[0]?.operands?.[0]} ${steps.map(s => `${s.operation}${s.operands?.[1]}`).join(' ')}`;

test('the vocabulary is closed and has the 153 words of the recipe', () => {
  const known = new Set(world.vocabulary);
  expect(world.vocabulary).toHaveLength(153);
  expect(known.size).toBe(153);
  const rng = stream(3, 'free');
  const texts = everySplit.flatMap(p => [p.question, p.answer, chainText(world, p, { last: true })]);
  const free = Array.from({ length: 300 }, () => world.randomSteps?.(rng).join(' ') ?? '');
  const unknown = [...texts, ...free, world.answerPrefix].flatMap(t => t.split(' ')).filter(word => !known.has(word));
  expect(unknown).toEqual([]);
});

test('every word of the vocabulary but unused numbers occurs', () => {
  const texts = everySplit.flatMap(p => [p.question, chainText(world, p)]).concat(world.answerPrefix);
  const seen = new Set(texts.join(' ').split(' '));
  expect(world.vocabulary?.filter(word => !seen.has(word) && !(Number(word) > 60) && word !== '0')).toEqual([]);
});

test('every chain is right: steps hold, follow from each other and end in the answer', () => {
  for (const problem of everySplit) {
    let value = Number(/ has (\d+) /.exec(problem.question)?.[1]);
    expect(value).toBeGreaterThanOrEqual(2);
    expect(value).toBeLessThanOrEqual(20);
    for (const { text, operands, operation, result } of problem.steps) {
      expect(operands?.[0]).toBe(value);
      value = evaluate(operands ?? [], [operation as Operator]);
      expect(Number.isInteger(value) && value >= 1 && value <= 60).toBe(true);
      expect(result).toBe(String(value));
      expect(text).toBe(`<< ${operands?.[0]} ${operation} ${operands?.[1]} = ${result} >>`);
    }
    expect(problem.answer).toBe(String(value));
  }
});

test('the question tells the chain', () => {
  for (const problem of everySplit) expect(chainOf(problem.question)).toEqual(problem.steps);
});

describe('splits', () => {
  test('no start with its operations is in two splits, whatever the seed', () => {
    const places = new Map<string, Split>();
    for (const problem of [...everySplit, ...SPLITS.flatMap(split => world.problems({ split, count: 300, seed: 6 }))]) {
      const key = keyOf(problem);
      expect(places.get(key) ?? problem.split).toBe(problem.split);
      places.set(key, problem.split);
    }
  });

  test('about 80, 10 and 10 per cent of all first steps', () => {
    const rng = stream(1, 'share');
    const keys = new Map<string, Split>();
    for (const split of SPLITS)
      for (let i = 0; i < 3000; i++) {
        const problem = world.generator(split, rng, 1);
        keys.set(keyOf(problem), problem.split);
      }
    const share = (split: Split) => [...keys.values()].filter(s => s === split).length / keys.size;
    expect(share('train')).toBeCloseTo(0.8, 1);
    expect(share('test')).toBeCloseTo(0.1, 1.3);
  });
});

describe('requests', () => {
  test('the same seed gives the same problems, and more begin with the fewer', () => {
    const few = world.problems({ split: 'test', count: 20, seed: 9 });
    expect(world.problems({ split: 'test', count: 50, seed: 9 }).slice(0, 20)).toEqual(few);
    expect(world.problems({ split: 'test', count: 20, seed: 10 })).not.toEqual(few);
  });

  test('problems are different, and so are their ids', () => {
    const problems = world.problems({ split: 'train', count: 2000, seed: 1 });
    expect(new Set(problems.map(p => p.question)).size).toBe(2000);
    expect(new Set(problems.map(p => p.id)).size).toBe(2000);
  });

  test('the number of steps is what was asked for, and by default two or three', () => {
    expect(world.problems({ split: 'test', count: 50, seed: 1, steps: 3 }).every(p => p.steps.length === 3)).toBe(true);
    const lengths = world.problems({ split: 'train', count: 2000, seed: 1 }).map(p => p.steps.length);
    expect(new Set(lengths)).toEqual(new Set([2, 3]));
    expect(lengths.filter(n => n === 2).length / 2000).toBeCloseTo(0.25, 1);
  });

  test('more problems than there are is an error that says so', () => {
    expect(() => world.problems({ split: 'test', count: 50_000, seed: 1, steps: 1 })).toThrow(
      /asked for 50000 .* found only \d+/,
    );
  });
});

test('half of the later events open with Then, no first one does', () => {
  const events = everySplit.map(p => p.question.split(' . ').slice(1, -1));
  const opened = (list: string[]) => list.filter(event => event.startsWith('Then ')).length / list.length;
  expect(opened(events.flatMap(e => e.slice(0, 1)))).toBe(0);
  expect(opened(events.flatMap(e => e.slice(1)))).toBeCloseTo(0.5, 1);
});

test('the chain leaves out its last step unless asked', () => {
  const problem = everySplit.at(-1) as Problem;
  const texts = problem.steps.map(s => s.text);
  expect(world.chain(problem)).toEqual(texts.slice(0, -1));
  expect(chainText(world, problem, { last: true })).toBe(texts.join(' '));
});

test('random steps are right, go on from each other and know every operation', () => {
  const rng = stream(2, 'random');
  const seen = new Set<string>();
  for (let i = 0; i < 1000; i++) {
    let value: number | undefined;
    for (const text of world.randomSteps?.(rng) ?? []) {
      const [, a, operation, b, result] = /^<< (\d+) (.) (\d+) = (\d+) >>$/.exec(text) ?? [];
      expect(Number(a)).toBe(value ?? Number(a));
      value = Number(result);
      expect(evaluate([Number(a), Number(b)], [operation as Operator])).toBe(value);
      expect(value >= 1 && value <= 60).toBe(true);
      seen.add(`${operation}${b}`);
    }
  }
  expect(seen.size).toBe(9 + 9 + 2 + 1);
});

test('a smaller world stays under its largest number', () => {
  const small = createArithmetic(arithmeticSchema.parse({ kind: 'arithmetic', max_number: 20 }));
  const results = small
    .problems({ split: 'train', count: 300, seed: 1 })
    .flatMap(p => p.steps.map(s => Number(s.result)));
  expect(Math.max(...results)).toBeLessThanOrEqual(20);
});

describe('the grammar of chains', () => {
  test('allows every step of every problem behind those before it', () => {
    for (const { steps } of everySplit)
      for (let j = 1; j < steps.length; j++)
        expect(world.nextSteps?.(steps.slice(0, j).map(step => step.text))).toContain(steps[j]!.text);
  });

  test('allows what is right in itself, goes on from the last result and stays in range', () => {
    for (const start of [1, 30, 60]) {
      const next = world.nextSteps?.([`<< 1 + 1 = ${start} >>`]) ?? [];
      expect(new Set(next).size).toBe(next.length);
      expect(next.length).toBeGreaterThan(9);
      for (const text of next) {
        const [, first, operator, operand, result] = /^<< (\d+) (.) (\d+) = (\d+) >>$/.exec(text)!;
        expect(Number(first)).toBe(start);
        expect(evaluate([Number(first), Number(operand)], [operator as Operator])).toBe(Number(result));
        expect(Number(result) >= 1 && Number(result) <= 60).toBe(true);
      }
    }
  });
});

describe('edits', () => {
  const edited = everySplit
    .filter((_, i) => i % 10 === 0)
    .flatMap(problem => world.edits(problem).map(edit => ({ problem, ...edit })));
  const wordsOf = (text: string) => text.split(' ');

  test('change one number of one sentence, to what the world could have said', () => {
    expect(edited.length).toBeGreaterThan(300);
    const vocabulary = new Set(world.vocabulary);
    for (const { problem, question, from, to, others } of edited) {
      const words = wordsOf(question);
      const different = wordsOf(problem.question).flatMap((word, i) => (word === words[i] ? [] : [[word, words[i]]]));
      expect([[[String(from), String(to)]], [['doubles', 'triples']], [['triples', 'doubles']]]).toContainEqual(
        different,
      );
      expect(words.every(word => vocabulary.has(word))).toBe(true);
      expect(others).not.toContain(from);
    }
  });

  test('make problems that stay in range, and held out if they were', () => {
    for (const { problem, question } of edited) {
      const steps = chainOf(question);
      expect(steps.every(step => Number(step.result) >= 1 && Number(step.result) <= 60)).toBe(true);
      expect(steps.every(step => Number.isInteger(Number(step.result)))).toBe(true);
      const trainedOn = splitOf(keyOf({ ...problem, steps }).replaceAll(' ', '')) === 'train';
      expect(trainedOn).toBe(problem.split === 'train');
    }
  });

  test('reach every kind of number', () => {
    const kinds = new Set(
      edited.map(({ from, problem }) => problem.steps.find(s => s.operands![1] === from)?.operation),
    );
    expect(kinds).toEqual(new Set(['+', '-', '*', undefined]));
  });
});

test('chains in sentences say in the words of the question what equations say', () => {
  const config = arithmeticSchema.parse({ kind: 'arithmetic', chain: 'sentences' });
  const sentences = createArithmetic(config);
  const known = new Set(sentences.vocabulary);
  expect(known.size).toBe(153);
  const request = { split: 'test', count: 300, seed: 5 } as const;
  const plain = world.problems(request);
  sentences.problems(request).forEach((problem, i) => {
    expect({ ...problem, steps: [] }).toEqual({ ...plain[i]!, steps: [] });
    problem.steps.forEach((step, j) => {
      const { operands, operation, result } = plain[i]!.steps[j]!;
      expect([step.operands, step.result]).toEqual([operands, result]);
      const [says = '', equation = ''] = step.text.split(' , so ');
      expect(lexemes(equation)).toEqual([String(operands![0]), operation, String(operands![1]), '=', result, '.']);
      expect(problem.question).toContain(`${says.split(' ').slice(1).join(' ')} .`);
      expect(equation).toContain(` ${step.operation} `);
    });
    const next = sentences.nextSteps!(problem.steps.slice(0, 1).map(step => step.text));
    expect(next).toContain(problem.steps[1]!.text);
    expect(
      `${problem.question} ${chainText(sentences, problem)} ${next.join(' ')}`.split(' ').every(w => known.has(w)),
    ).toBe(true);
  });
  expect(sentences.equations).toBeUndefined();
  const rng = stream(3, 'free');
  for (let i = 0; i < 50; i++)
    for (const step of sentences.randomSteps!(rng)) expect(readStep(step).result).toMatch(/^\d+$/);
});
