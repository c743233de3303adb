/** Devices: what can be had is reported, what cannot is refused with the reason, and a process that computed ends by itself. */
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { probeDevices, tf, useDevice } from './index.ts';

test('every device is reported, the one in use marked', async () => {
  await useDevice('cpu');
  const reports = await probeDevices();
  expect(reports.map(({ device }) => device)).toEqual(['onnx', 'tensorflow', 'cpu']);
  expect(reports.filter(({ used }) => used).map(({ device }) => device)).toEqual(['cpu']);
  for (const { usable, version, reason } of reports) expect(usable ? version : reason).not.toBe('');
});

test('ONNX Runtime is told not to report its use', () => {
  expect(process.env.ORT_DISABLE_TELEMETRY).toBe('1');
});

test('auto takes onnx where it loads', async () => {
  expect((await useDevice('auto')).device).toBe('onnx');
  expect(tf.getBackend()).toBe('onnx');
});

test('a device that cannot be had is refused with the reason and a way out', async () => {
  const report = (await probeDevices()).find(({ device }) => device === 'tensorflow')!;
  if (report.usable) await expect(useDevice('tensorflow')).resolves.toMatchObject({ used: true });
  else await expect(useDevice('tensorflow')).rejects.toThrow(/tensorflow.*recodi doctor/);
});

test('a process that computed ends by itself and prints nothing of its own', () => {
  const engine = new URL('./index.ts', import.meta.url).href;
  const program = `
    const { compile, f32, tf, useDevice } = await import(${JSON.stringify(engine)});
    for (const device of ['onnx', 'cpu']) {
      await useDevice(device);
      const { y } = await compile('double', ({ x }) => ({ y: tf.mul(x, 2) }))({ x: f32([21], []) });
      console.log(y.data[0]);
    }`;
  const options = { encoding: 'utf8', timeout: 30_000 } as const;
  const run = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', program],
    options,
  );
  expect({ status: run.status, out: run.stdout, err: run.stderr }).toEqual({ status: 0, out: '42\n42\n', err: '' });
});
