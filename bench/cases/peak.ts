/** What the machine computes: float32 matrix products through the engine, in one thread, and in two at once. */
import { compile, f32, tf } from '../../src/tensor/index.ts';
import { createPool, task } from '../../src/tensor/pool.ts';
import { normals } from '../model.ts';
import type { Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';
import { sessionMs } from './workers.ts';

export function peakVariants(size: Size): Variant[] {
  return [1, 2].map(threads => ({
    label: `peak, ${threads} thread${threads > 1 ? 's' : ''}`,
    threads,
    makes: {},
    burst: 5,
    create: () => create(size, threads),
  }));
}

/** Products in one graph, so that copies in and out weigh nothing. */
const PRODUCTS = 4;

const chain = compile('bench.peak', ({ a, b }: { a: tf.Tensor2D; b: tf.Tensor2D }) => {
  let product = a;
  for (let i = 0; i < PRODUCTS; i++) product = tf.matMul(product, b);
  return { sum: tf.sum(product) };
});

let matrix: Float32Array | undefined;

/** Multiplies n x n matrices. */
export async function multiply(n: number): Promise<void> {
  matrix ??= normals('peak', n * n).map(x => x / Math.sqrt(n));
  const input = f32(matrix, [n, n]);
  await chain({ a: input, b: input });
}
const multiplyTask = task<number, void>(import.meta.url, multiply);

async function create({ peak: n }: Size, workers: number): Promise<Subject> {
  const pool = createPool({ workers, device: 'onnx' });
  const flops = workers * PRODUCTS * 2 * n ** 3;
  return {
    async once() {
      await Promise.all(Array.from({ length: workers }, () => pool.run(multiplyTask, n)));
      return { flops };
    },
    sessionMs: () => sessionMs(pool),
    close: () => pool.close(),
  };
}
