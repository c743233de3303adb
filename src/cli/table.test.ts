import { expect, it } from 'vitest';
import { formatTable } from './table.ts';

it('sets columns of numbers to the right, texts to the left, and leaves no trailing blanks', () => {
  const rows = [
    ['greedy', '.97', '12'],
    ['best of 16', '.9', ''],
  ];
  expect(formatTable(['row', 'same', 'n'], rows)).toBe(
    ['row         same   n', 'greedy       .97  12', 'best of 16    .9', ''].join('\n'),
  );
});
