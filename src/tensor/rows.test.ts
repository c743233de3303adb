import { expect, it } from 'vitest';
import { gather } from './rows.ts';

it('gather takes rows in the order that is asked for, as often as it is, of either kind of number', () => {
  expect(gather(Float32Array.of(0, 1, 10, 11, 20, 21), [2, 0], 2)).toEqual(Float32Array.of(20, 21, 0, 1));
  expect(gather(Int32Array.of(7, 8), [1, 1, 0], 1)).toEqual(Int32Array.of(8, 8, 7));
});
