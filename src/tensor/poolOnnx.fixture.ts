/** A task for the tests of the pool on the native engine: a chain of matrix products, milliseconds long. */
import { compile, f32, tf } from './index.ts';
import { moving } from './moving.ts';
import { task } from './pool.ts';

const SIZE = 192;

const chain = compile('chain', ({ x, w }: { x: tf.Tensor2D; w: tf.Tensor2D }) => {
  let y = x;
  for (let i = 0; i < 30; i++) y = tf.tanh(tf.matMul(y, w));
  return { y, mean: tf.mean(y) };
});

/** Runs the chain `times` times on rows made from `seed`; the last result moves out. */
export async function products({
  seed,
  times,
}: {
  seed: number;
  times: number;
}): Promise<{ y: Float32Array; mean: number }> {
  const matrix = (phase: number) =>
    f32(
      Float32Array.from({ length: SIZE * SIZE }, (_, i) => Math.sin(phase + i * i) / 8),
      [SIZE, SIZE],
    );
  let out = await chain({ x: matrix(seed), w: matrix(1) });
  for (let i = 1; i < times; i++) out = await chain({ x: matrix(seed), w: matrix(1) });
  const y = out.y.data as Float32Array;
  return moving({ y, mean: out.mean.data[0]! }, [y]);
}

export const productsTask = task(import.meta.url, products);
