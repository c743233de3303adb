import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { normal } from '../run/random.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import { createLrmClient } from './client.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { probeLatents } from './probe.ts';
import { probeChunk } from './probeTask.ts';
import { tinyLrm, tinyParameters, world } from './tiny.fixture.ts';

beforeAll(() => useDevice('onnx'));
afterAll(closeEngine);

describe('linear probes', () => {
  const m = 5;
  /** Of each problem a class of 3 that its first three inputs show, and one of 2 that none does. */
  function coded(n: number, seed: number) {
    const rng = uniformsFrom(seed);
    const classes = Array.from({ length: 2 }, (_, c) => Array.from({ length: n }, () => Math.floor(rng() * (3 - c))));
    const inputs = Float32Array.from({ length: n * m }, (_, at) => {
      const shown = at % m === classes[0]![Math.floor(at / m)];
      return (shown ? 1 : 0) + 0.1 * normal(rng);
    });
    return { classes, inputs };
  }

  it('find what inputs show, each content by itself, and guess at what they do not', async () => {
    const [own, held] = [coded(600, 1), coded(400, 2)];
    const request = { m, ridge: 1e-3, inputs: own.inputs, classes: own.classes };
    const [shown, hidden] = await probeChunk({ ...request, heldInputs: held.inputs, heldClasses: held.classes });
    expect(shown).toBeGreaterThan(0.99);
    expect(Math.abs(hidden! - 0.5)).toBeLessThan(0.1);
  });

  it('never find a class that they were not fitted on', async () => {
    const own = coded(300, 3);
    const request = { m, ridge: 1e-3, inputs: own.inputs, classes: own.classes, heldInputs: own.inputs };
    const unknown = own.classes.map(list => list.map(() => -1));
    expect(await probeChunk({ ...request, heldClasses: unknown })).toEqual([0, 0]);
  });
});

describe('the map of a model', () => {
  it('has a row for each latent, for all of them, and for what they are held against', async () => {
    const pool = inlinePool();
    const [client, other] = await Promise.all(
      [1, 2].map(async seed => createLrmClient(pool, (await tinyLrm(spec => tinyParameters(spec, seed))).folder)),
    );
    const settings = { problems: 200, held: 100, seed: 1, beside: new Map([['other', other!]]) };
    const { signal } = new AbortController();
    const map = await probeLatents(client!, world, settings, { pool, signal });
    const names = ['k0', 'k1', 'k2', 'k3', 'k0-3', 'question end', 'another problem', 'other'];
    expect(map.rows.map(row => row.source)).toEqual(names);
    expect(map.steps).toBe(2);
    const row = (name: string) => map.rows.find(({ source }) => source === name)!;
    const contents = ['operation 1', 'operand 1', 'result 1', 'operation 2', 'operand 2', 'result 2'];
    expect(Object.keys(map.majority)).toEqual(contents);
    // The model of random weights has read the question and thought nothing.
    expect(row('k0-3').probes['operation 1']).toBeGreaterThan(map.majority['operation 1']! + 0.1);
    expect(row('another problem').probes['operation 1']).toBeLessThan(map.majority['operation 1']! + 0.1);
    expect(row('other').probes).not.toEqual(row('k0-3').probes);
    expect(row('k3').causal!.input.swap).toBeNull();
    expect(row('k3').causal!.readout.swap).toBeGreaterThanOrEqual(0);
    expect(row('k0-3').causal).toBeUndefined();
  });
});
