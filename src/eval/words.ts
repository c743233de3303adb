/**
 * Which words of a text are read: what the similarity to the target loses when a word alone is replaced by another of its kind.
 *
 * A number is of a kind with numbers, an operator with operators, a word with the words that the reference might write at its place;
 * the other signs (`<<`, `=`) are grammar and have no alternative. A number is tried whatever its likelihood: the reference knows
 * sums, and would leave a result no alternative. Of the alternatives the likeliest under the reference are tried, and the best of
 * them counts: where one does as well, the target does not tell the word from it, whatever the others cost.
 */
import { isNumber, isOperator } from '../worlds/notation.ts';
import type { Bench, ReadingTask } from './bench.ts';
import { rank } from './candidates.ts';
import { nextTokens } from './support.ts';

export interface Word {
  readonly word: string;
  /** Similarity minus that with the best alternative in its place; null where there is none. */
  readonly loss: number | null;
  /** The loss is above `eval.verdicts.word_loss`. */
  readonly read: boolean | null;
}

/** Alternatives that are tried for a word. */
const ALTERNATIVES = 8;
/** Likeliest tokens of a place among which they are found. */
const LIKELIEST = 64;

/** The words (tokens) of one text per target. */
export async function readWords(bench: Bench, task: ReadingTask, texts: readonly string[]): Promise<Word[][]> {
  const { encode, decode } = bench.client.lrm.tokenizer;
  const tokens = texts.map(encode);
  const others = await alternatives(bench, tokens);
  const edits = tokens.map((row, i) => row.map((_, at) => others[i]![at]!.map(id => decode(row.with(at, id)))));
  const ranked = await rank(
    bench,
    task,
    texts.map((text, i) => [text, ...edits[i]!.flat()]),
  );
  return tokens.map((row, i) => {
    const similarity = new Map(ranked[i]!.map(candidate => [candidate.text, candidate.similarity]));
    const scores = edits[i]!.map(list => list.map(text => similarity.get(text)!));
    return row.map((id, at) => {
      const measured = judgeWord(similarity.get(texts[i]!)!, scores[at]!, bench.config.eval.verdicts.word_loss);
      return { word: decode([id]).trim(), ...measured };
    });
  });
}

/** Of a word whose text scores `own`, and with others in its place `scores`. */
export function judgeWord(own: number, scores: readonly number[], bound: number): Pick<Word, 'loss' | 'read'> {
  if (scores.length === 0) return { loss: null, read: null };
  const loss = own - Math.max(...scores);
  return { loss, read: loss > bound };
}

/** Per text [n] the share of its words that are read among those that could be otherwise; NaN where none could. */
export function shareRead(texts: readonly (readonly Word[])[]): Float64Array {
  return Float64Array.from(texts, words => {
    const open = words.filter(({ read }) => read !== null);
    return open.filter(({ read }) => read).length / open.length;
  });
}

/** For each place of each text the tokens that are tried there, likeliest first. */
async function alternatives(bench: Bench, texts: readonly (readonly number[])[]): Promise<number[][][]> {
  const { decode } = bench.client.lrm.tokenizer;
  const kind = (id: number) => kindOf(decode([id]).trim());
  const before = (row: readonly number[], at: number) => row.slice(0, at).join(' ');
  const beginnings = new Map(texts.flatMap(row => row.map((_, at) => [before(row, at), row.slice(0, at)] as const)));
  const likeliest = await nextTokens(bench, [...beginnings.values()], LIKELIEST);
  const found = new Map([...beginnings.keys()].map((key, i) => [key, likeliest[i]!]));
  return texts.map(row =>
    row.map((own, at) => {
      const ofKind = kind(own);
      const floor = ofKind === 'word' ? bench.config.eval.support : Number.NEGATIVE_INFINITY;
      const others = found
        .get(before(row, at))!
        .filter(({ id, logProb }) => id !== own && ofKind && kind(id) === ofKind && logProb >= floor);
      return others.slice(0, ALTERNATIVES).map(({ id }) => id);
    }),
  );
}

/** Which number fits is arithmetic and which word fits is language; undefined for signs, which are grammar. */
export function kindOf(word: string): 'number' | 'operator' | 'word' | undefined {
  if (isNumber(word)) return 'number';
  if (isOperator(word)) return 'operator';
  return /\p{L}/u.test(word) ? 'word' : undefined;
}
