/** Small indices for tests, of problems that are told by the scores of their readings. */
import { indexed, type ProblemIndex } from './problemIndex.ts';

export interface Row {
  /** By view; undefined where the problem has no reading of it. */
  readonly scores: readonly (number | null | undefined)[];
  readonly question: string;
  /** `p` and the row, unless it is named. */
  readonly id?: string;
}

/** Readings are accepted, and say their step, where their score is above 0; their texts are their scores. */
export function indexOf(rows: readonly Row[], views: readonly string[] = ['a', 'b']): ProblemIndex {
  const own = rows.map(({ scores }) => scores.flatMap((score, view) => (score === undefined ? [] : [{ score, view }])));
  const all = own.flat();
  const same = <T>(value: T) => all.map(() => value);
  const good = all.map(({ score }) => (score ?? 0) > 0);
  return indexed({
    views: views.map(id => ({ id, described: id, anchor: id.split('@')[1] ?? null })),
    problems: {
      id: rows.map(({ id }, row) => id ?? `p${row}`),
      question: rows.map(({ question }) => question),
      answer: rows.map(() => '1'),
      answered: rows.map(() => true),
      readings: own.map(({ length }) => length),
    },
    readings: {
      view: all.map(({ view }) => view),
      explanation: all.map(({ score }) => (score === null ? null : `text ${score}`)),
      accepted: good,
      readable: same(true),
      used: same(true),
      right: good,
      exact: good,
      result: same(null),
      operation: same(null),
      scores: { fve: all.map(({ score }) => score) },
    },
  });
}
