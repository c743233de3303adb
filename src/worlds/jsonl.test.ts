import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { RecodiError } from '../run/errors.ts';
import { readProblems } from './jsonl.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-problems-'));
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
function write(content: string | Uint8Array): string {
  const path = join(folder, `${++files}.jsonl`);
  writeFileSync(path, content);
  return path;
}
const read = (content: string | Uint8Array) => readProblems([{ path: write(content) }]);
const line = (row: object) => `${JSON.stringify(row)}\n`;
const good = { question: 'What is 5 plus 6 ?', steps: ['<< 5 + 6 = 11 >>'], answer: '11' };

/** The error without the folder: `1.jsonl:3: …`. */
function failure(content: string | Uint8Array): string {
  try {
    read(content);
  } catch (error) {
    expect(error).toBeInstanceOf(RecodiError);
    expect((error as RecodiError).code).toBe('input');
    return (error as RecodiError).message.replace(/^.*?\d+\.jsonl/, '');
  }
  return expect.fail('was read');
}

describe('what is read', () => {
  test('JSON Lines, with blank lines, Windows line ends and a byte order mark', () => {
    const [problem, ...more] = read(`\uFEFF\r\n${JSON.stringify(good)}\r\n\r\n`);
    expect(more).toEqual([]);
    expect(problem).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{16}$/),
      question: good.question,
      steps: [{ text: '<< 5 + 6 = 11 >>', operands: [5, 6], operation: '+', result: '11' }],
      answer: '11',
      split: expect.stringMatching(/^(train|validation|test)$/),
    });
  });

  test('a JSON array, with brackets and quotes in its texts and the columns of other people', () => {
    const row = { ...good, question: 'Is "[" , \\ or "]}" a bracket ?', edges: [[0, 1]], answers: { a: 1 } };
    const problems = read(JSON.stringify([row, good], null, 2));
    expect(problems.map(p => p.question)).toEqual([row.question, good.question]);
  });

  test('numbers as answers, results and ids', () => {
    const [problem] = read(line({ ...good, id: 7, answer: 11, steps: [{ text: '5 and 6 is 11', result: 11 }] }));
    expect(problem).toMatchObject({ id: '7', answer: '11', steps: [{ text: '5 and 6 is 11', result: '11' }] });
  });

  test('numbers too large for one are no operands', () => {
    const huge = '9'.repeat(400);
    const [problem] = read(line({ ...good, steps: [`${huge} + 1 = 2`] }));
    expect(problem?.steps).toEqual([{ text: `${huge} + 1 = 2`, result: '2' }]);
  });

  test('what a step leaves out is read from its text, what it says stands', () => {
    const [problem] = read(
      line({
        ...good,
        steps: [
          { text: 'so 5 + 6 = 11', operation: '+' },
          { text: '5 + 6 = 11', result: 6 },
        ],
      }),
    );
    expect(problem?.steps.map(s => s.result)).toEqual(['11', '6']);
    expect(problem?.steps[1]?.operands).toEqual([5, 6]);
  });

  test('a split follows the question, not its id, its place or its spaces', () => {
    const rows = Array.from({ length: 400 }, (_, i) => ({ ...good, question: `What is ${i} ?` }));
    const plain = read(rows.map(line).join(''));
    const other = read(
      rows
        .map((row, i) => line({ ...row, id: `q${i}`, question: row.question.replace(' is', '  is') }))
        .reverse()
        .join(''),
    );
    expect(other.reverse().map(p => p.split)).toEqual(plain.map(p => p.split));
    expect(plain.filter(p => p.split === 'train').length / 400).toBeCloseTo(0.8, 1);
  });

  test('the same question twice is two problems of one split', () => {
    const [first, second, third] = read(line(good) + line(good) + line(good));
    expect([second?.id, third?.id]).toEqual([`${first?.id}-2`, `${first?.id}-3`]);
    expect(second?.split).toBe(first?.split);
  });

  test('one file per split', () => {
    const train = write(line(good));
    const held = write(line({ ...good, question: 'Another ?' }));
    const problems = readProblems([
      { path: train, split: 'train' },
      { path: held, split: 'test' },
    ]);
    expect(problems.map(p => p.split)).toEqual(['train', 'test']);
  });
});

describe('what is refused, and where', () => {
  const cases: Record<string, [content: string | Uint8Array, message: RegExp]> = {
    'a line that is not JSON': [`${line(good)}{"question": \n`, /^:2: .*JSON Lines.*does not parse/],
    'a line that is cut off': [line(good) + line(good).slice(0, 40), /^:2: .*does not parse/],
    'a missing answer': [
      line(good) + line({ question: 'q', steps: ['s'] }),
      /^:2: answer: .*; a problem is \{question/,
    ],
    'a null question': [line({ ...good, question: null }), /^:1: question: .*expected string, received null/],
    'no steps': [line({ ...good, steps: [] }), /^:1: steps: /],
    'a blank step': [line({ ...good, steps: ['<< 1 + 1 = 2 >>', '  '] }), /^:1: steps\[1\]/],
    'a mistyped key of a step': [line({ ...good, steps: [{ text: 'a', operand: [1] }] }), /^:1: steps\[0\].*operand/],
    'a result that the text lacks': [
      line({ ...good, steps: [{ text: 'a', result: 'b' }] }),
      /^:1: steps\[0\].result is "b"/,
    ],
    'a wrong value inside a step': [
      line({ ...good, steps: ['a', { text: 'b', operands: ['1'] }] }),
      /^:1: steps\[1\]\.operands\[0\]: expected number, received string/,
    ],
    'an unknown split': [line({ ...good, split: 'dev' }), /^:1: split: .*"validation"/],
    'a key that is nearly ours': [line({ ...good, Splits: 'test' }), /^:1: unknown key "Splits", did you mean "split"/],
    'a value that is no object': ['[1]', /^:1: expected an object, got 1/],
    'a wrong element of an array': [`[\n${line(good)},\n\n  {"question": 3}]`, /^:5: question/],
    'an array that never ends': [`[${line(good)}`, /^:2: .*never closed/],
    'an array with more behind it': [`[${line(good)}] 5`, /^:2: .*more after the end/],
    'an array with a comma too many': [`[${line(good)},]`, /^:2: .*nothing between two commas/],
    'an empty file': ['\n', /^: .*empty file/],
    'an empty array': [' [ ] ', /^: .*empty file/],
    'bytes that are no text': [new Uint8Array([...Buffer.from(line(good)), 0xff, 0xfe]), /^:2: expected UTF-8/],
    'an id twice': [
      line({ ...good, id: 'a' }) + line({ ...good, question: 'b', id: 'a' }),
      /^:2: the id "a" is taken by .*:1;/,
    ],
    'a question in two splits': [
      line({ ...good, split: 'train' }) + line({ ...good, split: 'test' }),
      /^:2: the question is in the test split here .*:1;/,
    ],
    'an answer that nests too deep to be shown': [
      `{"question":"q","steps":["s"],"answer":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
      /^:1: answer: .*cannot be shown/,
    ],
    'a text without end': [line({ ...good, question: 'x'.repeat(20_001) }), /^:1: question: .*20000/],
  };
  test.each(Object.entries(cases))('%s', (_, [content, message]) => {
    expect(failure(content)).toMatch(message);
  });

  test('a file that is not there', () => {
    expect(() => readProblems([{ path: join(folder, 'none.jsonl') }])).toThrow(/none\.jsonl.*no such file/);
  });

  test('a row of another split than its file', () => {
    const path = write(line({ ...good, split: 'train' }));
    expect(() => readProblems([{ path, split: 'test' }])).toThrow(
      /the split is "train" in the file of the test problems/,
    );
  });
});
