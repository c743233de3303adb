/**
 * From a run to what is known of its problems' thoughts: the frozen model answers with parts of its thought done away with, its states
 * are shown to its own head, and labels say what was read of them. Train and validation are of the labelled problems; test are problems of
 * the run's test split, whose readings are the world's own, since labels of one split are never of another's problems.
 */
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LABELS_FILE, readLabels } from '../labels/read.ts';
import type { Label } from '../labels/schema.ts';
import type { LrmClient } from '../lrm/client.ts';
import { ALTERATIONS, type Alteration } from '../lrm/outcomes.ts';
import type { StepShape } from '../lrm/stepShape.ts';
import { problemsAt, type TargetSet } from '../lrm/targets.ts';
import type { View } from '../lrm/views.ts';
import { type Preparation, type Prepared, prepare } from '../rl/prepare.ts';
import { RecodiError } from '../run/errors.ts';
import { gather } from '../tensor/rows.ts';
import type { Problem } from '../worlds/problem.ts';
import type { OracleConfig } from './config.ts';
import type { Facts, Reading, Vectors } from './facts.ts';
import { taskNamed } from './tasks/index.ts';

export interface FactSet {
  readonly facts: readonly Facts[];
  readonly vectors: Vectors;
}

export type Part = 'train' | 'validation' | 'test';

export interface Collected extends Prepared {
  readonly parts: Readonly<Record<Part, FactSet>>;
}

/** Lens tokens that are kept. */
const TOP = 5;
/** Tokens of the longest step. */
const LONGEST_STEP = 64;

/** `of` is the run that is asked about. `only`: the parts that are wanted; others are empty. */
export async function collectFacts(
  config: OracleConfig,
  of: Preparation,
  only: readonly Part[] = ['train', 'validation', 'test'],
): Promise<Collected> {
  const prepared = await prepare(of);
  const labels = labelsOf(config, of);
  const { steps } = of.config.targets.problems;
  const train = prepared.sets.get('train')!;
  const usable = train.problems.flatMap((problem, row) =>
    (steps === undefined || problem.steps.length === steps) && (!labels || labels.has(problem.id)) ? [row] : [],
  );
  const held = Math.min(config.problems.validation, Math.ceil(usable.length / 8));
  const count = Math.min(config.problems.train, usable.length - held);
  if (count < 1)
    throw new RecodiError(
      'input',
      `${of.paths.folder}: ${usable.length} problems can be asked about, which leaves none to train on; label more (labels.split train, labels.problems).`,
    );
  const rows: Record<Part, number[]> = {
    train: usable.slice(0, count),
    validation: usable.slice(count, count + held),
    test: prepared.sets
      .get('test')!
      .problems.slice(0, config.problems.test)
      .map((_, i) => i),
  };
  const parts: Partial<Record<Part, FactSet>> = {};
  for (const part of ['train', 'validation', 'test'] as const) {
    const set = part === 'test' ? prepared.sets.get('test')! : train;
    const wanted = only.includes(part) ? rows[part] : [];
    parts[part] = await factsOf(
      prepared,
      of,
      problemsAt(set, wanted, prepared.client),
      part === 'test' ? 'gold' : labels,
      part,
    );
  }
  return { ...prepared, parts: parts as Record<Part, FactSet> };
}

type LabelsBy = ReadonlyMap<string, readonly Label[]>;

/** Labels by problem; undefined where no task of the mixture uses them. */
function labelsOf(config: OracleConfig, { paths, progress }: Preparation): LabelsBy | undefined {
  const name = Object.keys(config.tasks).find(task => taskNamed(task)?.source === 'labels');
  if (name === undefined && !existsSync(join(paths.labels, LABELS_FILE))) return undefined;
  if (!existsSync(join(paths.labels, LABELS_FILE)))
    throw new RecodiError(
      'input',
      `${paths.labels}: the task ${name} is made of labels, and the run has none; make them by \`recodi label ${relative('.', paths.folder)} --set labels.split=train --set labels.problems=2000\`, or leave the task out.`,
    );
  const { labels, problems } = readLabels(paths.labels);
  for (const problem of problems) progress.note(problem);
  const [stranger] = labels.filter(({ split }) => split !== 'train');
  if (stranger && name !== undefined)
    throw new RecodiError(
      'input',
      `${paths.labels}: expected labels of training problems, got ${stranger.id} of the ${stranger.split} split; make them by \`recodi label ${relative('.', paths.folder)} --set labels.split=train\`.`,
    );
  if (stranger) return undefined;
  const by = new Map<string, Label[]>();
  for (const label of labels) by.set(label.problem, [...(by.get(label.problem) ?? []), label]);
  return by;
}

async function factsOf(
  { client, world, views, step }: Prepared,
  { progress }: Preparation,
  { problems, states, answers }: TargetSet,
  source: LabelsBy | 'gold' | undefined,
  part: Part,
): Promise<FactSet> {
  const { spec, tokenizer } = client.lrm;
  const count = spec.latents + 1;
  if (problems.length === 0) return { facts: [], vectors: new Map() };
  const questions = problems.map(({ question }) => tokenizer.encode(question));
  progress.stage(`altering the thoughts of ${part} problems`, problems.length);
  const { early, altered } = await client.outcomes(questions, done => progress.update(done));
  const lens = await client.lens(states, TOP);
  const token = (id: number) => tokenizer.token(id);
  const words = (ids: Int32Array, i: number, each: number) => [...ids.subarray(i * each, (i + 1) * each)].map(token);
  const gold = problems.map(problem => goldReadings(problem, views.views, world));
  const read =
    source === 'gold'
      ? gold
      : await labelReadings(client, { problems, labels: source ?? new Map(), step, eosId: spec.eosId });
  const facts = problems.map(
    (problem, i): Facts => ({
      problem,
      answer: token(answers[i]!),
      early: words(early, i, count),
      altered: Object.fromEntries(ALTERATIONS.map(how => [how, words(altered[how], i, count)])) as Record<
        Alteration,
        string[]
      >,
      lens: Array.from({ length: count }, (_, k) => words(lens.tokens, i * count + k, TOP)),
      entropy: [...lens.entropy.subarray(i * count, (i + 1) * count)],
      readings: read[i]!,
      gold: gold[i]!,
    }),
  );
  return { facts, vectors: await vectorsOf(client, questions, states) };
}

/** The blocks whose outputs are a quarter, a half and three quarters of the way. */
export const depthLayer = (depth: number, layers: number) => Math.max(1, Math.round(depth * layers));

async function vectorsOf(
  client: LrmClient,
  questions: readonly (readonly number[])[],
  states: Float32Array,
): Promise<Vectors> {
  const { model, latents } = client.lrm.spec;
  const layers = [...new Set([0.25, 0.5, 0.75].map(depth => depthLayer(depth, model.layers)))].filter(
    l => l < model.layers,
  );
  const vectors = new Map([[model.layers, states]]);
  if (layers.length === 0) return vectors;
  const d = model.hiddenSize;
  const points = await client.points(
    questions,
    layers.map(layer => layer - 1),
  );
  const rows = questions.length * (latents + 1);
  layers.forEach((layer, i) => {
    const own = Array.from({ length: rows }, (_, row) => row * layers.length + i);
    vectors.set(layer, gather(points, own, d));
  });
  return vectors;
}

/** At the views' steps: the gold chain up to each view's step, where the view speaks of one and the world knows it. */
function goldReadings(problem: Problem, views: readonly View[], world: Prepared['world']): Reading[] {
  const chain = world.chain(problem);
  return views.flatMap(({ steps, anchor }) => {
    if (!anchor || anchor.step > chain.length) return [];
    const next = chain[anchor.step] ?? `${world.answerPrefix} ${problem.answer}`;
    return [{ steps, text: chain[anchor.step - 1]!, next }];
  });
}

interface LabelledProblems {
  readonly problems: readonly Problem[];
  readonly labels: LabelsBy;
  readonly step: StepShape;
  readonly eosId: number;
}

/** What accepted labels say, and what the model itself writes behind question and label. */
async function labelReadings(
  client: LrmClient,
  { problems, labels, step, eosId }: LabelledProblems,
): Promise<Reading[][]> {
  const { encode, decode } = client.lrm.tokenizer;
  const own = problems.flatMap((problem, i) => (labels.get(problem.id) ?? []).map(label => ({ label, i })));
  const prompts = own.map(({ label }) => [...encode(label.question), ...encode(label.completion)]);
  const written =
    prompts.length > 0 ? await client.write(prompts, { stop: [...step.ends, eosId], maxNewTokens: LONGEST_STEP }) : [];
  const readings: Reading[][] = problems.map(() => []);
  own.forEach(({ label, i }, n) => {
    const { tokens, stopped } = written[n]!;
    const next = stopped ? decode(tokens, { skipSpecial: true }) : null;
    const last = step.split(encode(label.completion)).at(-1);
    const { steps } = label;
    readings[i]!.push(label.accepted && last ? { steps, text: decode(last), next } : { steps, text: null, next: null });
  });
  return readings;
}
