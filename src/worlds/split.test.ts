import { expect, test } from 'vitest';
import { splitOf, textId } from './split.ts';

const keys = Array.from({ length: 20_000 }, (_, i) => `${i % 97}+${i % 9}*${i}`);

test('the splits are about 80, 10 and 10 per cent', () => {
  const share = (split: string) => keys.filter(key => splitOf(key) === split).length / keys.length;
  expect(share('train')).toBeCloseTo(0.8, 1);
  expect(share('validation')).toBeCloseTo(0.1, 1.5);
  expect(share('test')).toBeCloseTo(0.1, 1.5);
});

test('the split does not follow the parity of the characters', () => {
  const parity = (key: string) => [...key].reduce((sum, char) => sum + char.charCodeAt(0), 0) % 2;
  const held = keys.filter(key => splitOf(key) === 'test');
  const odd = held.filter(key => parity(key) === 1).length / held.length;
  const oddOfAll = keys.filter(key => parity(key) === 1).length / keys.length;
  expect(Math.abs(odd - oddOfAll)).toBeLessThan(0.05);
});

test('names and splits stay what they are from version to version', () => {
  expect(['5+6*3', '2-1', '20/2', 'Why ?'].map(key => [splitOf(key), textId(key)])).toMatchInlineSnapshot(`
    [
      [
        "validation",
        "e61b08680eab61e6",
      ],
      [
        "train",
        "c3426a9e11cd55f9",
      ],
      [
        "train",
        "821397ab389af5bc",
      ],
      [
        "train",
        "028f2a68b2fb3a02",
      ],
    ]
  `);
});

test('different texts have different names', () => {
  expect(new Set(keys.map(textId)).size).toBe(keys.length);
});
