import { expect, it } from 'vitest';
import { editDistance, nearest } from './nearest.ts';

it('counts edits, a swap of neighbours as one', () => {
  expect(editDistance('clip', 'clip')).toBe(0);
  expect(editDistance('clipp', 'clip')).toBe(1);
  expect(editDistance('clpi', 'clip')).toBe(1);
  expect(editDistance('', 'clip')).toBe(4);
});

it('finds the name that was meant, and none where nothing is near', () => {
  const names = ['batch_size', 'lr', 'warmup', 'max_grad_norm'];
  expect(nearest('batchSize', names)).toBe('batch_size');
  expect(nearest('batch_sise', names)).toBe('batch_size');
  expect(nearest('rl', names)).toBe('lr');
  expect(nearest('temperature', names)).toBeUndefined();
});
