/**
 * The gradient of a loss on one micro-batch, as a worker task returns it to the learner: an array per parameter, moved and not
 * copied, and the metrics as numbers.
 */
import { compile, type Host, type tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import type { MicroGradient } from './learner.ts';
import { hostViews, type Layout, valueAndGradient } from './parameters.ts';

type Named = Record<string, tf.Tensor>;

/** `name` appears in errors and in engineStats(). Parameters are those of `map`, in its order. */
export function microGradient<I>(
  name: string,
  map: Layout,
  loss: (parameters: Named, inputs: I) => ReturnType<Parameters<typeof valueAndGradient>[1]>,
): (params: SharedFloats, inputs: Host<I>) => Promise<MicroGradient> {
  const graph = compile(name, ({ parameters, inputs }: { parameters: Named; inputs: I }) =>
    valueAndGradient(parameters, named => loss(named, inputs)),
  );
  return async (params, inputs) => {
    const given = { parameters: hostViews(map, localCopy(params)), inputs };
    const out = await graph(given as Parameters<typeof graph>[0]);
    const metrics = Object.entries(out.metrics).map(([key, value]) => [key, value.data[0] ?? Number.NaN] as const);
    const gradient = map.entries.map(entry => out.gradient[entry.name]!.data as Float32Array);
    return moving({ gradient, metrics: Object.fromEntries(metrics) }, gradient);
  };
}
