/**
 * Vocabularies of whole words split at whitespace: how they are written as a Hugging Face `tokenizer.json`, and how they
 * are read by table. The file uses the WordPiece model, since transformers.js has no WordLevel one; as no word begins
 * with the prefix of word pieces, a word is in the table as a whole or unknown.
 */

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { writeAtomically } from '../tensor/atomic.ts';
import { RecodiError } from '../tensor/errors.ts';
import { readJsonObject } from './json.ts';
import type { Codec } from './tokenizer.ts';

/** Marks pieces inside a word; no word may begin with it. */
const PIECE = '##';
const LONGEST_WORD = 100;

export interface SpecialTokens {
  readonly pad: string;
  readonly eos: string;
  readonly unknown: string;
  /** Further tokens that are never split, such as markers of latent steps. */
  readonly others?: readonly string[];
}

/**
 * Writes `tokenizer.json` and `tokenizer_config.json`. Ids follow the order pad, eos, unknown, others, words.
 * @throws RecodiError('input') for a word that could not be read back as one token.
 */
export function writeWordTokenizer(folder: string, words: readonly string[], special: SpecialTokens): void {
  const reserved = [special.pad, special.eos, special.unknown, ...(special.others ?? [])];
  const all = [...reserved, ...words];
  const seen = new Set<string>();
  for (const word of all) {
    const fault = faultOf(word) ?? (seen.has(word) ? 'it comes twice' : undefined);
    if (fault) throw new RecodiError('input', `The word "${word}" cannot be in a word vocabulary: ${fault}.`);
    seen.add(word);
  }
  const definition = {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: reserved.map((content, id) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: { type: 'WhitespaceSplit' },
    post_processor: null,
    decoder: { type: 'WordPiece', prefix: PIECE, cleanup: false },
    model: {
      type: 'WordPiece',
      unk_token: special.unknown,
      continuing_subword_prefix: PIECE,
      max_input_chars_per_word: LONGEST_WORD,
      vocab: Object.fromEntries(all.map((word, id) => [word, id])),
    },
  };
  const config = {
    tokenizer_class: 'PreTrainedTokenizerFast',
    pad_token: special.pad,
    eos_token: special.eos,
    unk_token: special.unknown,
    clean_up_tokenization_spaces: false,
    model_max_length: 1_000_000,
  };
  writeJson(join(folder, 'tokenizer.json'), definition);
  writeJson(join(folder, 'tokenizer_config.json'), config);
}

/**
 * Writes the word tokenizer of the folder `from` into `to`, with those of `words` that it lacks behind its own. False, and nothing written,
 * where `from` has a tokenizer of another kind.
 */
export function extendWordTokenizer(from: string, to: string, words: readonly string[]): boolean {
  const definition = readJsonObject(join(from, 'tokenizer.json'));
  const codec = wordTable(definition);
  if (!codec) return false;
  const { vocabulary } = codec;
  const added = [...new Set(words)].filter(word => !vocabulary.has(word));
  const fault = added.find(word => faultOf(word));
  if (fault !== undefined)
    throw new RecodiError('input', `The word "${fault}" cannot be in a word vocabulary: ${faultOf(fault)}.`);
  const first = Math.max(...vocabulary.values()) + 1;
  const vocab = { ...Object.fromEntries(vocabulary), ...Object.fromEntries(added.map((word, i) => [word, first + i])) };
  const model = { ...(definition.model as object), vocab };
  writeJson(join(to, 'tokenizer_config.json'), readJsonObject(join(from, 'tokenizer_config.json')));
  // Last, since its being there says that both are.
  writeJson(join(to, 'tokenizer.json'), { ...definition, model });
  return true;
}

function faultOf(word: string): string | undefined {
  if (!/^\S+$/u.test(word)) return 'it is empty or holds whitespace';
  if (word.startsWith(PIECE)) return `it begins with ${PIECE}`;
  if ([...word].length > LONGEST_WORD) return `it is longer than ${LONGEST_WORD} characters`;
  return undefined;
}

function writeJson(path: string, value: unknown): void {
  writeAtomically(path, descriptor => writeSync(descriptor, `${JSON.stringify(value, null, 1)}\n`));
}

const nothing = z.null().optional();
const no = z.literal(false).optional();

/** What `tokenizer.json` says where a table does the same. */
const tableSchema = z.object({
  normalizer: nothing,
  post_processor: nothing,
  pre_tokenizer: z.object({ type: z.literal('WhitespaceSplit') }),
  decoder: z.object({ type: z.literal('WordPiece'), prefix: z.literal(PIECE), cleanup: z.literal(false) }),
  added_tokens: z
    .array(
      z.object({ id: z.int(), content: z.string(), special: z.boolean(), lstrip: no, rstrip: no, single_word: no }),
    )
    .default([]),
  model: z.object({
    type: z.literal('WordPiece'),
    unk_token: z.string(),
    continuing_subword_prefix: z.literal(PIECE),
    vocab: z.record(z.string(), z.int().min(0)),
  }),
});

/** A codec for a file of the kind that `writeWordTokenizer` writes; undefined for any other. */
export function wordTable(json: unknown): Codec | undefined {
  const { data } = tableSchema.safeParse(json);
  if (!data) return undefined;
  const { model, added_tokens: added } = data;
  const vocabulary = new Map(Object.entries(model.vocab));
  const unknown = vocabulary.get(model.unk_token);
  const plain =
    [...vocabulary.keys()].every(word => faultOf(word) === undefined) &&
    added.every(token => vocabulary.get(token.content) === token.id);
  if (!plain || unknown === undefined) return undefined;

  const words: string[] = [];
  for (const [word, id] of vocabulary) words[id] = word;
  const special = new Set(added.filter(token => token.special).map(token => token.id));
  const separators = added.map(token => token.content).sort((a, b) => b.length - a.length);
  const split = separators.length > 0 ? new RegExp(`(${separators.map(escaped).join('|')})`) : undefined;
  return {
    vocabulary,
    encode(text) {
      const ids: number[] = [];
      for (const piece of split ? text.split(split) : [text]) {
        for (const word of piece.match(/\S+/g) ?? []) ids.push(vocabulary.get(word) ?? unknown);
      }
      return ids;
    },
    decode: (ids, options = {}) =>
      ids
        .filter(id => !(options.skipSpecial && special.has(id)))
        .map(id => words[id] ?? words[unknown]!)
        .join(' '),
    applyChatTemplate() {
      throw new RecodiError(
        'usage',
        'This model has a vocabulary of words and no chat template; generate without --chat.',
      );
    },
  };
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
