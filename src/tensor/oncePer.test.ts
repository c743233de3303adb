import { expect, it } from 'vitest';
import { oncePer } from './oncePer.ts';

it('makes equal descriptions one thing, and others another', () => {
  const of = oncePer((x: { a: number }) => ({ ...x }));
  expect(of({ a: 1 })).toBe(of({ a: 1 }));
  expect(of({ a: 2 })).not.toBe(of({ a: 1 }));
});

it('tries again what failed', async () => {
  let tries = 0;
  const of = oncePer(async (_: string) => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return tries;
  });
  await expect(of('x')).rejects.toThrow('not yet');
  expect(await of('x')).toBe(2);
  expect(await of('x')).toBe(2);
});
