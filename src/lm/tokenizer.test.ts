import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AutoTokenizer, env } from '@huggingface/transformers';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecodiError } from '../tensor/errors.ts';
import { loadTokenizer, type Tokenizer, writeWordTokenizer } from './tokenizer.ts';
import { extendWordTokenizer } from './words.ts';

const folder = mkdtempSync(join(tmpdir(), 'tokenizer-'));
const words = ['the', 'answer', 'is', ':', '<<', '>>', '5', '+', '11', '=', '#', 'x.y*', 'é', 'ab', 'a', 'b'];
const special = { pad: '<pad>', eos: '<eos>', unknown: '<unk>', others: ['<bot>', '<bot>2'] };
let tokenizer: Tokenizer;

beforeAll(async () => {
  writeWordTokenizer(folder, words, special);
  tokenizer = await loadTokenizer(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('a vocabulary of words', () => {
  it('goes from words to ids and back', () => {
    expect(tokenizer.vocabSize).toBe(words.length + 5);
    expect([tokenizer.padId, tokenizer.eosId, tokenizer.id('<unk>')]).toEqual([0, 1, 2]);
    const ids = tokenizer.encode(' the answer\nis : 11 <eos>');
    expect(ids.map(id => tokenizer.token(id))).toEqual(['the', 'answer', 'is', ':', '11', '<eos>']);
    expect(tokenizer.decode(ids)).toBe('the answer is : 11 <eos>');
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe('the answer is : 11');
    expect(tokenizer.decode([])).toBe('');
    expect(() => tokenizer.id('nowhere')).toThrow(/no token "nowhere" among its 21/);
    expect(() => tokenizer.token(21)).toThrow(/no token with id 21/);
    expect(() => tokenizer.applyChatTemplate([])).toThrow(/without --chat/);
  });

  it('gives the ids and texts that transformers.js gives', async () => {
    env.allowRemoteModels = false;
    const library = await AutoTokenizer.from_pretrained(folder, { local_files_only: true });
    const piece = fc.oneof(
      fc.constantFrom(...words, ...Object.values(special).flat(), 'unheard', '##a', ' ', '\n', '\u00a0', '.'),
      fc.string({ maxLength: 3 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), fc.constantFrom('', ' '), (pieces, between) => {
        const text = pieces.join(between);
        const ids = tokenizer.encode(text);
        expect(ids).toEqual(text === '' ? [] : library.encode(text, { add_special_tokens: false }));
        if (ids.length === 0) return;
        for (const skip of [true, false]) {
          const expected = library.decode(ids, { skip_special_tokens: skip, clean_up_tokenization_spaces: false });
          expect(tokenizer.decode(ids, { skipSpecial: skip })).toBe(expected);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuses words that it could not read back', () => {
    for (const word of ['', 'two words', '##a', 'the', 'x'.repeat(101)]) {
      expect(() => writeWordTokenizer(join(folder, 'bad'), [...words, word], special)).toThrow(/cannot be in/);
    }
  });
});

describe('a vocabulary of words that is extended', () => {
  it('keeps every id, has new words behind them once, and reads what the library reads', async () => {
    const extended = mkdtempSync(join(folder, 'extended-'));
    expect(extendWordTokenizer(folder, extended, ['new', 'the', 'newer', 'new', '<eos>', '12'])).toBe(true);
    const larger = await loadTokenizer(extended);
    const ids = (count: number, of: Tokenizer) => Array.from({ length: count }, (_, id) => of.token(id));
    expect(ids(tokenizer.vocabSize, larger)).toEqual(ids(tokenizer.vocabSize, tokenizer));
    expect(ids(larger.vocabSize, larger).slice(tokenizer.vocabSize)).toEqual(['new', 'newer', '12']);
    expect([larger.padId, larger.eosId]).toEqual([tokenizer.padId, tokenizer.eosId]);
    const text = 'the newer answer is unheard new<eos> 12';
    expect(larger.decode(larger.encode(text))).toBe('the newer answer is <unk> new <eos> 12');
    env.allowRemoteModels = false;
    const library = await AutoTokenizer.from_pretrained(extended, { local_files_only: true });
    expect(larger.encode(text)).toEqual(library.encode(text, { add_special_tokens: false }));
  });

  it('refuses words that could not be read back, and leaves other tokenizers alone', async () => {
    const to = mkdtempSync(join(folder, 'refused-'));
    for (const word of ['', 'two words', '##a'])
      expect(() => extendWordTokenizer(folder, to, ['new', word])).toThrow(/cannot be in a word vocabulary/);
    const other = mkdtempSync(join(folder, 'other-'));
    const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
    writeFileSync(join(other, 'tokenizer.json'), JSON.stringify({ ...json, normalizer: { type: 'Lowercase' } }));
    expect(extendWordTokenizer(other, to, ['new'])).toBe(false);
    expect(readdirSync(to)).toEqual([]);
  });
});

describe('a damaged vocabulary of words', () => {
  it.each<[string, (json: { model: Record<string, unknown>; added_tokens: unknown }) => void, RegExp]>([
    ['without words', ({ model }) => Object.assign(model, { vocab: null }), /could not be read/],
    [
      'with ids that are none',
      ({ model }) => Object.assign(model, { vocab: { '<unk>': 0, a: -1 } }),
      /could not be read|as ids/,
    ],
    [
      'with an id beyond all',
      ({ model }) => Object.assign(model, { vocab: { '<unk>': 0, a: 1e15 } }),
      /could not be read|as ids/,
    ],
    [
      'with an added id that the library would count up to',
      ({ added_tokens: added }) => Object.assign((added as object[])[0]!, { id: 2 ** 31 }),
      /added_tokens\.0\.id/,
    ],
    ['without added tokens', json => Object.assign(json, { added_tokens: null }), /could not be read/],
    [
      'whose unknown word is not its own',
      ({ model }) => Object.assign(model, { unk_token: 'toString' }),
      /which is no token's/,
    ],
  ])('%s is refused', async (_, spoil, message) => {
    const damaged = mkdtempSync(join(folder, 'damaged-'));
    const json = JSON.parse(readFileSync(join(folder, 'tokenizer.json'), 'utf8'));
    spoil(json);
    writeFileSync(join(damaged, 'tokenizer.json'), JSON.stringify(json));
    writeFileSync(join(damaged, 'tokenizer_config.json'), '{"tokenizer_class":"PreTrainedTokenizerFast"}');
    const use = async () => (await loadTokenizer(damaged)).encode('a unheard word');
    await expect(use()).rejects.toThrow(message);
    await expect(use()).rejects.toBeInstanceOf(RecodiError);
  });
});

describe('a folder without a readable tokenizer', () => {
  it('is named', async () => {
    const empty = mkdtempSync(join(folder, 'empty-'));
    await expect(loadTokenizer(empty)).rejects.toThrow(/Could not read .*tokenizer\.json/);
    writeFileSync(join(empty, 'tokenizer.json'), '{"model');
    await expect(loadTokenizer(empty)).rejects.toThrow(/is not JSON/);
    writeFileSync(join(empty, 'tokenizer.json'), '{}');
    await expect(loadTokenizer(empty)).rejects.toThrow(/could not be read as a tokenizer/);
  });
});
