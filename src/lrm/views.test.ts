import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadViews, saveViews, standardise, targetVectors, type View, type Views, viewId } from './views.ts';

const d = 3;
const count = 4;
const floats = (n: number, phase: number) => Float32Array.from({ length: n }, (_, i) => Math.sin(phase + i));
const frame = (phase: number) => ({ centre: floats(d, phase), whitening: floats(d * d, phase + 1) });
const translator = (steps: number, phase: number) => ({
  inputMean: floats(steps * d, phase),
  outputMean: floats(d, phase + 1),
  weight: floats(steps * d * d, phase + 2),
});

const raw: View = { id: 'k1', steps: [1], space: 'raw', frame: frame(1), variance: 0.1 + 0.2, fve: 0.7 };
const joint: View = {
  id: 'k0-3@2.result',
  steps: [0, 1, 2, 3],
  space: 'translated',
  anchor: { step: 2, point: 'result' },
  translator: translator(4, 2),
  frame: frame(3),
  variance: 2,
  fve: 0.9,
  nats: 31.5,
};
const control: View = {
  ...{ ...joint, steps: [], translator: translator(1, 7), fve: 0.2, nats: 4 },
  frame: { ...frame(9), targetWhitening: floats(d * d, 11) },
};
const views: Views = {
  text: { mean: floats(d, 5), deviation: floats(d, 6) },
  views: [raw, joint],
  controls: [control],
};

const newFolder = () => mkdtempSync(join(tmpdir(), 'recodi-views-'));

describe('views on disk', () => {
  it('come back as they were, controls too', () => {
    const folder = newFolder();
    saveViews(folder, views);
    expect(loadViews(folder)).toEqual(views);
  });

  it('keep an FVE that is not known as such', () => {
    const folder = newFolder();
    saveViews(folder, { ...views, views: [{ ...raw, fve: Number.NaN }] });
    expect(loadViews(folder).views[0]?.fve).toBeNaN();
  });

  it('are refused with the file named where they are not what they should be', () => {
    const folder = newFolder();
    saveViews(folder, views);
    const path = join(folder, 'views.json');
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.replace('"2.result"', '"2.reslt"'));
    expect(() => loadViews(folder)).toThrow(/views\.json: view k0-3@2\.result: "2\.reslt" is no anchor/);
    writeFileSync(path, text.replaceAll('"k1"', '"k2"'));
    expect(() => loadViews(folder)).toThrow(/views\.safetensors.*k2\.centre/s);
    writeFileSync(path, text.replace(/"steps": \[\s*0,/, '"steps": ['));
    expect(() => loadViews(folder)).toThrow(
      /expected the shape \[9\] of "k0-3@2\.result\.translator\.input_mean", got \[12\]/,
    );
    writeFileSync(path, text.replace(/"steps": \[\s*1/, '"steps": [1, 2'));
    expect(() => loadViews(folder)).toThrow(/view k1: expected one step, since it is raw, got 2/);
  });
});

describe('target vectors', () => {
  const states = floats(2 * count * d, 9);
  const at = (p: number, k: number) => [...states.subarray((p * count + k) * d, (p * count + k + 1) * d)];

  it('of a raw view are the latents of its step', () => {
    const vectors = targetVectors(raw, states, count, d);
    expect([...vectors]).toEqual([...at(0, 1), ...at(1, 1)]);
  });

  it('of a joint view are translated from all its latents in order', () => {
    const identity = {
      inputMean: new Float32Array(2 * d),
      outputMean: new Float32Array(2 * d),
      weight: Float32Array.from({ length: 4 * d * d }, (_, i) => (i % (2 * d + 1) === 0 ? 1 : 0)),
    };
    const vectors = targetVectors({ steps: [3, 0], translator: identity }, states, count, d);
    expect([...vectors]).toEqual([...at(0, 3), ...at(0, 0), ...at(1, 3), ...at(1, 0)]);
    expect(targetVectors(joint, states, count, d).length).toBe(2 * d);
  });

  it('of a problem do not depend on the others', () => {
    const alone = targetVectors(joint, states.slice(count * d), count, d);
    expect([...alone]).toEqual([...targetVectors(joint, states, count, d).subarray(d)]);
  });
});

it('the policy sees vectors by the mean and deviation of texts', () => {
  const text = { mean: Float32Array.of(1, 2), deviation: Float32Array.of(2, 0.5) };
  expect([...standardise(text, Float32Array.of(1, 2, 5, 3))]).toEqual([0, 0, 2, 2]);
});

it('different steps and anchors have different names', () => {
  expect(viewId([3])).toBe('k3');
  expect(viewId([0, 1, 2], { step: 2, point: 'before' })).toBe('k0-2@2.before');
  expect(viewId([0, 2])).toBe('k0+2');
  const steps = fc.uniqueArray(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 5 });
  fc.assert(fc.property(steps, steps, (a, b) => (viewId(a) === viewId(b)) === (a.join() === b.join())));
});
