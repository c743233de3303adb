/**
 * Which words of questions go with something that is true of some of them. Each word that some questions have and others do not is
 * tested by Fisher's exact test, one-sided; and so is each pair of such words that stand in one question, where among the questions
 * with either word the other goes with it too (at `LEVEL`, uncorrected): a pair that only repeats what one of its words does is none.
 * P-values are corrected by Bonferroni: times the number of words, those of pairs times the number of pairs.
 *
 * The least is taken, and then the others are tested again on the questions that do not have it, until the least is not below
 * `LEVEL`: else whatever stands beside a word (`He` beside `Max`) would seem to go with what it does.
 */
import { lexemes } from '../worlds/notation.ts';
import { logFisher } from './fisher.ts';

/** From which on a corrected p-value is no finding. */
export const LEVEL = 0.01;

export interface Association {
  /** One, or two that stand in one question. */
  readonly words: readonly string[];
  /** Corrected. */
  readonly p: number;
  /** Questions that were tested and have the words, and of how many of these it is true. */
  readonly questions: number;
  readonly marked: number;
}

export interface Associations {
  /** Below `LEVEL`, in the order in which they were taken. */
  readonly found: readonly Association[];
  /** The best of the other words that go with one of them at least, tested without the questions of those found. */
  readonly others: readonly Association[];
  /** How many there are of each, by which p-values are corrected. */
  readonly tested: { readonly words: number; readonly pairs: number };
}

const OTHERS = 4;

/** Whether each question is one of them, [n] of 0 and 1. */
type Column = Uint8Array;

/** [n], [n] -> what goes with the marked questions. */
export function associations(questions: readonly string[], marked: readonly boolean[]): Associations {
  const columns = columnsOf(questions);
  const words = [...columns.keys()].sort();
  const of = (group: readonly string[]) => group.map(word => columns.get(word)!);
  const pairs = words.flatMap((a, i) => words.slice(i + 1).map(b => [a, b])).filter(pair => count(...of(pair)) > 0);
  const marks = Uint8Array.from(marked, Number);
  const found: Association[] = [];
  let rows: Column = new Uint8Array(questions.length).fill(1);
  const test = (group: readonly string[], tests: number, among: readonly Column[] = [rows]): Tested => {
    const drawn = [...among, ...of(group)];
    const meeting = {
      all: count(...among),
      marked: count(...among, marks),
      drawn: count(...drawn),
      both: count(...drawn, marks),
    };
    const log = Math.min(0, logFisher(meeting) + Math.log(tests));
    return { log, words: group, p: Math.exp(log), questions: meeting.drawn, marked: meeting.both };
  };
  const goesBeside = (word: string, other: string) => isFound(test([word], 1, [rows, ...of([other])]));
  for (;;) {
    const single = words.map(word => test([word], words.length)).sort(byP);
    const double = pairs
      .map(pair => test(pair, pairs.length))
      .filter(
        one => isFound(one) && goesBeside(one.words[0]!, one.words[1]!) && goesBeside(one.words[1]!, one.words[0]!),
      );
    const [best] = [...single.slice(0, 1), ...double].sort(byP);
    if (!best || !isFound(best)) {
      const others = single.filter(({ marked }) => marked > 0).slice(0, OTHERS);
      return { found, others: others.map(plain), tested: { words: words.length, pairs: pairs.length } };
    }
    found.push(plain(best));
    const theirs = of(best.words);
    rows = rows.map((is, i) => is & ~Number(theirs.every(column => column[i])));
  }
}

interface Tested extends Association {
  /** Of p, which may be too small for a number. */
  readonly log: number;
}

const byP = (a: Tested, b: Tested) => a.log - b.log;
const isFound = ({ log }: Tested) => log < Math.log(LEVEL);
const plain = ({ log: _, ...association }: Tested): Association => association;

/** The words and numbers of questions without their signs, of those that some have and others do not. */
function columnsOf(questions: readonly string[]): Map<string, Column> {
  const columns = new Map<string, Column>();
  questions.forEach((question, i) => {
    for (const word of lexemes(question).filter(lexeme => /[\p{L}\d]/u.test(lexeme))) {
      const column = columns.get(word) ?? new Uint8Array(questions.length);
      column[i] = 1;
      columns.set(word, column);
    }
  });
  for (const [word, column] of columns) if (!column.includes(0)) columns.delete(word);
  return columns;
}

/** Questions that are in all of the columns. */
function count(...columns: readonly Column[]): number {
  let sum = 0;
  for (let i = 0; i < columns[0]!.length; i++) {
    let is = 1;
    for (const column of columns) is &= column[i]!;
    sum += is;
  }
  return sum;
}
