/** A whole training step: the devices agree on it, it repeats to the bit, and worker threads compute it as the main thread does. */
import { afterAll, describe, expect, test } from 'vitest';
import { relativeError } from './agreement.fixture.ts';
import { closeEngine, probeDevices, useDevice } from './index.ts';
import { createPool } from './pool.ts';
import { task } from './task.ts';
import { train } from './training.fixture.ts';

afterAll(closeEngine);

const trainIn = new URL('./training.fixture.ts', import.meta.url).href;
const reports = await probeDevices();

describe.each(['onnx', 'tensorflow'] as const)('on %s', device => {
  const usable = reports.some(report => report.device === device && report.usable);

  test.skipIf(!usable)('three Adam steps of a transformer agree with cpu', async () => {
    await useDevice('cpu');
    const expected = await train({ steps: 3, seed: 5 });
    await useDevice(device);
    const found = await train({ steps: 3, seed: 5 });
    expect(relativeError(found.parameters, expected.parameters)).toBeLessThan(1e-6);
    expect(relativeError(found.losses, expected.losses)).toBeLessThan(1e-6);
  });
});

test('the same steps on onnx are equal to the bit', async () => {
  await useDevice('onnx');
  const once = await train({ steps: 3, seed: 9 });
  const again = await train({ steps: 3, seed: 9 });
  expect(again).toEqual(once);
});

test('three workers with sessions of their own compute what the main thread computes', async () => {
  await useDevice('onnx');
  const here = await Promise.all([1, 2, 3].map(seed => train({ steps: 2, seed })));
  const pool = createPool({ workers: 3, device: 'onnx' });
  const there = await Promise.all([1, 2, 3].map(seed => pool.run(task(trainIn, train), { steps: 2, seed })));
  await pool.close();
  expect(there).toEqual(here);
});
