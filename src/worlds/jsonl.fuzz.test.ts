import { join } from 'node:path';
import { expect, it } from 'vitest';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { readProblems } from './jsonl.ts';
import type { Problem } from './problem.ts';

const problems = [
  { id: 'a', question: 'Tom has 5 apples . He buys 6 more .', steps: ['<< 5 + 6 = 11 >>'], answer: '11' },
  { id: 2, question: 'And "[" ?', steps: [{ text: 'so 5 * 6 = 30', operands: [5, 6], result: 30 }], answer: 30 },
  {
    question: 'Wie groß ?',
    steps: ['a', { text: 'b', operation: '+' }],
    answer: 'é',
    split: 'test',
    own: [{ a: [1] }],
  },
];

/** What a world may take for granted. */
function check(read: readonly Problem[]): void {
  expect(read.length).toBeGreaterThan(0);
  expect(new Set(read.map(({ id }) => id)).size).toBe(read.length);
  for (const { question, answer, steps, split } of read) {
    expect([question, answer].every(text => text.trim() === text && text !== '')).toBe(true);
    expect(['train', 'validation', 'test']).toContain(split);
    expect(steps.length).toBeGreaterThan(0);
    for (const { text, operands = [], result } of steps) {
      expect(operands.every(Number.isFinite)).toBe(true);
      if (result !== undefined) expect(text).toContain(result);
    }
  }
}

it.each([
  ['JSON Lines', 'jsonl', problems.map(row => `${JSON.stringify(row)}\n`).join('')],
  ['a JSON array', 'json', JSON.stringify(problems, null, 1)],
])('damaged problems as %s are read or refused', async (_, extension, text) => {
  const name = `problems.${extension}`;
  await survivesDamage({
    files: { [name]: Buffer.from(text) },
    read: folder => readProblems([{ path: join(folder, name) }]),
    check,
  });
});
