import { describe, expect, it } from 'vitest';
import { donorRows } from './readings.ts';

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
