/** The rows of each view, as they are taken away. */
import type {
  AuditAnswer,
  EvaluationAnswer,
  Figure,
  Label,
  Metrics,
  RunSummary,
  Runs,
  Sample,
  Thought,
} from '../src/inspect/wire.ts';
import type { Tried } from './attempt.ts';
import { BELIEFS, beliefOfLabel } from './belief.ts';
import { runName } from './format.ts';
import type { MapPoint } from './MapCanvas.tsx';
import { type Both, differenceOf, type Pair } from './pairs.ts';
import { type ProblemIndex, readingsOf } from './problemIndex.ts';
import type { Sheet, SheetRow } from './sheet.ts';

/** A figure in three columns. */
const figureColumns = (name: string, { value, low, high }: Figure): SheetRow => ({
  [name]: value,
  [`${name} low`]: low,
  [`${name} high`]: high,
});

/** `0.52 (0.45 to 0.59)` */
function figureText({ value, low, high }: Figure): string | null {
  if (value === null) return null;
  const short = (x: number) => String(Number(x.toPrecision(3)));
  return low === null || high === null ? short(value) : `${short(value)} (${short(low)} to ${short(high)})`;
}

export function runsSheet({ runs, differences }: Runs, ordered: readonly RunSummary[]): Sheet {
  const plain = ({ index, folder, name, seed, state, updates, seconds, alarms }: RunSummary): SheetRow => ({
    run: name,
    folder,
    seed,
    state,
    updates: updates.done,
    'updates asked for': updates.of,
    seconds,
    alarms: alarms.map(alarm => alarm.name).join(' '),
    ...Object.fromEntries(differences.map(({ key, values }) => [key, values[index]])),
  });
  const headline = (run: RunSummary, of: (name: string, figure: Figure) => SheetRow): SheetRow =>
    Object.assign({}, ...run.headline.map(({ name, figure }) => of(name, figure)));
  return {
    name: 'runs',
    title: `${runs.length} runs`,
    rows: ordered.map(run => ({ ...plain(run), ...headline(run, figureColumns) })),
    shown: ordered.map(run => ({
      ...plain(run),
      ...headline(run, (name, figure) => ({ [name]: figureText(figure) })),
    })),
  };
}

interface RunMetrics {
  readonly run: RunSummary;
  readonly metrics: Metrics;
}

export function curvesSheet(known: readonly RunMetrics[], phase: string, shown: readonly string[]): Sheet {
  const number = (value: unknown) => (typeof value === 'number' ? value : null);
  return {
    name: 'curves',
    title: `Metrics of ${known.map(({ run }) => runName(run)).join(', ')}`,
    rows: known.flatMap(({ run, metrics: { lines } }) =>
      lines
        .filter(line => String(line.phase ?? '') === phase)
        .map(line => ({
          run: run.name,
          seed: run.seed,
          phase,
          update: number(line.update),
          ...Object.fromEntries(shown.map(name => [name, number(line[name])])),
        })),
    ),
  };
}

/** Everything that the index has of a reading. */
function readingRow(index: ProblemIndex, row: number, reading: number): SheetRow {
  const { problems, views, readings } = index;
  const { scores, view: _, ...columns } = readings;
  return {
    problem: problems.id[row],
    question: problems.question[row],
    answer: problems.answer[row],
    answered: problems.answered[row],
    view: views[readings.view[reading]!]?.id,
    ...Object.fromEntries(Object.entries(columns).map(([name, column]) => [name, column[reading]])),
    ...Object.fromEntries(Object.entries(scores).map(([name, column]) => [name, column[reading]])),
  };
}

/** The readings of the listed problems; in Markdown those of the one that is shown, its gold only where it is. */
export function readingsSheet(
  index: ProblemIndex,
  chosen: readonly number[],
  labels: readonly Label[] | undefined,
  goldShown: boolean,
): Sheet {
  const [first] = labels ?? [];
  return {
    name: 'readings',
    title: first ? `Problem ${first.problem}` : `${chosen.length} problems`,
    ...(first && {
      lead: [
        ['Question', first.question],
        ['Answer', first.answer.latent],
        ...(goldShown ? [['Gold', first.gold.steps.map(({ text }) => text).join(' ')] as const] : []),
      ],
    }),
    rows: chosen.flatMap(row => readingsOf(index, row).map(reading => readingRow(index, row, reading))),
    ...(labels && { shown: labels.map(thoughtRow) }),
  };
}

const thoughtRow = (label: Thought): SheetRow => ({
  view: label.view,
  reading: label.explanation,
  belief: BELIEFS[beliefOfLabel(label)].word,
  probability: label.probability,
  similarity: label.scores.similarity,
  FVE: label.scores.fve,
  'swap gap': label.scores.gap,
  'answer with it': label.answer.explained,
});

/** A question that was tried, and what became of it with another number, as far as they are read. */
export function trySheet(asked: Tried, edited: Tried | undefined): Sheet {
  return {
    name: 'try',
    title: asked.question,
    lead: [
      ['Answer', asked.answer],
      ...(edited
        ? ([
            ['Edited', edited.question],
            ['Answer', edited.answer],
          ] as const)
        : []),
    ],
    rows: [asked, ...(edited ? [edited] : [])].flatMap(({ question, answer, views, read }) =>
      views.flatMap(({ view }) => {
        const thought = read[view]?.thought;
        return thought ? [{ question, answer, ...thoughtRow(thought) }] : [];
      }),
    ),
  };
}

export function mapSheet(
  index: ProblemIndex,
  rows: Uint32Array,
  points: readonly MapPoint[],
  groups: readonly string[],
): Sheet {
  const { problems, views, readings } = index;
  return {
    name: 'map',
    title: `${points.length} thoughts`,
    rows: points.map(({ x, y, text, reading, group }) => ({
      problem: problems.id[rows[reading]!],
      view: views[readings.view[reading]!]?.id,
      explanation: readings.explanation[reading],
      group: groups[group],
      x,
      y,
      text_x: text?.x ?? null,
      text_y: text?.y ?? null,
    })),
  };
}

export function compareSheet(
  runs: readonly [RunSummary, RunSummary],
  indices: Both,
  pairs: readonly Pair[],
  score: string,
): Sheet {
  const side = (which: 0 | 1, reading: number): SheetRow => {
    const { readings, views } = indices[which];
    const named = {
      view: views[readings.view[reading]!]?.id,
      explanation: readings.explanation[reading],
      accepted: readings.accepted[reading],
      right: readings.right[reading],
      exact: readings.exact[reading],
      [score]: readings.scores[score]?.[reading],
    };
    return Object.fromEntries(Object.entries(named).map(([name, value]) => [`${name} ${which + 1}`, value]));
  };
  return {
    name: 'compare',
    title: `${runName(runs[0])} (1) and ${runName(runs[1])} (2)`,
    rows: pairs.map(pair => ({
      problem: indices[0].problems.id[pair.row],
      question: indices[0].problems.question[pair.row],
      ...side(0, pair.readings[0]),
      ...side(1, pair.readings[1]),
      difference: differenceOf(indices, pair, score),
    })),
  };
}

export function tableSheet({ evaluation }: EvaluationAnswer, viewId: string, described: string): Sheet {
  const view = evaluation.views.find(({ id }) => id === viewId);
  const rows = Object.entries(view?.rows ?? {});
  const row = (
    name: string,
    figures: Readonly<Record<string, Figure>>,
    of: (name: string, figure: Figure) => SheetRow,
  ) =>
    Object.assign(
      { view: viewId, row: name },
      ...Object.entries(figures).map(([figure, own]) => of(figure, own)),
    ) as SheetRow;
  return {
    name: `${evaluation.run}-table-${viewId}`,
    title: `${evaluation.run}, held out: ${viewId}`,
    lead: [
      ['View', described],
      ...Object.entries(view?.verdicts ?? {}).map(([name, { reason }]) => [name, reason] as const),
    ],
    rows: rows.map(([name, figures]) => row(name, figures, figureColumns)),
    shown: rows.map(([name, figures]) => {
      const { view: _, ...rest } = row(name, figures, (figure, own) => ({ [figure]: figureText(own) }));
      return rest;
    }),
  };
}

export const samplesSheet = (samples: readonly Sample[]): Sheet => ({
  name: 'samples',
  title: `${samples.length} samples`,
  rows: samples.map(({ scores, ...sample }) => ({ ...sample, ...scores })),
});

/** The readings that are listed; in Markdown the words that go with them. */
export function auditSheet({ run, problems, view, readers }: AuditAnswer): Sheet {
  const { unaccounted, words } = readers.ours.accepted;
  return {
    name: `${run}-audit`,
    title: `${run}, audited`,
    lead: [['Read', `${problems} held-out problems at ${view}, of which ${unaccounted.length} are listed`]],
    rows: unaccounted.map(({ unaccounted: parts, ...reading }) => ({ ...reading, unaccounted: parts.join(' ') })),
    shown: [
      ...words.found.map(word => ({ ...word, found: true })),
      ...words.others.map(word => ({ ...word, found: false })),
    ].map(({ words: own, questions, marked, p, found }) => ({
      words: own.join(' and '),
      'questions with them': questions,
      'of these listed': marked,
      'p, corrected': p,
      found,
    })),
  };
}
