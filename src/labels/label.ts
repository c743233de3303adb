/**
 * `recodi label`: reads every view of the problems that `config.labels` names and writes what it finds.
 *
 *   labels/labels.jsonl          one label per problem and view (schema.ts)
 *   labels/vectors.safetensors   the same rows: `vectors` [n,d] as they were read, `latents` [n,K,d] as the model had them
 *   labels/ao/rows.jsonl         accepted labels as training rows for activation oracles (activationOracle.ts)
 *   labels/calibration.json      how probably a reading is right, and how well that held for these labels
 *
 * The probability is fitted on problems of another split, whose gold is known; the gold of what is labelled enters no decision.
 * Vectors are raw, never normalised. Nothing is written until all is read, and each file is whole or absent; `labels_sha256` in
 * the vectors' metadata says which labels.jsonl they belong to. Views that were read are kept for a labelling that is started again
 * (parts.ts).
 */

import { join } from 'node:path';
import { type Bank, buildBank } from '../eval/bank.ts';
import { type Bench, bootstrapOf, type Thoughts, vectorsOf, withCausal } from '../eval/bench.ts';
import { type Calibration, probability } from '../eval/calibration.ts';
import { chainTask } from '../eval/chain.ts';
import { type EditedReading, judgeEdits, readEdited } from '../eval/follows.ts';
import { lensTokens, SWAPS } from '../eval/invert.ts';
import { rightMore } from '../eval/questionEnd.ts';
import { donorRows, READING_PARTS, readAll } from '../eval/readings.ts';
import { firstProblems } from '../eval/table.ts';
import type { Bound } from '../eval/verdicts.ts';
import { causalOf } from '../lrm/interventions.ts';
import { targetVectors, type View } from '../lrm/views.ts';
import { sha256 } from '../run/config/pin.ts';
import { makeFolder, readText, writeFileAtomic, writeJson } from '../run/files.ts';
import { formatJsonl } from '../run/jsonl.ts';
import { packageVersion } from '../run/package.ts';
import { gather } from '../tensor/rows.ts';
import { writeSafetensors } from '../tensor/safetensors.ts';
import { oracleRow } from './activationOracle.ts';
import { assembleLabel } from './assemble.ts';
import { fitTo, summaryOf, type ViewSummary } from './calibrated.ts';
import { type Part, partsOf } from './parts.ts';
import type { Label } from './schema.ts';

export interface LabelSummary {
  readonly labels: number;
  readonly accepted: number;
  readonly views: Readonly<Record<string, ViewSummary>>;
  readonly files: readonly string[];
}

interface Row {
  readonly label: Label;
  /** [d] */
  readonly vector: Float32Array;
  /** [K,d] */
  readonly latents: Float32Array;
  /** What the model had read before it thought. */
  readonly context: readonly number[];
}

export async function labelRun(bench: Bench): Promise<LabelSummary> {
  const { config, sets, views, progress, paths } = bench;
  const { split, problems: count } = config.labels;
  const bank = await buildBank(bench);
  const parts = 2 * READING_PARTS + Number(config.labels.follows);
  progress.stage(`labelling problems of the ${split} split`, 1 + parts * views.views.length);
  let done = 0;
  const set = await withCausal(bench, firstProblems(sets.get(split)!, count, bench));
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
    rows.push(...rowsOf(bench, view, set, part.labels));
    byView[view.id] = summaryOf(view, part.labels, part.fitted);
  }
  const files = write(bench, rows);
  const calibration = join(paths.labels, 'calibration.json');
  writeJson(calibration, { format: 1, accept: config.labels.accept, views: byView });
  kept.clear();
  const accepted = rows.filter(row => row.label.accepted).length;
  return { labels: rows.length, accepted, views: byView, files: [...files, calibration] };
}

/** Labels as they are written, each with its target. */
function rowsOf(
  { client, policy: { targetSize: d } }: Bench,
  view: View,
  { problems, states }: Thoughts,
  labels: readonly Label[],
): Row[] {
  const { spec, tokenizer } = client.lrm;
  const count = spec.latents + 1;
  const vectors = targetVectors(view, states, count, d);
  const latents = targetVectors({ steps: view.steps }, states, count, d);
  const width = view.steps.length * d;
  return labels.map((label, i) => ({
    label,
    vector: vectors.subarray(i * d, (i + 1) * d),
    latents: latents.subarray(i * width, (i + 1) * width),
    context: [...tokenizer.encode(problems[i]!.question), spec.botId],
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

function write({ client, paths }: Bench, rows: readonly Row[]): string[] {
  const { spec, tokenizer } = client.lrm;
  const d = spec.model.hiddenSize;
  const files = {
    vectors: join(paths.labels, 'vectors.safetensors'),
    labels: join(paths.labels, 'labels.jsonl'),
    oracle: join(paths.labels, 'ao', 'rows.jsonl'),
  };
  const text = formatJsonl(rows.map(row => row.label));
  const steps = rows[0]!.latents.length / d;
  makeFolder(join(paths.labels, 'ao'));
  writeSafetensors(
    files.vectors,
    {
      vectors: { dtype: 'F32', shape: [rows.length, d], data: joined(rows.map(row => row.vector)) },
      latents: { dtype: 'F32', shape: [rows.length, steps, d], data: joined(rows.map(row => row.latents)) },
    },
    { format: '1', space: 'final_norm', labels_sha256: sha256(text) },
  );
  writeFileAtomic(files.labels, text);
  const oracle = rows.flatMap(({ label: { explanation, ...label }, latents, context }) => {
    if (!label.accepted || explanation === null) return [];
    const vectors = Array.from({ length: steps }, (_, k) => [...latents.subarray(k * d, (k + 1) * d)]);
    const parts = { latents: vectors, layer: spec.model.layers - 1, context, tokenizer };
    return [{ ...oracleRow({ ...label, explanation }, parts) }];
  });
  writeFileAtomic(files.oracle, formatJsonl(oracle));
  return Object.values(files);
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((n, part) => n + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    out.set(part, offset);
    offset += part.length;
  }
  return out;
}
