import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anchorName, anchorsOf, parseAnchor } from './anchors.ts';

describe('anchors', () => {
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
