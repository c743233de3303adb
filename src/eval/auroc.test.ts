import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auroc } from './auroc.ts';

const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 6 }), fc.boolean()), { maxLength: 30 });
const of = (rows: readonly (readonly [number, boolean])[]) =>
  auroc(
    rows.map(([score]) => score),
    rows.map(([, holds]) => holds),
  );

describe('auroc', () => {
  it('is the share of pairs in which what holds is scored higher, ties being half', () => {
    fc.assert(
      fc.property(scored, rows => {
        const pairs = rows.flatMap(([a, holds]) =>
          rows.flatMap(([b, other]) => (holds && !other ? [a > b ? 1 : a === b ? 0.5 : 0] : [])),
        );
        if (pairs.length === 0) expect(of(rows)).toBeNull();
        else expect(of(rows)).toBeCloseTo(pairs.reduce<number>((a, b) => a + b, 0) / pairs.length, 12);
      }),
    );
  });

  it('is 1 and 0 where a score parts the two, and one half where it says nothing', () => {
    const rows = [0, 1, 2, 3].map(score => [score, score > 1] as const);
    expect(of(rows)).toBe(1);
    expect(of(rows.map(([score, holds]) => [-score, holds] as const))).toBe(0);
    expect(of(rows.map(([, holds]) => [7, holds] as const))).toBe(0.5);
  });
});
