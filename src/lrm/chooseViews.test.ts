import { describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import { normal } from '../run/random.ts';
import { type Anchor, anchorName } from './anchors.ts';
import { type ChainStates, chooseViews, type ViewSettings } from './chooseViews.ts';
import { inlinePool } from './inlinePool.fixture.ts';
import { columnMean, covariance, fve, pooledWhitening } from './similarity.ts';
import { targetVectors } from './views.ts';

const d = 4;
const count = 3;
const before: Anchor = { step: 1, point: 'before' };
const result: Anchor = { step: 1, point: 'result' };

/**
 * Latent 0 lies where the own chain is before its result; latent 1 is another code of the state after it, which latent 2
 * holds with noise; `share` of the problems have a chain at all.
 */
function chains(problems: number, seed: number, share = 1): ChainStates {
  const rng = uniformsFrom(seed);
  const noise = (n: number) => Float32Array.from({ length: n }, () => normal(rng));
  const [first, second, little, ends] = [
    noise(problems * d),
    noise(problems * d),
    noise(problems * d),
    noise(problems * d),
  ];
  const latents = new Float32Array(problems * count * d);
  for (let p = 0; p < problems; p++) {
    for (let j = 0; j < d; j++) {
      const at = (k: number) => (p * count + k) * d + j;
      const coded = 10 - 3 * second[p * d + ((j + 1) % d)]!;
      latents[at(0)] = first[p * d + j]! + 0.2 * little[p * d + j]!;
      latents[at(1)] = coded;
      latents[at(2)] = coded + 6 * little[p * d + j]!;
    }
  }
  const rows = [...Array(Math.floor(share * problems)).keys()];
  const states = (all: Float32Array) => all.slice(0, rows.length * d);
  return {
    latents,
    questionEnds: ends,
    anchors: [
      { anchor: before, rows, states: states(first) },
      { anchor: result, rows, states: states(second) },
    ],
  };
}

const settings: ViewSettings = {
  steps: 'each',
  latents: [0, 1, 2],
  space: 'auto',
  anchors: 'auto',
  whitening: 'pooled',
  rawThreshold: 0.5,
  ridge: 1e-3,
};

function choose(changes: Partial<ViewSettings> = {}, share = 1) {
  const train = chains(300, 1, share);
  const texts = train.anchors[0]!.states;
  const pooled = {
    centre: columnMean(texts, d),
    whitening: texts.length > d ? pooledWhitening(covariance(texts, d), 0.05) : new Float32Array(d * d),
  };
  const task = {
    pool: inlinePool(),
    d,
    count,
    latents: train.latents,
    train: async () => train,
    validation: chains(100, 2, share),
    pooled,
  };
  return chooseViews(task, { ...settings, ...changes });
}

describe('the choice of views', () => {
  it('by itself reads raw what lies near the own chain, and translates the rest to where it has most to say', async () => {
    const { views, table } = await choose();
    expect(views.map(view => view.id)).toEqual(['k0', 'k1@1.result', 'k2@1.result']);
    const [near, coded, noisy] = views;
    expect(near).toMatchObject({ space: 'raw', anchor: before });
    expect(near!.fve).toBeGreaterThan(0.9);
    expect(coded!.fve).toBeGreaterThan(0.99);
    expect(noisy!.fve).toBeLessThan(coded!.fve);
    expect(noisy!.nats!).toBeLessThan(coded!.nats!);
    const rows = table.map(row => `${row.chosen ? '*' : ''}${row.steps} ${row.anchor} ${row.space}`);
    expect(rows.slice(0, 6)).toEqual([
      '*0 1.before raw',
      '0 1.result raw',
      '1 1.before raw',
      '1 1.result raw',
      '1 1.before translated',
      '*1 1.result translated',
    ]);
  });

  it('reads everything raw, or through translators, where told to', async () => {
    const raw = await choose({ space: 'raw' });
    expect(raw.views.map(view => view.id)).toEqual(['k0', 'k1', 'k2']);
    expect(raw.controls).toEqual([]);
    const translated = await choose({ space: 'translated', anchors: [before, result], latents: [1] });
    expect(translated.views.map(view => view.id)).toEqual(['k1@1.before', 'k1@1.result']);
  });

  it('takes for a point alone the step with the most nats, and no view twice', async () => {
    const ids = async (anchors: ViewSettings['anchors']) =>
      (await choose({ space: 'translated', anchors, latents: [1] })).views.map(view => view.id);
    expect(await ids(['before', 'result'])).toEqual(['k1@1.before', 'k1@1.result']);
    expect(await ids(['result', result])).toEqual(['k1@1.result']);
    expect((await choose({ steps: 'joint', anchors: ['result'] })).views).toHaveLength(1);
    await expect(ids(['end'])).rejects.toThrow(/at most 0 .*point "end"/);
  });

  it('reads latents jointly through one translator per anchor', async () => {
    const { views } = await choose({ steps: 'joint', latents: [0, 1] });
    expect(views.map(view => view.id)).toEqual(['k0-1@1.before', 'k0-1@1.result']);
    const held = chains(100, 2);
    for (const view of views) {
      const { states } = held.anchors.find(a => anchorName(a.anchor) === anchorName(view.anchor!))!;
      const vectors = targetVectors(view, held.latents, count, d);
      expect(fve(vectors, states, d)).toBeCloseTo(view.fve, 6);
      expect(view.fve).toBeGreaterThan(0.9);
    }
    await expect(choose({ steps: 'joint', space: 'raw' })).rejects.toThrow(/joint reads several latents through/);
  });

  it('makes for each translated view the control that reads the question in the latents’ place', async () => {
    const { views, controls } = await choose();
    expect(controls.map(view => view.id)).toEqual(views.slice(1).map(view => view.id));
    for (const control of controls) {
      expect(control.steps).toEqual([]);
      expect(control.fve).toBeLessThan(0.1);
      expect(control.nats!).toBeLessThan(0.5);
    }
  });

  it('compares translated targets by the residual covariance where told to', async () => {
    const { views } = await choose({ whitening: 'residual', latents: [2], space: 'translated' });
    const [view] = views;
    expect([...view!.frame.centre]).toEqual([...view!.translator!.outputMean]);
    const [k0] = (await choose({ whitening: 'residual', latents: [0] })).views;
    expect([...k0!.frame.centre]).not.toEqual([...view!.frame.centre]);
  });

  it('without chains reads raw only, and says what it does not know', async () => {
    const { views, table } = await choose({ space: 'raw' }, 0);
    expect(views.map(({ fve, anchor }) => [fve, anchor])).toEqual(Array(3).fill([Number.NaN, undefined]));
    expect(views.every(view => view.variance > 0)).toBe(true);
    expect(table.some(row => row.chosen)).toBe(false);
    for (const changes of [{}, { space: 'translated' }, { steps: 'joint' }] as const)
      await expect(choose(changes, 0)).rejects.toThrow(/at most 0 of the training problems.*needs \d+ or more/);
  });

  it('leaves out anchors that few chains reach, and refuses them where they were asked for', async () => {
    await expect(choose({ steps: 'joint' }, 0.07)).rejects.toThrow(/at most 21.*needs 24/);
    await expect(choose({ space: 'translated', anchors: [{ step: 2, point: 'end' }] })).rejects.toThrow(
      /reaches 2\.end/,
    );
  });
});
