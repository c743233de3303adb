import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { loadTokenizer, type Tokenizer, writeWordTokenizer } from '../lm/tokenizer.ts';
import { createArithmetic } from '../worlds/arithmetic.ts';
import { readTyped } from './question.ts';

let tokenizer: Tokenizer;
const read = (text: string, longest = 100) =>
  readTyped('--question', text, tokenizer, { reserved: [tokenizer.id('<bot>'), tokenizer.padId], longest });

beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-question-'));
  const world = createArithmetic({ kind: 'arithmetic', max_number: 60, chain: 'equations', steps: [[2, 1]] });
  writeWordTokenizer(folder, world.vocabulary!, { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others: ['<bot>'] });
  tokenizer = await loadTokenizer(folder);
});

describe('readTyped', () => {
  it('takes a question as the world writes it, whatever the spaces', () => {
    const { text, tokens } = read('  Tom has 5  apples .\nHe buys 6 more . ');
    expect(text).toBe('Tom has 5 apples . He buys 6 more .');
    expect(tokenizer.decode(tokens)).toBe(text);
  });

  it('parts words from punctuation as people write them', () => {
    expect(read('Tom has 5 apples. He buys 6 more. How many apples does Tom have?').text).toBe(
      'Tom has 5 apples . He buys 6 more . How many apples does Tom have ?',
    );
  });

  it('names words that the model does not know, once each, with near ones', () => {
    expect(() => read('Tom has 5 aples. tom eats 5 aples.')).toThrow(
      /does not have "aples" \(near: apples\), "tom" \(near: Tom.*\), "eats"/,
    );
    expect(() => read('Tom has 5 zebras .')).toThrow(expect.objectContaining({ code: 'usage' }));
  });

  it('refuses what is too long', () => {
    expect(() => read('Tom has 5 apples .', 4)).toThrow(/5 tokens, .* positions for 4/);
  });

  it('refuses nothing, and the signs that are the model’s own', () => {
    expect(() => read(' \n')).toThrow(/--question: expected words, got nothing/);
    expect(() => read('Tom has <bot> 5 apples .')).toThrow(/"<bot>" is a sign of the model's own/);
  });
});
