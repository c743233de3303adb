import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createPool } from './pool.ts';
import { productsTask } from './poolOnnx.fixture.ts';

describe('workers with native sessions', () => {
  it('run side by side, agree bitwise, and close', async () => {
    const pool = createPool({ workers: 2, device: 'onnx' });
    const requests = [1, 2, 1, 2, 1, 2].map(seed => pool.run(productsTask, { seed, times: 3 }));
    const [a, b, ...rest] = await Promise.all(requests);
    expect(a!.y.length).toBe(192 * 192);
    expect(Number.isFinite(a!.mean)).toBe(true);
    for (const [i, result] of rest.entries()) expect(result).toEqual(i % 2 === 0 ? a : b);
    expect(pool.stats()).toMatchObject({ sessions: 2, captures: 2, 'captures/chain': 2, runs: 18 });
    await pool.close();
  });

  it('leave a process that stops in the middle of work in good order', async () => {
    const script = `
      import { createPool } from ${JSON.stringify(new URL('./pool.ts', import.meta.url).href)};
      import { productsTask } from ${JSON.stringify(new URL('./poolOnnx.fixture.ts', import.meta.url).href)};
      const pool = createPool({ workers: 2, device: 'onnx' });
      await pool.run(productsTask, { seed: 0, times: 1 });
      const stop = new AbortController();
      const runs = Array.from({ length: 8 }, (_, seed) => pool.run(productsTask, { seed, times: 40 }, { signal: stop.signal }));
      setTimeout(() => stop.abort(), 30);
      const outcomes = await Promise.allSettled(runs);
      await pool.close();
      console.log(outcomes.map(outcome => outcome.status[0]).join(''));
      process.exit(outcomes.some(outcome => outcome.status === 'rejected') ? 0 : 9);
    `;
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    expect(stdout.trim()).toMatch(/^f+r+$/);
    expect(stderr).toBe('');
  });
});
