/**
 * Worker task: the gradient of CODI's loss on one micro-batch. Graphs are compiled once per worker and stage settings.
 */
import type { MicroGradient } from '../lm/learner.ts';
import { microGradient } from '../lm/microGradient.ts';
import { viewWeights } from '../lm/weights.ts';
import type { Host } from '../tensor/index.ts';
import { oncePer } from '../tensor/oncePer.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import { type CodiBatch, type CodiLossOptions, codiLoss } from './loss.ts';

export interface LrmGradientInput {
  readonly params: SharedFloats;
  readonly spec: LrmSpec;
  readonly options: CodiLossOptions;
  readonly batch: Host<CodiBatch>;
}

const gradientOf = oncePer(({ spec, options }: Pick<LrmGradientInput, 'spec' | 'options'>) =>
  microGradient<CodiBatch>('lrm.gradient', lrmLayout(spec), (named, batch) => {
    const { loss, metrics } = codiLoss(spec, viewWeights(named), batch, options);
    return { loss, metrics: { ...metrics, 'lrm/loss': loss } };
  }),
);

/** Gradient (in the order of `lrmLayout`) and metrics of one micro-batch. */
export function lrmGradient({ params, spec, options, batch }: LrmGradientInput): Promise<MicroGradient> {
  return gradientOf({ spec, options })(params, batch);
}

export const lrmGradientTask = task<LrmGradientInput, MicroGradient>(import.meta.url, lrmGradient);
