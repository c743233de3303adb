import { beforeAll, describe, expect, it } from 'vitest';
import { uniformsFrom } from '../lm/tiny.fixture.ts';
import type { LrmClient } from '../lrm/client.ts';
import type { TargetSet } from '../lrm/targets.ts';
import { tinyLrm, world } from '../lrm/tiny.fixture.ts';
import { standardise, type TextStatistics, type View } from '../lrm/views.ts';
import { type ProblemSource, problemSource } from './problems.ts';

let source: ProblemSource;
let d: number;
let count: number;
beforeAll(async () => {
  const lrm = await tinyLrm();
  d = lrm.spec.model.hiddenSize;
  count = lrm.spec.latents + 1;
  const problems = world.problems({ split: 'train', count: 9, seed: 1 });
  const states = Float32Array.from({ length: 9 * count * d }, uniformsFrom(3));
  const set: TargetSet = { split: 'train', problems, states, answers: new Int32Array(9), lens: new Int32Array() };
  const view = (k: number): View => ({
    id: `k${k}`,
    steps: [k],
    space: 'raw',
    frame: { centre: new Float32Array(d), whitening: new Float32Array(d * d) },
    variance: 1,
    fve: 0,
  });
  const text: TextStatistics = { mean: new Float32Array(d).fill(0.5), deviation: new Float32Array(d).fill(2) };
  source = { client: { lrm } as LrmClient, set, views: [view(0), view(2)], text, seed: 7, count: 50 };
});

describe('the problems of an update', () => {
  it('are the same whenever they are asked for, and others for other updates and seeds', () => {
    const draw = problemSource(source);
    const [first, second] = [draw(3), draw(4)];
    expect(draw(3)).toEqual(first);
    expect(problemSource(source)(3)).toEqual(first);
    expect(second.rows).not.toEqual(first.rows);
    expect(problemSource({ ...source, seed: 8 })(3).rows).not.toEqual(first.rows);
  });

  it('show the policy the standardised vector of the view, and watch another problem’s beside it', () => {
    const { rows, targets, z } = problemSource(source)(0);
    const { states, problems } = source.set;
    const at = (p: number, k: number) => [...states.slice((p * count + k) * d, (p * count + k + 1) * d)];
    targets.forEach((target, i) => {
      const k = Number(target.view.slice(1));
      expect(target.question).toEqual(source.client.lrm.tokenizer.encode(problems[rows[i]!]!.question));
      expect([...target.vector]).toEqual(at(rows[i]!, k));
      expect([...z.slice(i * d, (i + 1) * d)]).toEqual([...standardise(source.text, target.vector)]);
      const others = problems.map((_, p) => p).filter(p => p !== rows[i]);
      expect(others.some(p => at(p, k).join() === [...target.swapped].join())).toBe(true);
    });
  });

  it('come from all problems and views', () => {
    const draw = problemSource({ ...source, count: 400 })(0);
    expect(new Set(draw.rows).size).toBe(9);
    const share = draw.targets.filter(target => target.view === 'k0').length / 400;
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
  });
});
