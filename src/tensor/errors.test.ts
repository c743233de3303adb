import { expect, it } from 'vitest';
import { RecodiError, show } from './errors.ts';

it('a value is shown in a few words, whatever it is', () => {
  expect([undefined, null, 'a"b', [1, { a: 2 }]].map(show)).toEqual(['undefined', 'null', '"a\\"b"', '[1,{"a":2}]']);
  expect(show('x'.repeat(1000)).length).toBeLessThan(70);
  expect(show(JSON.parse('['.repeat(20_000) + ']'.repeat(20_000)))).toMatch(/cannot be shown/);
});

it('a message is of a length that somebody reads', () => {
  expect(new RecodiError('input', 'x'.repeat(1_000_000)).message.length).toBeLessThan(5000);
});
