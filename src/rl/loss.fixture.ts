/** For the tests of losses: numbers to draw, tensors to read, and the native engine to hold against the plain backend. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { closeEngine, compile, f32, type Host, tf, useDevice } from '../tensor/index.ts';

export const within = (min: number, max: number) =>
  fc.float({ min: Math.fround(min), max: Math.fround(max), noNaN: true });

export const clamp = (x: number, low: number, high: number) => Math.min(Math.max(x, low), high);
export const sum = (values: readonly number[]) => values.reduce((a, b) => a + b, 0);
export const read = (x: tf.Tensor) => x.dataSync()[0]!;

type Tensors = Readonly<Record<string, tf.Tensor>>;

/** One tensor for each key of the records, of their values. */
export const columns = <K extends string>(records: readonly Readonly<Record<K, number>>[], keys: readonly K[]) =>
  Object.fromEntries(keys.map(key => [key, tf.tensor1d(records.map(record => record[key]))]));

export const scalars = (values: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, tf.scalar(value)]));

/** The natively compiled function gives what it gives on the plain backend. */
export async function sameOnNative<I>(inputs: I, evaluate: (inputs: I) => Tensors): Promise<void> {
  const host = Object.fromEntries(
    Object.entries(inputs as Tensors).map(([name, x]) => [name, f32(x.dataSync<'float32'>(), x.shape)]),
  ) as Host<I>;
  const results: Record<string, { data: ArrayLike<number> }>[] = [];
  for (const device of ['cpu', 'onnx'] as const) {
    await useDevice(device);
    results.push((await compile('loss', evaluate)(host)) as (typeof results)[number]);
  }
  const [plain, native] = results;
  for (const [name, { data }] of Object.entries(plain!)) {
    Array.from(data).forEach((x, i) => {
      expect(native![name]!.data[i], name).toBeCloseTo(x, 5);
    });
  }
  await closeEngine();
}
