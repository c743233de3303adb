/** Frozen tensors: mapped where they can be, read where they cannot, the same on both devices, and shared by functions. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { floats } from './agreement.fixture.ts';
import { closeEngine, compile, f32, frozen, tf, useDevice } from './index.ts';
import { writeSafetensors } from './safetensors.ts';

let folder: string;
let file: string;
const weight = floats([6, 4], 3);

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'frozen-'));
  file = path.join(folder, 'weights.safetensors');
  writeSafetensors(file, {
    odd: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 2, 3) },
    weight: { dtype: 'F32', shape: [6, 4], data: weight.data as Float32Array },
    half: { dtype: 'BF16', shape: [2], data: Float32Array.of(1, -2) },
  });
});
afterAll(async () => {
  await closeEngine();
  rmSync(folder, { recursive: true });
});

const project = (from: () => string) =>
  compile('project', ({ x }: { x: tf.Tensor }) => ({ y: tf.matMul(x, frozen(from(), 'weight'), false, true) }));

describe.each(['onnx', 'cpu'] as const)('on %s', device => {
  beforeEach(async () => {
    await useDevice(device);
  });

  test('a frozen matrix multiplies as its values do', async () => {
    const { y } = await project(() => file)({ x: f32([1, 0, 0, 0, 0, 0, 0, 1], [2, 4]) });
    const rows = Array.from({ length: 6 }, (_, i) => [weight.data[i * 4]!, weight.data[i * 4 + 3]!]);
    expect([...y.data]).toEqual([...rows.map(row => row[0]), ...rows.map(row => row[1])]);
  });

  test('half precision is read as float32', async () => {
    const f = compile('half', ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(frozen(file, 'half'), x) }));
    expect([...(await f({ x: f32([3], []) })).y.data]).toEqual([3, -6]);
  });

  test('a file reached through a link, and two files in one graph', async () => {
    const link = path.join(folder, `link-${device}.safetensors`);
    symlinkSync(file, link);
    const other = path.join(folder, `other-${device}.safetensors`);
    writeSafetensors(other, { bias: { dtype: 'F32', shape: [4], data: Float32Array.of(1, 2, 3, 4) } });
    const f = compile('two files', ({ x }: { x: tf.Tensor }) => ({
      y: tf.add(tf.sum(tf.mul(frozen(link, 'weight'), x), 0), frozen(other, 'bias')),
    }));
    expect([...(await f({ x: f32([0], []) })).y.data]).toEqual([1, 2, 3, 4]);
  });

  test('a tensor that is not there is named, with some that are', async () => {
    const f = compile('missing', ({ x }: { x: tf.Tensor }) => ({ y: tf.add(x, frozen(file, 'wieght')) }));
    await expect(f({ x: f32([0], []) })).rejects.toThrow(/"wieght".*weight/);
  });
});

test('a gradient passes through a frozen matrix to what it multiplies', async () => {
  await useDevice('onnx');
  const f = compile('through', ({ x }: { x: tf.Tensor }) => ({
    dx: tf.grad(z => tf.sum(tf.matMul(z, frozen(file, 'weight'), false, true)))(x),
  }));
  const { dx } = await f({ x: floats([1, 4], 1) });
  const sums = tf.sum(tf.tensor(weight.data, [6, 4], 'float32'), 0);
  const expected = await sums.data();
  expect([...dx.data].map(value => value.toFixed(4))).toEqual(Array.from(expected, value => value.toFixed(4)));
});
