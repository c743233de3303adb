/**
 * `recodi audit`: what a model thinks that its questions do not say. Held-out problems are read; listed are the readings that take a
 * number which the question does not account for (accounting.ts), and the words of the questions that go with them (words.ts).
 * Nothing about what to look for goes in. Written as audit.json (docs/audit.md).
 *
 * A misreading takes such a number nearly always. So a reading counts where it leads what the question accounts for by more than misreadings
 * do (falseShare.ts): with the probability `labels.accept` that it is none. How misreadings lead is seen on validation problems whose own
 * chains their questions account for: nothing of a rule is in these. The peer's readings are judged in the same way.
 *
 * Where chains of the world's own problems take what their questions do not account for, as a planted rule makes them, what was
 * listed is held against them in the end. Nothing else sees the chains of the problems that are audited.
 */
import { buildBank } from '../eval/bank.ts';
import type { Bench } from '../eval/bench.ts';
import { equationsOf } from '../eval/equations.ts';
import { collectTargets, type TargetSet } from '../lrm/targets.ts';
import { RecodiError } from '../run/errors.ts';
import { writeJson } from '../run/files.ts';
import type { Problem, Split, World } from '../worlds/problem.ts';
import { toldBy, unaccounted } from './accounting.ts';
import { qValues } from './falseShare.ts';
import { furthestView, partsOf, projectThoughts, readThoughts, type Thought } from './readers.ts';
import { type Associations, associations } from './words.ts';

/** A reading that takes what the question does not account for. */
export interface Unaccounted {
  readonly problem: string;
  readonly question: string;
  readonly reading: string;
  /** As `7`, or `+ 7`. */
  readonly unaccounted: readonly string[];
  /** Of its similarity over that of what the question accounts for; of the peer by the ranks of its numbers. */
  readonly lead: number;
  /** That it is no misreading: 1 minus the share of misreadings to expect among it and all that lead further. */
  readonly probability: number;
  /** First token of what the model answers with its latents. */
  readonly answer: string;
}

/** Listed problems held against those whose own chains take what their questions do not account for. */
export interface Agreement {
  /** Share of the listed problems that are such; null where none is listed. */
  readonly precision: number | null;
  /** Share of such problems that are listed, whether or not the step in question is one that is read. */
  readonly recall: number;
}

export interface Listing {
  /** Likeliest first. */
  readonly unaccounted: readonly Unaccounted[];
  readonly words: Associations;
  /** null where the questions account for all of the world's own chains. */
  readonly agreement: Agreement | null;
}

export interface ReaderAudit {
  /** Problems of which it has a reading: the words of these are tested. */
  readonly readings: number;
  /** Of which the question accounts for all but those listed: from probability `accept` on, and whatever their probability. */
  readonly accepted: Listing;
  readonly all: Listing;
}

export const READERS = ['ours', 'projection'] as const;

export interface Audit {
  readonly format: 1;
  readonly run: string;
  readonly seed: number;
  readonly problems: number;
  /** Least probability of an accepted reading. */
  readonly accept: number;
  /** By which ours reads, the steps before included. */
  readonly view: string;
  /** Problems whose own chains take what their questions do not account for, and the share of them that is answered as these end. */
  readonly planted: { readonly problems: number; readonly answered: number | null };
  readonly readers: Readonly<Record<(typeof READERS)[number], ReaderAudit>>;
}

/** Validation problems on which misreadings are seen: as many as are audited, and at most so many. */
const CALIBRATION = 4000;

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
  const view = furthestView(bench.views.views);
  if (!view)
    throw new RecodiError(
      'input',
      `${bench.paths.folder}: none of its views speaks of a known step of the chain, so what it reads cannot be held against questions; audit a run with translated targets (targets.space: translated).`,
    );
  const { steps } = config.targets.problems;
  const problemsOf = (split: Split, most: number) =>
    world.problems({ split, count: Math.min(count, most), seed: config.seed, ...(steps !== undefined && { steps }) });
  const problems = problemsOf('test', count);
  const plain = problemsOf('validation', CALIBRATION).filter(problem => ownUnaccounted(world, problem).length === 0);
  const bank = await buildBank(bench);
  progress.stage(`auditing ${problems.length} held-out problems`, 2 + partsOf(problems.length) + partsOf(plain.length));
  let done = 0;
  const tick = () => progress.update(++done);
  const set = await collectTargets(client, { split: 'test', problems, causal: false });
  const known = await collectTargets(client, { split: 'validation', problems: plain, causal: false });
  tick();
  const reader = { view, bank, tick };
  const before = {
    ours: await readThoughts(bench, known, reader),
    projection: await projectThoughts(bench, plain, view.anchor!.step),
  };
  const now = {
    ours: await readThoughts(bench, set, reader),
    projection: await projectThoughts(bench, problems, view.anchor!.step),
  };
  tick();
  const planted = problems.flatMap((problem, row) => (ownUnaccounted(world, problem).length > 0 ? [row] : []));
  const { encode } = client.lrm.tokenizer;
  const answered = planted.filter(row => encode(problems[row]!.answer)[0] === set.answers[row]).length;
  const audited = (reader: (typeof READERS)[number]): ReaderAudit => {
    const misread = surprising(world, plain, before[reader]).map(({ lead }) => lead);
    const found = surprising(world, problems, now[reader]);
    const q = qValues(
      found.map(({ lead }) => lead),
      now[reader].length,
      misread,
      before[reader].length,
    );
    const judged = found.map((thought, i) => ({ ...thought, probability: 1 - q[i]! }));
    const rows = now[reader].map(({ row }) => row);
    const told = (row: number) => toldBy(world, problems[row]!.question).slice(0, 1 + view.anchor!.step);
    const groups = rows.map(row => JSON.stringify(told(row)));
    const of = (listed: readonly Judged[]) =>
      listingOf(bench, set, { rows, groups, listed, planted: new Set(planted) });
    const accepted = judged.filter(({ probability }) => probability >= config.labels.accept);
    return { readings: rows.length, accepted: of(accepted), all: of(judged) };
  };
  const audit: Audit = {
    format: 1,
    run: config.name,
    seed: config.seed,
    problems: problems.length,
    accept: config.labels.accept,
    view: view.id,
    planted: { problems: planted.length, answered: planted.length === 0 ? null : answered / planted.length },
    readers: { ours: audited('ours'), projection: audited('projection') },
  };
  writeJson(bench.paths.audit, audit);
  return audit;
}

/** What of a problem's own chain its question does not account for. */
const ownUnaccounted = (world: World, { question, steps }: Problem): string[] =>
  unaccounted(
    steps.flatMap(step => equationsOf(step.text)),
    toldBy(world, question),
  ).flat();

interface Surprise extends Thought {
  readonly missing: readonly string[];
}

interface Judged extends Surprise {
  readonly probability: number;
}

/** The thoughts that take what their question does not account for. */
function surprising(world: World, problems: readonly Problem[], thoughts: readonly Thought[]): Surprise[] {
  return thoughts.flatMap(thought => {
    const missing = unaccounted(thought.chain, toldBy(world, problems[thought.row]!.question)).flat();
    return missing.length > 0 ? [{ ...thought, missing }] : [];
  });
}

interface Material {
  /** Of the problems of which there is a reading. */
  readonly rows: readonly number[];
  /** What their questions tell up to the step that is read: a model that misreads it for one misreads it for all. */
  readonly groups: readonly string[];
  readonly listed: readonly Judged[];
  /** Rows of the problems whose own chains take what their questions do not account for. */
  readonly planted: ReadonlySet<number>;
}

function listingOf(
  { client }: Bench,
  { problems, answers }: Pick<TargetSet, 'problems' | 'answers'>,
  { rows, groups, listed, planted }: Material,
): Listing {
  const marked = new Set(listed.map(({ row }) => row));
  const right = listed.filter(({ row }) => planted.has(row)).length;
  return {
    unaccounted: listed
      .map(({ row, text, missing, lead, probability }) => ({
        problem: problems[row]!.id,
        question: problems[row]!.question,
        reading: text,
        unaccounted: missing,
        lead,
        probability,
        answer: client.lrm.tokenizer.token(answers[row]!),
      }))
      .sort((a, b) => b.lead - a.lead),
    words: associations(
      rows.map(row => problems[row]!.question),
      rows.map(row => marked.has(row)),
      groups,
    ),
    agreement:
      planted.size === 0
        ? null
        : { precision: listed.length === 0 ? null : right / listed.length, recall: right / planted.size },
  };
}
