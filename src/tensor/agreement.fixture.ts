/**
 * What the device tests share: random inputs from seeds, and the comparison of one function on two devices.
 * Floats agree when the norm of their difference is small against the norm of the expected values; integers and booleans are equal.
 */
import fc from 'fast-check';
import type { Device } from './devices.ts';
import { compile, f32, type Host, type HostArray, i32, tf, useDevice } from './index.ts';

/** A reproducible stream of numbers in [0, 1) (mulberry32). */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const sizeOf = (shape: readonly number[]) => shape.reduce((product, size) => product * size, 1);

export function floats(shape: readonly number[], seed: number, low = -2, high = 2): HostArray {
  const next = uniforms(seed);
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, () => low + (high - low) * next()),
    shape,
  );
}

/** Integers in [low, high). */
export function integers(shape: readonly number[], seed: number, low: number, high: number): HostArray {
  const next = uniforms(seed);
  return i32(
    Int32Array.from({ length: sizeOf(shape) }, () => low + Math.floor((high - low) * next())),
    shape,
  );
}

export function booleans(shape: readonly number[], seed: number): HostArray {
  const next = uniforms(seed);
  return { dtype: 'bool', shape, data: Uint8Array.from({ length: sizeOf(shape) }, () => Number(next() < 0.5)) };
}

export const seeds = fc.integer({ min: 1, max: 1e9 });

export const shapes = (minRank: number, maxRank: number, maxSize = 5) =>
  fc.array(fc.integer({ min: 1, max: maxSize }), { minLength: minRank, maxLength: maxRank });

/** Two shapes that broadcast to the first of the three. */
export const broadcastShapes = (maxRank: number) =>
  fc
    .tuple(shapes(0, maxRank), fc.infiniteStream(fc.integer({ min: 0, max: 3 })), fc.nat(2), fc.nat(2))
    .map(([full, stream, dropA, dropB]) => {
      const narrow = (drop: number) =>
        full.map(size => (stream.next().value === 0 ? 1 : size)).slice(Math.min(drop, full.length));
      const a = narrow(dropA);
      return { a, b: a.length < full.length ? narrow(0) : narrow(dropB) };
    });

type Tensors = readonly tf.Tensor[];
export type Body = (...inputs: tf.Tensor[]) => tf.Tensor | tf.Tensor[];

async function runOn(device: Device, body: (inputs: Tensors) => Tensors, inputs: readonly HostArray[]) {
  await useDevice(device);
  const compiled = compile('agreement', (list: Tensors) => ({ outputs: body(list) }));
  const { outputs } = await compiled(inputs as Host<Tensors>);
  await compiled.release();
  return outputs as readonly HostArray[];
}

/** ‖a - b‖ / ‖b‖, with the norm of b not counted below one millionth per element. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    if (Object.is(a[i], b[i])) continue;
    difference += (a[i]! - b[i]!) ** 2;
  }
  for (let i = 0; i < b.length; i++) size += Number.isFinite(b[i]) ? b[i]! ** 2 : 0;
  return Math.sqrt(difference / (size + 1e-12 * b.length + 1e-30));
}

function compare(found: readonly HostArray[], expected: readonly HostArray[], tolerance: number): void {
  expected.forEach((want, i) => {
    const got = found[i]!;
    const same = got.dtype === want.dtype && got.shape.join() === want.shape.join();
    if (!same) throw new Error(`output ${i}: ${got.dtype}[${got.shape}], expected ${want.dtype}[${want.shape}]`);
    const exact = want.dtype !== 'float32';
    const error = relativeError(got.data, want.data);
    if (!(error <= (exact ? 0 : tolerance)))
      throw new Error(`output ${i} differs by ${error}: ${got.data.slice(0, 8)} instead of ${want.data.slice(0, 8)}`);
  });
}

const list = (result: tf.Tensor | tf.Tensor[]): Tensors => (Array.isArray(result) ? result : [result]);

/** The same function gives the same on `device` as on `cpu`. */
export async function expectSameValues(device: Device, body: Body, inputs: readonly HostArray[], tolerance = 1e-5) {
  const run = (on: Device) => runOn(on, tensors => list(body(...tensors)), inputs);
  compare(await run(device), await run('cpu'), tolerance);
}

/** The same function has the same gradients with respect to its float inputs, for a random weighting of its outputs. */
export async function expectSameGradients(device: Device, body: Body, inputs: readonly HostArray[], tolerance = 1e-4) {
  const differentiated = (tensors: Tensors): Tensors => {
    const sources = tensors.filter(tensor => tensor.dtype === 'float32');
    const weighted = (...chosen: tf.Tensor[]) => {
      const queue = [...chosen];
      const outputs = list(body(...tensors.map(tensor => (tensor.dtype === 'float32' ? queue.shift()! : tensor))));
      const terms = outputs
        .filter(output => output.dtype === 'float32')
        .map((output, i) => tf.sum(tf.mul(output, tf.reshape(tf.cos(tf.range(i, i + output.size, 1)), output.shape))));
      return terms.reduce((sum, term) => tf.add(sum, term)) as tf.Scalar;
    };
    return tf.grads(weighted as (...chosen: tf.Tensor[]) => tf.Tensor)(sources as tf.Tensor[]);
  };
  compare(await runOn(device, differentiated, inputs), await runOn('cpu', differentiated, inputs), tolerance);
}
