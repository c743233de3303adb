/**
 * Makes a run's labels: reads every view of the problems that `config.labels` names. The probability that a reading is right is fitted on
 * problems of another split, whose gold is known; the gold of what is labelled enters no decision. Nothing is written until all is read;
 * views that were read are kept for a labelling that is started again (parts.ts).
 */
import { type Bank, buildBank } from '../eval/bank.ts';
import { type Bench, bootstrapOf, type Thoughts, vectorsOf, withCausal } from '../eval/bench.ts';
import { type Calibration, probability } from '../eval/calibration.ts';
import { chainTask } from '../eval/chain.ts';
import { type EditedReading, judgeEdits, readEdited } from '../eval/follows.ts';
import { lensTokens, SWAPS } from '../eval/invert.ts';
import { rightMore } from '../eval/questionEnd.ts';
import { donorRows, READING_PARTS, readAll } from '../eval/readings.ts';
import { readTexts } from '../eval/readTexts.ts';
import type { Bound } from '../eval/verdicts.ts';
import { causalOf } from '../lrm/interventions.ts';
import { problemsAt, type TargetSet } from '../lrm/targets.ts';
import { targetVectors, type View } from '../lrm/views.ts';
import { readText } from '../run/files.ts';
import { packageVersion } from '../run/package.ts';
import { gather } from '../tensor/rows.ts';
import { assembleLabel } from './assemble.ts';
import { readBeside } from './beside.ts';
import { fitTo, summaryOf, type ViewSummary } from './calibrated.ts';
import { type Row, writeLabels } from './export/recodi.ts';
import { keepCalibration, type Made } from './kept.ts';
import { type Part, partsOf } from './parts.ts';
import { readLabels } from './read.ts';
import type { Label } from './schema.ts';

export async function makeLabels(bench: Bench): Promise<Made> {
  const { config, sets, views, progress, paths } = bench;
  const { split, problems: count } = config.labels;
  const bank = await buildBank(bench);
  const parts = 2 * READING_PARTS + Number(config.labels.follows);
  progress.stage(`labelling problems of the ${split} split`, 1 + parts * views.views.length);
  let done = 0;
  const set = await withCausal(bench, labelled(bench, sets.get(split)!, count));
  const known = await withCausal(bench, sets.get(split === 'validation' ? 'test' : 'validation')!);
  progress.update(++done);
  const kept = partsOf(bench);
  const rows: Row[] = [];
  const byView: Record<string, ViewSummary> = {};
  for (const view of views.views) {
    const found = kept.read(view);
    if (found) {
      progress.note(`${view.id}: ${found.labels.length} labels were read before`);
      done += parts;
      progress.update(done);
    }
    const part =
      found ??
      (await labelView(bench, view, { set, known, bank, tick: () => progress.update(++done, { view: view.id }) }));
    if (!found) kept.write(view, part);
    rows.push(...(await rowsOf(bench, view, set, part.labels)));
    byView[view.id] = summaryOf(view, part.labels, part.fitted);
  }
  const calibration = keepCalibration(bench, { labels_sha256: writeLabels(paths.labels, rows), views: byView });
  kept.clear();
  return { labels: readLabels(paths.labels), calibration };
}

/** Of a split the first problems of as many steps as the calibration's: views and probabilities are of such. */
function labelled({ config, client }: Bench, set: TargetSet, count: number): TargetSet {
  const { steps } = config.targets.problems;
  const rows = set.problems.flatMap((problem, row) =>
    steps === undefined || problem.steps.length === steps ? [row] : [],
  );
  return problemsAt(set, rows.slice(0, count), client);
}

/** Labels as they are written, each with its target and with the state that its explanation leaves; where it has none, the empty text's. */
async function rowsOf(
  bench: Bench,
  view: View,
  { problems, states }: Thoughts,
  labels: readonly Label[],
): Promise<Row[]> {
  const { spec, tokenizer } = bench.client.lrm;
  const d = bench.policy.targetSize;
  const count = spec.latents + 1;
  const vectors = targetVectors(view, states, count, d);
  const latents = targetVectors({ steps: view.steps }, states, count, d);
  const width = view.steps.length * d;
  const readouts = await readTexts(
    bench,
    problems.map(problem => tokenizer.encode(problem.question)),
    labels.map(({ explanation }) => [explanation ?? '']),
  );
  return labels.map((label, i) => ({
    label,
    vector: vectors.subarray(i * d, (i + 1) * d),
    latents: latents.subarray(i * width, (i + 1) * width),
    readout: readouts.subarray(i * d, (i + 1) * d),
  }));
}

interface Labelling {
  /** Problems to label. */
  readonly set: Thoughts;
  /** Others, whose gold steps may be looked at. */
  readonly known: Thoughts;
  readonly bank: Bank;
  readonly tick: () => void;
}

async function labelView(bench: Bench, view: View, { set, known, ...reader }: Labelling): Promise<Part> {
  const { readings } = await readView(bench, view, known, reader);
  const fitted = fitTo(view, known.problems, readings);
  const right = rightMore(view, known.problems, readings, bootstrapOf(bench, view)('adds'));
  const labels = await labelsOf(bench, view, set, { ...reader, ...(right && { right }), fit: fitted?.fit ?? null });
  return { labels, fitted };
}

interface Reader {
  readonly bank: Bank;
  readonly tick: () => void;
  readonly right?: Bound;
}

async function readView(bench: Bench, view: View, set: Thoughts, reader: Reader) {
  const { config, client, sets } = bench;
  const { spec, tokenizer } = client.lrm;
  const states = spec.latents + 1;
  const questions = set.problems.map(p => tokenizer.encode(p.question));
  const task = chainTask(bench, { view, questions, states: set.states }, reader.bank);
  const donors = sets.get('validation')!;
  const others = donorRows(
    set.problems.map(p => p.question),
    donors.problems.map(p => p.question),
    SWAPS,
  );
  const causal = set.problems.map((_, i) => causalOf(set.causal, states, i, view.steps));
  const readings = await readAll(bench, {
    ...task,
    ...reader,
    how: config.eval.decode,
    answers: set.answers,
    others: gather(vectorsOf(bench, view, donors.states), others.flat(), spec.model.hiddenSize),
    causal,
  });
  return { causal, readings };
}

async function labelsOf(
  bench: Bench,
  view: View,
  set: Thoughts,
  { fit, ...reader }: Reader & { readonly fit: Calibration | null },
): Promise<Label[]> {
  const { config, client, world, paths } = bench;
  const { spec, tokenizer } = client.lrm;
  const states = spec.latents + 1;
  const { causal, readings } = await readView(bench, view, set, reader);
  const beside = await readBeside(bench, view, set, reader.bank);
  const provenance: Label['provenance'] = {
    run: config.name,
    config_sha256: readText(paths.configHash).trim(),
    recodi: packageVersion(),
    decode: config.eval.decode,
    reward: config.reward.kind,
  };
  const texts = readings.map(reading => reading.text ?? '');
  const edited =
    config.labels.follows && (await readEdited(bench, { view, problems: set.problems, texts }, reader.bank));
  if (edited) reader.tick();
  const followsOf = (edits: readonly EditedReading[]) => ({ edits, verdict: judgeEdits(edits, config.eval.verdicts) });
  return set.problems.map((problem, i) => {
    const gold = tokenizer.encode(problem.answer)[0];
    return assembleLabel({
      problem,
      view,
      reading: readings[i]!,
      beside: beside[i]!,
      probability: fit && probability(fit, readings[i]!),
      accept: config.labels.accept,
      causal: causal[i]!,
      lens: view.steps.map(k => lensTokens(set.lens, i * states + k, tokenizer.token)),
      answers: { latent: tokenizer.token(set.answers[i]!), gold: gold === undefined ? '' : tokenizer.token(gold) },
      equations: world.equations,
      ...(edited && { follows: followsOf(edited.filter(({ row }) => row === i)) }),
      provenance,
    });
  });
}
