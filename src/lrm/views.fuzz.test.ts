import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { loadViews, saveViews, targetVectors, type View } from './views.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-views-'));
afterAll(() => rmSync(folder, { recursive: true }));

const d = 2;
const floats = (n: number) => Float32Array.from({ length: n }, Math.cos);
const frame = { centre: floats(d), whitening: floats(d * d) };
const raw: View = { id: 'k1', steps: [1], space: 'raw', frame, variance: 0.5, fve: Number.NaN };
const joint: View = {
  id: 'k0+2@2.result',
  steps: [0, 2],
  space: 'translated',
  anchor: { step: 2, point: 'result' },
  translator: { inputMean: floats(2 * d), outputMean: floats(d), weight: floats(2 * d * d) },
  frame,
  variance: 2,
  fve: 0.9,
  nats: 3.5,
};
const control = {
  ...joint,
  steps: [],
  translator: { ...joint.translator!, inputMean: floats(d), weight: floats(d * d) },
};
saveViews(folder, { text: { mean: floats(d), deviation: floats(d) }, views: [raw, joint], controls: [control] });

it('damaged views are read or refused, and those that are read can be used', async () => {
  await survivesDamage({
    files: filesOf(folder),
    read: loadViews,
    check({ text, views, controls }) {
      const width = text.mean.length;
      expect(text.deviation.length).toBe(width);
      for (const view of [...views, ...controls]) {
        expect([view.frame.centre.length, view.frame.whitening.length]).toEqual([width, width * width]);
      }
      for (const view of views) {
        const count = Math.max(0, ...view.steps) + 1;
        if (width > 0) expect(targetVectors(view, floats(3 * count * width), count, width).length).toBe(3 * width);
      }
    },
  });
});
