/**
 * The environment of the project: the frozen latent-reasoning model reads context and text, and the reward is how close
 * the state that it is left in, at the text's last real token, comes to the target latent.
 *
 * Scale: `whitened_cosine` and `cosine` lie in [-1, 1], `neg_mse` in [-4, 0] (mean squared error in units of the
 * targets' variance, clamped). A text without an end loses `missing_end_penalty`, every token `length_penalty`.
 */

import { type Context, contextTokens } from '../src/lrm/context.ts';
import { lrmRuntime } from '../src/lrm/runtime.ts';
import { type Comparer, comparer, type SimilarityKind, squaredDistance } from '../src/lrm/similarity.ts';
import { readRows } from '../src/lrm/tasks.ts';
import { loadViews, type View } from '../src/lrm/views.ts';
import { RecodiError } from '../src/run/errors.ts';
import type { Completion, Environment, Score } from './environment.ts';

export interface LatentInversionSettings {
  readonly kind: 'latent_inversion';
  /** Folder of the latent-reasoning model. */
  readonly lrm: string;
  /** Folder that holds `views.json`. */
  readonly views: string;
  readonly context: Context;
  readonly similarity: SimilarityKind;
  readonly missingEndPenalty: number;
  readonly lengthPenalty: number;
  /** Most tokens of a text: all texts are read at this width, but for one that the model's own tokenizer makes longer. */
  readonly width: number;
}

export interface InversionTarget {
  /** The problem's question, as the model's token ids. */
  readonly question: readonly number[];
  readonly view: string;
  /** [d], raw or translated, as the view says. */
  readonly vector: Float32Array;
  /** Another problem's vector in the same view: what the text must not be close to. */
  readonly swapped: Float32Array;
}

export async function createLatentInversion(settings: LatentInversionSettings): Promise<Environment<InversionTarget>> {
  const runtime = await lrmRuntime(settings.lrm);
  const { spec, tokenizer } = runtime.lrm;
  const views = new Map(loadViews(settings.views).views.map(view => [view.id, view]));
  const d = spec.model.hiddenSize;

  function viewOf(id: string): View {
    const view = views.get(id);
    if (!view)
      throw new RecodiError(
        'input',
        `${settings.views}/views.json: no view "${id}"; it has ${[...views.keys()].join(', ')}.`,
      );
    return view;
  }

  return {
    name: 'latent_inversion',
    async score(batch) {
      const texts = batch.map(c => tokenizer.encode(c.text));
      const width = Math.max(settings.width, ...texts.map(t => t.length));
      const lead = contextTokens(settings.context, [], spec).lead;
      const states = await readRows(
        runtime,
        questionsOf(batch).map(q => contextTokens(settings.context, q, spec).question),
        texts.map(t => [...lead, ...t]),
        texts.map(t => [lead.length, lead.length + t.length]),
        width + lead.length,
      );
      const seen = new Map<InversionTarget, Prepared>();
      return batch.map((completion, i) => {
        const { target } = completion;
        const empty = states.subarray(2 * i * d, (2 * i + 1) * d);
        const readout = states.subarray((2 * i + 1) * d, (2 * i + 2) * d);
        const prepared = seen.get(target) ?? prepareTarget(settings, viewOf(target.view), target, empty);
        seen.set(target, prepared);
        return scoreOf(settings, prepared, completion, texts[i]!.length, readout);
      });
    },
  };
}

/** What all completions of a target share: its side of the comparison. */
interface Prepared extends Comparer {
  readonly view: View;
  readonly target: Float32Array;
  readonly swapped: Float32Array;
  /** Similarity of the empty text. */
  readonly empty: number;
}

function prepareTarget(
  { similarity }: LatentInversionSettings,
  view: View,
  { vector, swapped }: InversionTarget,
  empty: Float32Array,
): Prepared {
  const compared = comparer(similarity, view.frame, view.variance);
  const target = compared.targets(vector);
  return {
    ...{ ...compared, view, target, swapped: compared.targets(swapped) },
    empty: compared.compare(compared.readouts(empty), 0, target, 0),
  };
}

function scoreOf(
  settings: LatentInversionSettings,
  prepared: Prepared,
  { target, ended }: Completion<InversionTarget>,
  length: number,
  readout: Float32Array,
): Score {
  const state = prepared.readouts(readout);
  const similarity = prepared.compare(state, 0, prepared.target, 0);
  const swapped = prepared.compare(state, 0, prepared.swapped, 0);
  const penalty = (ended ? 0 : settings.missingEndPenalty) + settings.lengthPenalty * length;
  const d = readout.length;
  return {
    reward: similarity - penalty,
    terms: {
      similarity,
      shuffled: swapped,
      gap: similarity - swapped,
      lift_empty: similarity - prepared.empty,
      fve: 1 - squaredDistance(readout, 0, target.vector, 0, d) / prepared.view.variance,
      penalty,
    },
  };
}

/** Each target's question once, where all targets have equally many completions that stand together; else each completion's. */
function questionsOf(batch: readonly Completion<InversionTarget>[]): (readonly number[])[] {
  const starts = [...batch.keys()].filter(i => batch[i]!.target !== batch[i - 1]?.target);
  const size = batch.length / starts.length;
  const rows = starts.every((start, n) => start === n * size) ? starts : [...batch.keys()];
  return rows.map(i => batch[i]!.target.question);
}
