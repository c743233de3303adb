import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Anchor, anchorName, anchorPosition, anchorsOf, parseAnchor } from './anchors.ts';

const words = (text: string) => text.split(' ');
const ids = new Map<string, number>();
const encode = (text: string) =>
  words(text).map(word => {
    if (!ids.has(word)) ids.set(word, ids.size);
    return ids.get(word)!;
  });
const end = encode('>>')[0]!;
const chain = '<< 5 + 6 = 11 >> << 11 * 3 = 33 >>';
const prefix = (text: string, anchor: Anchor) => {
  const length = anchorPosition(encode(text), anchor, end);
  return length === undefined ? undefined : words(text).slice(0, length).join(' ');
};

describe('anchors', () => {
  it('end a prefix where their names say', () => {
    const found = anchorsOf(2).map(anchor => [anchorName(anchor), prefix(chain, anchor)]);
    expect(found).toEqual([
      ['1.open', '<< 5'],
      ['1.before', '<< 5 + 6 ='],
      ['1.result', '<< 5 + 6 = 11'],
      ['1.end', '<< 5 + 6 = 11 >>'],
      ['2.open', '<< 5 + 6 = 11 >> << 11'],
      ['2.before', '<< 5 + 6 = 11 >> << 11 * 3 ='],
      ['2.result', '<< 5 + 6 = 11 >> << 11 * 3 = 33'],
      ['2.end', '<< 5 + 6 = 11 >> << 11 * 3 = 33 >>'],
    ]);
  });

  it('are absent where the chain does not reach them, or the step says nothing', () => {
    expect(prefix(chain, { step: 3, point: 'open' })).toBeUndefined();
    expect(prefix('<< 5 + 6 = 11', { step: 1, point: 'before' })).toBeUndefined();
    expect(prefix('<< >> << 1 + 1 = 2 >>', { step: 1, point: 'result' })).toBeUndefined();
    expect(prefix('<< >> << 1 + 1 = 2 >>', { step: 2, point: 'before' })).toBe('<< >> << 1 + 1 =');
    expect(anchorPosition([], { step: 1, point: 'end' }, end)).toBeUndefined();
  });

  it('lie in order, inside the chain, and later steps after earlier ones', () => {
    const step = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 3, maxLength: 8 });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 4 }), steps => {
        const tokens = steps.flatMap(inner => [...inner, 0]);
        const places = anchorsOf(steps.length).map(anchor => anchorPosition(tokens, anchor, 0)!);
        places.forEach((place, i) => {
          expect(place).toBeGreaterThan(0);
          expect(place).toBeLessThanOrEqual(tokens.length);
          if (i > 0) expect(place).toBeGreaterThanOrEqual(places[i - 1]!);
        });
        return places.at(-1) === tokens.length;
      }),
    );
  });

  it('are read back from their names, and nothing else is', () => {
    for (const anchor of anchorsOf(12)) expect(parseAnchor(anchorName(anchor))).toEqual(anchor);
    fc.assert(
      fc.property(fc.string(), text => {
        const anchor = parseAnchor(text);
        return anchor === undefined || anchorName(anchor) === text;
      }),
    );
    for (const text of ['1.before.x', '0.end', '1.', ' 1.end', '0x1.end', '1e0.end', '-1.end', '1.toString'])
      expect(parseAnchor(text)).toBeUndefined();
  });
});
