/**
 * A question, or a text for a thought, as a person types it, in the words of a model's vocabulary. A tokenizer of whole words knows
 * "apples" and ".", not "apples."; where parting words from punctuation makes all of them known, that is what the model reads. What
 * it does not know is an error, since a model has nothing to say about a word that it never saw.
 */
import type { Tokenizer } from '../lm/tokenizer.ts';
import { editDistance } from '../run/config/nearest.ts';
import { RecodiError } from '../run/errors.ts';
import { lexemes } from '../worlds/notation.ts';

export interface Typed {
  /** As the model reads it. */
  readonly text: string;
  readonly tokens: readonly number[];
}

/** Suggestions for an unknown word. */
const SUGGESTIONS = 3;

export interface TypedLimits {
  /** Ids that mean something to the model beside words (padding, latent steps). */
  readonly reserved: readonly number[];
  /** Tokens that the model has positions for. */
  readonly longest: number;
}

/**
 * `name`: of what was typed, for errors.
 * @throws RecodiError('usage') for no words, words that the tokenizer does not know (with near ones), reserved tokens, too many.
 */
export function readTyped(
  name: string,
  typed: string,
  tokenizer: Tokenizer,
  { reserved, longest }: TypedLimits,
): Typed {
  const plain = typed.trim().replaceAll(/\s+/g, ' ');
  if (plain === '') throw new RecodiError('usage', `${name}: expected words, got nothing.`);
  const parted = lexemes(plain).join(' ');
  const text = [plain, parted].find(candidate => isKnown(candidate, tokenizer));
  if (text === undefined) throw unknownWords(name, parted, tokenizer);
  const tokens = tokenizer.encode(text);
  const special = tokens.find(id => reserved.includes(id));
  if (special !== undefined)
    throw new RecodiError(
      'usage',
      `${name}: "${tokenizer.token(special)}" is a sign of the model's own and no word; leave it out.`,
    );
  if (tokens.length > longest)
    throw new RecodiError(
      'usage',
      `${name}: ${tokens.length} tokens, and the model has positions for ${longest} here; make it shorter.`,
    );
  return { text, tokens };
}

/** What is encoded comes back: no word turned into the token for unknown ones. */
export const isKnown = (text: string, { encode, decode }: Tokenizer) =>
  decode(encode(text)).trim().replaceAll(/\s+/g, ' ') === text;

function unknownWords(name: string, text: string, tokenizer: Tokenizer): RecodiError {
  const unknown = [...new Set(text.split(' ').filter(word => !isKnown(word, tokenizer)))];
  const vocabulary = Array.from({ length: tokenizer.vocabSize }, (_, id) => tokenizer.token(id));
  const named = unknown.map(word => {
    const near = nearWords(word, vocabulary);
    return near.length > 0 ? `"${word}" (near: ${near.join(', ')})` : `"${word}"`;
  });
  const words = named.length > 0 ? named.join(', ') : 'this text';
  return new RecodiError('usage', `${name}: the model's vocabulary does not have ${words}; use its own words.`);
}

/** Up to three words within a third of the letters, nearest first; case counts for nothing. */
function nearWords(word: string, vocabulary: readonly string[]): string[] {
  const most = Math.max(1, Math.floor(word.length / 3));
  return vocabulary
    .map(candidate => ({ candidate, distance: editDistance(word.toLowerCase(), candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, SUGGESTIONS)
    .map(({ candidate }) => candidate);
}
