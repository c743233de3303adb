/**
 * Worker task: the gradient of CODI's loss on one micro-batch. Graphs are compiled once per worker and stage settings.
 */
import { gradientParts, hostViews, valueAndGradient } from '../lm/parameters.ts';
import { viewWeights } from '../lm/weights.ts';
import { compile, type Host, type tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { type LrmSpec, lrmLayout } from './codi.ts';
import { type CodiBatch, type CodiLossOptions, codiLoss } from './loss.ts';

export interface LrmGradientInput {
  readonly params: SharedFloats;
  readonly spec: LrmSpec;
  readonly options: CodiLossOptions;
  readonly batch: Host<CodiBatch>;
}

type Graph = ReturnType<typeof build>;
const graphs = new Map<string, Graph>();

function build(spec: LrmSpec, options: CodiLossOptions) {
  return compile('lrm.gradient', ({ params, batch }: { params: Record<string, tf.Tensor>; batch: CodiBatch }) =>
    valueAndGradient(params, named => codiLoss(spec, viewWeights(named), batch, options)),
  );
}

/** Gradient (flat, as `lrmLayout`) and metrics of one micro-batch. */
export async function lrmGradient({ params, spec, options, batch }: LrmGradientInput) {
  const key = JSON.stringify([spec, options]);
  let graph = graphs.get(key);
  if (!graph) {
    graph = build(spec, options);
    graphs.set(key, graph);
  }
  const map = lrmLayout(spec);
  const out = await graph({ params: hostViews(map, localCopy(params)), batch });
  const scalars = Object.entries({ ...out.metrics, 'lrm/loss': out.loss });
  const metrics = Object.fromEntries(scalars.map(([name, value]) => [name, value.data[0] ?? Number.NaN]));
  const gradient = gradientParts(map, out.gradient);
  return moving({ gradient, metrics }, gradient);
}

export const lrmGradientTask = task<LrmGradientInput, Awaited<ReturnType<typeof lrmGradient>>>(
  import.meta.url,
  lrmGradient,
);
