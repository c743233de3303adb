/** Registers the `onnx` backend with TensorFlow.js: its kernels and how a single value is evaluated outside a compiled function. */
import { OnnxBackend } from './backend.ts';
import type { GraphNode } from './graph.ts';
import type { DataArray } from './host.ts';
import { elementwise } from './kernels/elementwise.ts';
import { indexing } from './kernels/indexing.ts';
import type { KernelTable } from './kernels/kernel.ts';
import { matmuls } from './kernels/matmul.ts';
import { normalisations } from './kernels/normalisation.ts';
import { reductions } from './kernels/reduction.ts';
import { shapes } from './kernels/shape.ts';
import { lower } from './lower.ts';
import { openSession } from './session.ts';
import { tf } from './tfjs.ts';

const NAME = 'onnx';

async function evaluate(node: GraphNode): Promise<DataArray> {
  const session = await openSession('tensor.data()', lower([], [node]), { prepack: false, hot: false });
  const values = await session.run([]);
  await session.release();
  return values[0]!;
}

const backend = new OnnxBackend(evaluate);

function register(table: KernelTable): void {
  for (const [kernelName, rule] of Object.entries(table)) {
    const kernelFunc: tf.KernelFunc = ({ inputs, attrs }) => {
      const nodes: Record<string, GraphNode> = {};
      for (const [key, input] of Object.entries(inputs)) if (input) nodes[key] = backend.node(input);
      const result = rule(nodes, attrs ?? {});
      return 'op' in result ? backend.info(result) : result.map(node => backend.info(node));
    };
    tf.registerKernel({ kernelName, backendName: NAME, kernelFunc });
  }
}

tf.registerBackend(NAME, () => backend, 0);
for (const table of [elementwise, indexing, matmuls, normalisations, reductions, shapes]) register(table);

export const onnxBackend = (): OnnxBackend => backend;
