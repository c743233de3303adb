import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { integer, normal, shuffled, stream, uniforms } from './random.ts';

describe('stream', () => {
  it('gives the same numbers for the same name and others for any other name', () => {
    const first = (...name: Parameters<typeof stream>) => uniforms(stream(...name), 4).join();
    expect(first(1, 'sample', 2, 3)).toBe(first(1, 'sample', 2, 3));
    expect(first('1', 'sample', 2, 3)).toBe(first(1, 'sample', 2, 3));
    const names = [first(1, 'sample', 2, 3), first(1, 'sample', 23), first(1, 'sample2', 3), first(12, 'sample', 3)];
    expect(new Set(names).size).toBe(names.length);
  });

  it('is pinned: a change of these numbers breaks the resume of every run on disk', () => {
    expect([...uniforms(stream(7, 'pinned', 1), 3)]).toMatchInlineSnapshot(`
      [
        0.849368155002594,
        0.042282938957214355,
        0.9238908290863037,
      ]
    `);
  });
});

describe('uniforms', () => {
  it('never reaches 1, even from a draw that float32 would round up to it', () => {
    const [value] = uniforms(() => 1 - Number.EPSILON, 1);
    expect(value).toBeLessThan(1);
  });
});

describe('normal', () => {
  it('has mean 0, variance 1 and is finite when the stream gives 0', () => {
    const draw = stream(1, 'normal');
    const sample = Array.from({ length: 20_000 }, () => normal(draw));
    const mean = sample.reduce((sum, x) => sum + x, 0) / sample.length;
    const variance = sample.reduce((sum, x) => sum + (x - mean) ** 2, 0) / sample.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(variance - 1)).toBeLessThan(0.04);
    expect(normal(() => 0)).toBeCloseTo(0);
  });
});

describe('integer and shuffled', () => {
  it('stay in range, and a shuffle is a permutation that leaves its input alone', () => {
    fc.assert(
      fc.property(fc.integer(), fc.array(fc.integer(), { maxLength: 30 }), (seed, items) => {
        const before = [...items];
        const after = shuffled(stream(seed, 'shuffle'), items);
        expect(items).toEqual(before);
        expect(after.sort()).toEqual(before.sort());
        const drawn = integer(stream(seed, 'integer'), items.length + 1);
        expect(drawn >= 0 && drawn <= items.length).toBe(true);
      }),
    );
  });
});
