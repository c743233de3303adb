/** What compile() promises: signatures, names in errors, arrays by reference, no reading in between, bounded sessions. */
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { floats } from './agreement.fixture.ts';
import { closeEngine, compile, engineStats, f32, i32, tf, useDevice } from './index.ts';

beforeEach(async () => {
  await useDevice('onnx');
});
afterAll(closeEngine);

const scale = (name: string) => compile(name, ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, 3) }));

describe.each(['onnx', 'cpu'] as const)('on %s', device => {
  beforeEach(async () => {
    await useDevice(device);
  });

  test('trees of arrays go in and out, with dtypes and shapes', async () => {
    const f = compile('tree', ({ list, deep }: { list: tf.Tensor[]; deep: { on: tf.Tensor } }) => ({
      sum: tf.addN(list),
      more: [tf.cast(deep.on, 'int32'), tf.greater(list[0]!, 0)],
    }));
    const on = { dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) } as const;
    const out = await f({ list: [f32([1, -2], [2]), f32([3, 4], [2])], deep: { on } });
    expect(out.sum).toEqual({ dtype: 'float32', shape: [2], data: Float32Array.of(4, 2) });
    expect(out.more[0]).toEqual({ dtype: 'int32', shape: [2], data: Int32Array.of(1, 0) });
    expect(out.more[1]).toEqual({ dtype: 'bool', shape: [2], data: Uint8Array.of(1, 0) });
  });

  test('an input that is returned as it came is copied', async () => {
    const f = compile('same', ({ x }: { x: tf.Tensor }) => ({
      x,
      again: tf.reshape(x, [2, 1]),
      constant: tf.ones([2]),
    }));
    const x = Float32Array.of(1, 2);
    const out = await f({ x: f32(x, [2]) });
    expect([...out.x.data, ...out.again.data, ...out.constant.data]).toEqual([1, 2, 1, 2, 1, 1]);
    out.x.data[0] = 7;
    expect(x[0]).toBe(1);
  });

  test('one output may be asked for twice, and an input may go unused', async () => {
    const f = compile('twice', ({ x }: { x: tf.Tensor; unused: tf.Tensor }) => {
      const y = tf.exp(x);
      return [y, y];
    });
    const [a, b] = await f({ x: f32([0], []), unused: f32([1, 2], [2]) });
    expect([a!.data[0], b!.data[0]]).toEqual([1, 1]);
  });

  test('an error carries the name', async () => {
    const f = compile('policy step', ({ x }: { x: tf.Tensor }) => ({
      y: tf.matMul(x as tf.Tensor2D, tf.ones([3, 2])),
    }));
    await expect(f({ x: f32([1, 2], [1, 2]) })).rejects.toThrow(/"policy step"/);
  });

  test('a number among the inputs is refused with what to do', async () => {
    const f = compile('rate', ({ rate }: { rate: tf.Tensor }) => ({ y: tf.mul(rate, 2) }));
    await expect(f({ rate: 0.1 as never })).rejects.toThrow(/f32\(\[x\], \[\]\)/);
  });
});

test('a function is recorded once per signature and replayed afterwards', async () => {
  let recorded = 0;
  const f = compile('counted', ({ x }: { x: tf.Tensor }) => {
    recorded += 1;
    return { y: tf.sum(x) };
  });
  const before = engineStats().capturesByName.counted ?? 0;
  for (const size of [2, 3, 2, 2, 3]) await f({ x: floats([size], size) });
  await f({ x: i32([1, 2], [2]) });
  expect(recorded).toBe(3);
  expect(engineStats().capturesByName.counted! - before).toBe(3);
});

test('calls made at once share one recording', async () => {
  const f = scale('at once');
  const results = await Promise.all([1, 2, 3].map(value => f({ x: f32([value], [1]) })));
  expect(results.map(({ y }) => y.data[0])).toEqual([3, 6, 9]);
  expect(engineStats().capturesByName['at once']).toBe(1);
});

test('inputs are read by reference', async () => {
  const f = scale('reference');
  const x = Float32Array.of(1, 2);
  await f({ x: f32(x, [2]) });
  x[1] = 5;
  expect([...(await f({ x: f32(x, [2]) })).y.data]).toEqual([3, 15]);
});

test('an array over shared memory is refused with what to do', async () => {
  const shared = new Float32Array(new SharedArrayBuffer(8));
  await expect(scale('shared')({ x: f32(shared, [2]) })).rejects.toThrow(/private copy/);
});

test('reading inside a compiled function is refused with what to do', async () => {
  const f = compile('peeking', ({ x }: { x: tf.Tensor }) => ({ y: tf.mul(x, tf.sum(x).dataSync()[0]!) }));
  await expect(f({ x: f32([1, 2], [2]) })).rejects.toThrow(/Return the tensor from the function given to compile\(\)/);
});

test('outside a compiled function data() works and dataSync() says what to call', async () => {
  const y = tf.add(tf.tensor1d([1, 2]), 1);
  expect(() => y.dataSync()).toThrow(/await tensor.data\(\)/);
  expect([...(await y.data())]).toEqual([2, 3]);
  expect([...y.dataSync()]).toEqual([2, 3]);
});

test('an unsupported operation is named', async () => {
  const f = compile('convolution', ({ x }: { x: tf.Tensor }) => ({
    y: tf.conv2d(x as tf.Tensor3D, tf.ones([1, 1, 1, 1]), 1, 'same'),
  }));
  await expect(f({ x: floats([3, 3, 1], 1) })).rejects.toThrow(/"convolution".*Conv2D/);
});

test('sessions are bounded, and a released signature is recorded again', async () => {
  const f = scale('many');
  for (let size = 1; size <= 80; size++) await f({ x: floats([size], size) });
  expect(engineStats().sessions).toBeLessThanOrEqual(64);
  expect((await f({ x: f32([2], [1]) })).y.data[0]).toBe(6);
  expect(engineStats().capturesByName.many).toBe(81);
});

test('release frees a function, close frees all, and both leave it usable', async () => {
  await closeEngine();
  const [f, g] = [scale('f'), scale('g')];
  await Promise.all([f({ x: f32([1], [1]) }), g({ x: f32([1], [1]) })]);
  expect(engineStats().sessions).toBe(2);
  await f.release();
  expect(engineStats().sessions).toBe(1);
  const running = g({ x: f32([4], [1]) });
  await closeEngine();
  expect((await running).y.data[0]).toBe(12);
  expect(engineStats().sessions).toBe(0);
  expect((await f({ x: f32([1], [1]) })).y.data[0]).toBe(3);
});
