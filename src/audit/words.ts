/**
 * Which words of questions go with something that is true of some of them. Each word that some questions have and others do not is
 * tested by Fisher's exact test, one-sided; and so is each pair of such words that stand in one question, where among the questions
 * with either word the other goes with it too (at `LEVEL`, uncorrected): a pair that only repeats what one of its words does is none.
 * P-values are corrected by Bonferroni: times the number of words, those of pairs times the number of pairs.
 *
 * Questions that tell the same numbers are no witnesses of each other: a model that misreads one misreads all. Those of one `group` that
 * have the words, or do not, count once, as marked where at least half of them are.
 *
 * The least is taken, and then the others are tested again on the questions that do not have it, until the least is not below
 * `LEVEL`: else whatever stands beside a word (`He` beside `Max`) would seem to go with what it does.
 */
import { lexemes } from '../worlds/notation.ts';
import { logFisher, type Meeting } from './fisher.ts';

/** From which on a corrected p-value is no finding. */
export const LEVEL = 0.01;

export interface Association {
  /** One, or two that stand in one question. */
  readonly words: readonly string[];
  /** Corrected. */
  readonly p: number;
  /** Questions that were tested and have the words, those of a group once, and of how many of these it is true. */
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

/** [n], [n] -> what goes with the marked questions; `groups` [n] says which of them are one witness. */
export function associations(
  questions: readonly string[],
  marked: readonly boolean[],
  groups: readonly string[] = questions.map((_, i) => String(i)),
): Associations {
  const witnesses = witnessesOf(groups, Uint8Array.from(marked, Number));
  const columns = columnsOf(questions);
  const words = [...columns.keys()].sort();
  const of = (group: readonly string[]) => group.map(word => columns.get(word)!);
  const pairs = words.flatMap((a, i) => words.slice(i + 1).map(b => [a, b])).filter(pair => count(...of(pair)) > 0);
  const found: Association[] = [];
  let rows: Column = new Uint8Array(questions.length).fill(1);
  const test = (group: readonly string[], tests: number, among: readonly Column[] = [rows]): Tested => {
    const meeting = witnesses(joined(among), joined(of(group)));
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

/** Counts of those `among` which a test is made, and of those of them that are `drawn`, by what Fisher's test is called with. */
function witnessesOf(groups: readonly string[], marks: Column) {
  const numbers = new Map([...new Set(groups)].map((group, i) => [group, i]));
  const group = Int32Array.from(groups, of => numbers.get(of)!);
  /** Of each group those that are not drawn, and those that are: how many, and how many of them are marked. */
  const [size, marked] = [new Int32Array(2 * numbers.size), new Int32Array(2 * numbers.size)];
  return (among: Column, drawn: Column): Meeting => {
    size.fill(0);
    marked.fill(0);
    for (let i = 0; i < group.length; i++) {
      if (!among[i]) continue;
      const part = 2 * group[i]! + drawn[i]!;
      size[part]! += 1;
      marked[part]! += marks[i]!;
    }
    const meeting = { all: 0, marked: 0, drawn: 0, both: 0 };
    for (let part = 0; part < size.length; part++) {
      if (size[part] === 0) continue;
      const is = Number(2 * marked[part]! >= size[part]!);
      meeting.all += 1;
      meeting.marked += is;
      if (part % 2 === 0) continue;
      meeting.drawn += 1;
      meeting.both += is;
    }
    return meeting;
  };
}

/** Questions that are in all of the columns, which are one at least. */
function joined([first, ...more]: readonly Column[]): Column {
  if (more.length === 0) return first!;
  const out = first!.slice();
  for (const column of more) for (let i = 0; i < out.length; i++) out[i]! &= column[i]!;
  return out;
}

const count = (...columns: readonly Column[]): number => joined(columns).reduce((sum, is) => sum + is, 0);
