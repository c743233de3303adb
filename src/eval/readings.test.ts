import { describe, expect, it } from 'vitest';
import { donorRows, gather } from './readings.ts';

describe('donorRows', () => {
  it('begins behind the own place and never takes the same question', () => {
    expect(donorRows(['a', 'b', 'x'], ['a', 'b', 'c'], 2)).toEqual([
      [1, 2],
      [2, 0],
      [0, 1],
    ]);
  });

  it('takes rows again where there are not so many, and says where there is none', () => {
    expect(donorRows(['a'], ['a', 'b'], 3)).toEqual([[1, 1, 1]]);
    expect(() => donorRows(['a'], ['a'], 1)).toThrow(/no other problem to compare with/);
  });
});

it('gather picks rows of vectors', () => {
  expect([...gather(Float32Array.of(0, 1, 10, 11, 20, 21), [2, 0], 2)]).toEqual([20, 21, 0, 1]);
});
