/**
 * What reading a trained run takes: its targets and views, its policies in shared memory, and the frozen model. Made once and
 * used by the table, the labels and `invert`.
 */
import type { PolicySpec } from '../../policies/languageModel.ts';
import { similarities } from '../lrm/similarity.ts';
import type { TargetSet } from '../lrm/targets.ts';
import { type TextStatistics, targetVectors, type View } from '../lrm/views.ts';
import type { TrainConfig } from '../rl/config.ts';
import { loadPolicy, policyFolder, policySpec } from '../rl/policyFiles.ts';
import { type Preparation, type Prepared, prepare } from '../rl/prepare.ts';
import { stream } from '../run/random.ts';
import { createShared, type SharedFloats } from '../tensor/shared.ts';
import type { BootstrapSettings } from './bootstrap.ts';

export interface Bench extends Preparation, Prepared {
  readonly policy: PolicySpec;
  readonly trained: SharedFloats;
  readonly warmStart: SharedFloats;
  /** By which the policy's input is standardised. */
  readonly text: TextStatistics;
}

export async function openBench(preparation: Preparation): Promise<Bench> {
  const prepared = await prepare(preparation);
  const policy = policySpec(prepared.client.lrm, preparation.config.policy);
  const trained = loadPolicy(policyFolder(preparation.paths, 'policy'), policy);
  const warm = loadPolicy(policyFolder(preparation.paths, 'warm_start'), policy);
  return {
    ...preparation,
    ...prepared,
    policy,
    trained: createShared('trained', trained.params),
    warmStart: createShared('warm_start', warm.params),
    text: trained.text,
  };
}

/** A set with what interventions on its latents do; tried now where they were not before. */
export async function withCausal({ client }: Pick<Bench, 'client'>, set: TargetSet): Promise<Thoughts> {
  if (set.causal) return { ...set, causal: set.causal };
  return { ...set, causal: await client.causal(set.problems.map(p => client.lrm.tokenizer.encode(p.question))) };
}

export type Thoughts = TargetSet & Required<Pick<TargetSet, 'causal'>>;

/** Problems to read through one view: question tokens, and target vectors [n,d]. */
export interface ReadingTask {
  readonly view: View;
  readonly questions: readonly (readonly number[])[];
  readonly vectors: Float32Array;
}

/** The view's vectors of latents [P,N+1,d]. */
export function vectorsOf(bench: Pick<Bench, 'client'>, view: View, states: Float32Array): Float32Array {
  const { spec } = bench.client.lrm;
  return targetVectors(view, states, spec.latents + 1, spec.model.hiddenSize);
}

/** Similarity of each readout [n,d] to its target [n,d], as the run's reward measures it. */
export function similarityTo(
  config: TrainConfig,
  view: View,
  readouts: Float32Array,
  vectors: Float32Array,
): Float32Array {
  return similarities(config.reward.kind, view.frame, readouts, vectors, view.variance);
}

/** For each figure of a view resamples of its own. */
export function bootstrapOf(
  { config }: Pick<Bench, 'config'>,
  view: Pick<View, 'id'>,
): (name: string) => BootstrapSettings {
  return name => ({
    resamples: config.eval.bootstrap,
    confidence: config.eval.confidence,
    rng: stream(config.seed, `bootstrap ${view.id} ${name}`),
  });
}

/** A text's last token, as if nothing stood before it. */
export function lastToken({ client }: Pick<Bench, 'client'>, text: string): string {
  const { encode, decode } = client.lrm.tokenizer;
  return decode(encode(text).slice(-1));
}
