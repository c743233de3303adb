/**
 * `recodi audit`: what a model thinks that its questions do not say. Held-out problems are read; listed are the readings that take a
 * number which the question does not account for (accounting.ts), and the words of the questions that go with them (words.ts).
 * Nothing about what to look for goes in. Written as audit.json (docs/audit.md).
 *
 * A misreading uses such a number nearly always. So a reading counts where it is probably right: by a calibration on validation problems
 * whose chains their questions account for, from `labels.accept` on. The peer's readings are calibrated and counted in the same way.
 *
 * Where the chains of the world's own problems do what their questions do not account for, as a planted rule makes them, what was
 * listed is held against them in the end. Nothing else sees the chains of the problems that are audited.
 */
import { buildBank } from '../eval/bank.ts';
import type { Bench } from '../eval/bench.ts';
import { calibrate, probability } from '../eval/calibration.ts';
import { type Equation, equationsOf, same } from '../eval/equations.ts';
import { collectTargets, type TargetSet } from '../lrm/targets.ts';
import { RecodiError } from '../run/errors.ts';
import { writeJson } from '../run/files.ts';
import type { Problem, Split, Told, World } from '../worlds/problem.ts';
import { toldBy, unaccounted } from './accounting.ts';
import { partsOf, projectThoughts, readThoughts, type StepReading, viewsOfSteps } from './readers.ts';
import { type Associations, associations } from './words.ts';

/** A reading that takes what the question does not account for. */
export interface Unaccounted {
  readonly problem: string;
  readonly question: string;
  /** Of the chain, from 1. */
  readonly step: number;
  readonly reading: string;
  /** As `7`, or `+ 7`. */
  readonly unaccounted: readonly string[];
  /** That it is right; null where validation problems do not tell. */
  readonly probability: number | null;
  /** First token of what the model answers with its latents. */
  readonly answer: string;
}

/** Listed problems held against those whose own chains do what their questions do not account for. */
export interface Agreement {
  /** Share of the listed problems in which a listed reading is of the same in the same step; null where none is listed. */
  readonly precision: number | null;
  /** Share of all such problems that this is so of, whether or not the step is one that is read. */
  readonly recall: number;
}

export interface ReaderAudit {
  readonly readings: number;
  /** That have one of these readings: the words of their questions are tested. */
  readonly problems: number;
  /** Likeliest first. */
  readonly unaccounted: readonly Unaccounted[];
  readonly words: Associations;
  /** null where all of the world's own chains are accounted for. */
  readonly agreement: Agreement | null;
}

export const READERS = ['ours', 'projection'] as const;

export interface Audit {
  readonly format: 1;
  readonly run: string;
  readonly seed: number;
  readonly problems: number;
  /** Least probability of an accepted reading. */
  readonly accept: number;
  /** By which ours reads, in the order of the steps that they speak of. */
  readonly views: readonly string[];
  /** Problems whose own chains do what their questions do not account for, and the share of them that is answered as these end. */
  readonly planted: { readonly problems: number; readonly answered: number | null };
  readonly readers: Readonly<
    Record<(typeof READERS)[number], { readonly accepted: ReaderAudit; readonly all: ReaderAudit }>
  >;
}

/** Validation problems by which readings are calibrated: as many as are audited, and at most so many. */
const CALIBRATION = 1000;

/**
 * Reads `count` held-out problems.
 * @throws RecodiError('input') where chains are no equations, or no view says of which step it speaks; RecodiError('config') where the
 * world has not so many test or validation problems.
 */
export async function auditRun(bench: Bench, count: number): Promise<Audit> {
  const { client, config, progress, world } = bench;
  if (!world.equations)
    throw new RecodiError(
      'input',
      `${bench.paths.folder}: the chains of its problems are no equations, as << 5 + 6 = 11 >>, and an audit reads numbers out of these; audit a run whose problems have such steps.`,
    );
  const views = viewsOfSteps(bench.views.views);
  if (views.length === 0)
    throw new RecodiError(
      'input',
      `${bench.paths.folder}: none of its views speaks of a known step of the chain, so what it reads cannot be held against questions; audit a run with translated targets (targets.space: translated).`,
    );
  const { steps } = config.targets.problems;
  const problemsOf = (split: Split, most: number) =>
    world.problems({ split, count: Math.min(count, most), seed: config.seed, ...(steps !== undefined && { steps }) });
  const problems = problemsOf('test', count);
  const teaching = problemsOf('validation', CALIBRATION);
  const bank = await buildBank(bench);
  const parts = 2 + partsOf(problems.length, views.length) + partsOf(teaching.length, views.length);
  progress.stage(`auditing ${problems.length} held-out problems`, parts);
  let done = 0;
  const tick = () => progress.update(++done);
  const set = await collectTargets(client, { split: 'test', problems, causal: false });
  const known = await collectTargets(client, { split: 'validation', problems: teaching, causal: false });
  tick();
  const reader = { views, bank, tick };
  const spoken = views.map(view => view.anchor!.step);
  const readings = {
    ours: [await readThoughts(bench, known, reader), await readThoughts(bench, set, reader)],
    projection: [await projectThoughts(bench, known, spoken), await projectThoughts(bench, set, spoken)],
  } as const;
  tick();
  const told = problems.map(({ question }) => toldBy(world, question));
  const own = problems.map((problem, row) => unaccounted(goldChain(problem), told[row]!));
  const planted = problems.flatMap((_, row) => (own[row]!.some(missing => missing.length > 0) ? [row] : []));
  const { encode } = client.lrm.tokenizer;
  const answered = planted.filter(row => encode(problems[row]!.answer)[0] === set.answers[row]).length;
  const audited = (reader: (typeof READERS)[number]) => {
    const [before, now] = readings[reader];
    const trusted = before.filter(({ row, step }) => isAccountedFor(world, known.problems[row]!, step));
    const judged = judge(known.problems, trusted, now);
    const accepted = judged.filter(({ probability }) => probability !== null && probability >= config.labels.accept);
    const of = (chosen: readonly Judged[]) => auditReadings(bench, set, { readings: chosen, told, own, planted });
    return { accepted: of(accepted), all: of(judged) };
  };
  const audit: Audit = {
    format: 1,
    run: config.name,
    seed: config.seed,
    problems: problems.length,
    accept: config.labels.accept,
    views: views.map(view => view.id),
    planted: { problems: planted.length, answered: planted.length === 0 ? null : answered / planted.length },
    readers: { ours: audited('ours'), projection: audited('projection') },
  };
  writeJson(bench.paths.audit, audit);
  return audit;
}

/** One equation per step. */
const goldChain = ({ steps }: Problem): Equation[] => steps.flatMap(step => equationsOf(step.text));

/** The question tells all that the problem's own chain takes up to a step: no other teaches what a right reading is. */
function isAccountedFor(world: World, problem: Problem, step: number): boolean {
  const missing = unaccounted(goldChain(problem), toldBy(world, problem.question));
  return missing.slice(0, step).every(list => list.length === 0);
}

interface Judged extends StepReading {
  /** That it is right; null where validation problems do not tell. */
  readonly probability: number | null;
}

/** Readings with how probably each is right, by others whose steps are known. */
function judge(problems: readonly Problem[], before: readonly StepReading[], now: readonly StepReading[]): Judged[] {
  const steps = [...new Set(now.map(({ step }) => step))];
  return steps.flatMap(step => {
    const own = before.filter(reading => reading.step === step);
    const fit = calibrate(
      own.map(({ evidence }) => evidence),
      own.map(({ row, chain }) => isStep(chain[step - 1], problems[row]!, step)),
    );
    return now
      .filter(reading => reading.step === step)
      .map(reading => ({ ...reading, probability: fit && probability(fit, reading.evidence) }));
  });
}

function isStep(equation: Equation | undefined, problem: Problem, step: number): boolean {
  const gold = goldChain(problem)[step - 1];
  return equation !== undefined && gold !== undefined && same(equation, gold);
}

interface Material {
  readonly readings: readonly Judged[];
  /** Of each problem. */
  readonly told: readonly (readonly Told[])[];
  /** What of each problem's own chain is not accounted for, step by step. */
  readonly own: readonly (readonly (readonly string[])[])[];
  /** Rows of problems of which that is something. */
  readonly planted: readonly number[];
}

function auditReadings(
  { client }: Bench,
  { problems, answers }: Pick<TargetSet, 'problems' | 'answers'>,
  { readings, told, own, planted }: Material,
): ReaderAudit {
  const listed = readings.flatMap(reading => {
    const missing = unaccounted(reading.chain, told[reading.row]!)[reading.step - 1] ?? [];
    return missing.length > 0 ? [{ ...reading, missing }] : [];
  });
  const rows = [...new Set(readings.map(({ row }) => row))].sort((a, b) => a - b);
  const marked = new Set(listed.map(({ row }) => row));
  const isOwn = ({ row, step, missing }: (typeof listed)[number]) => own[row]![step - 1]?.join() === missing.join();
  const right = new Set(listed.filter(isOwn).map(({ row }) => row));
  return {
    readings: readings.length,
    problems: rows.length,
    unaccounted: listed
      .map(({ row, step, text, missing, probability }) => ({
        problem: problems[row]!.id,
        question: problems[row]!.question,
        step,
        reading: text,
        unaccounted: missing,
        probability,
        answer: client.lrm.tokenizer.token(answers[row]!),
      }))
      .sort((a, b) => (b.probability ?? 0) - (a.probability ?? 0)),
    words: associations(
      rows.map(row => problems[row]!.question),
      rows.map(row => marked.has(row)),
    ),
    agreement:
      planted.length === 0
        ? null
        : {
            precision: marked.size === 0 ? null : right.size / marked.size,
            recall: right.size / planted.length,
          },
  };
}
