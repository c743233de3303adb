/**
 * Which problems an update trains on: drawn with the update's own stream, each through one of the run's views, with
 * another problem's vector in the same view beside it, by which the swap gap is watched.
 */
import type { InversionTarget } from '../../envs/latentInversion.ts';
import type { LrmClient } from '../lrm/client.ts';
import type { TargetSet } from '../lrm/targets.ts';
import { standardise, type TextStatistics, targetVectors, type View } from '../lrm/views.ts';
import { stream } from '../run/random.ts';
import type { PpoProblems } from './ppo.ts';

export interface InversionProblems extends PpoProblems {
  readonly targets: readonly InversionTarget[];
  readonly questions: readonly (readonly number[])[];
  /** Rows of the target set. */
  readonly rows: readonly number[];
}

export interface ProblemSource {
  readonly client: LrmClient;
  readonly set: TargetSet;
  readonly views: readonly View[];
  readonly text: TextStatistics;
  readonly seed: number;
  readonly count: number;
}

/** A function from update to problems: the same update always gives the same. */
export function problemSource({
  client,
  set,
  views,
  text,
  seed,
  count,
}: ProblemSource): (update: number) => InversionProblems {
  const { spec, tokenizer } = client.lrm;
  const d = spec.model.hiddenSize;
  const questions = set.problems.map(p => tokenizer.encode(p.question));
  const vectors = views.map(view => targetVectors(view, set.states, spec.latents + 1, d));
  const total = set.problems.length;
  return update => {
    const rng = stream(seed, 'ppo.problems', update);
    const rows: number[] = [];
    const targets: InversionTarget[] = [];
    const z = new Float32Array(count * d);
    for (let i = 0; i < count; i++) {
      const row = Math.floor(rng() * total);
      const other = (row + 1 + Math.floor(rng() * (total - 1))) % total;
      const v = Math.floor(rng() * views.length);
      const vector = vectors[v]!.slice(row * d, (row + 1) * d);
      rows.push(row);
      targets.push({
        question: questions[row]!,
        view: views[v]!.id,
        vector,
        swapped: vectors[v]!.slice(other * d, (other + 1) * d),
      });
      z.set(standardise(text, vector), i * d);
    }
    return { rows, targets, z, questions: targets.map(target => target.question) };
  };
}
