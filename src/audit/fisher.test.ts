import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { logFisher, type Meeting } from './fisher.ts';

const meeting = fc.tuple(fc.integer({ min: 1, max: 60 }), fc.nat(60), fc.nat(60), fc.nat(60)).map(
  ([all, marked, drawn, both]): Meeting => ({
    all,
    marked: Math.min(marked, all),
    drawn: Math.min(drawn, all),
    both: Math.min(both, marked, drawn, all),
  }),
);

describe("Fisher's exact test", () => {
  it.each([
    // Fisher's lady: all four cups of milk first, of eight.
    [{ all: 8, marked: 4, drawn: 4, both: 4 }, 1 / 70],
    [{ all: 8, marked: 4, drawn: 4, both: 3 }, 17 / 70],
    [{ all: 8, marked: 4, drawn: 4, both: 2 }, 53 / 70],
    [{ all: 8, marked: 4, drawn: 4, both: 0 }, 1],
    [{ all: 24, marked: 12, drawn: 12, both: 12 }, 1 / 2704156],
    [{ all: 5, marked: 5, drawn: 3, both: 3 }, 1],
    [{ all: 5, marked: 0, drawn: 3, both: 0 }, 1],
  ])('of %o is what counting gives', (given, p) => {
    expect(Math.exp(logFisher(given)) / p).toBeCloseTo(1, 12);
  });

  it('is as exact where no number can hold it', () => {
    // One drawing of so many: 1 over (1000 over 500), whose logarithm Stirling gives.
    const stirling = -(1000 * Math.log(2) - 0.5 * Math.log(500 * Math.PI) - 1 / 4000);
    expect(logFisher({ all: 1000, marked: 500, drawn: 500, both: 500 })).toBeCloseTo(stirling, 6);
    expect(logFisher({ all: 4000, marked: 1000, drawn: 1000, both: 1000 })).toBeLessThan(-2000);
  });

  it('is the same whichever of the two is called marked, and falls as they meet more often', () => {
    fc.assert(
      fc.property(meeting, given => {
        const log = logFisher(given);
        expect(log).toBeLessThanOrEqual(0);
        expect(logFisher({ ...given, marked: given.drawn, drawn: given.marked })).toBeCloseTo(log, 9);
        if (given.both > 0) expect(logFisher({ ...given, both: given.both - 1 })).toBeGreaterThanOrEqual(log);
      }),
    );
  });

  it('of so many or more, and of fewer, are certain together', () => {
    fc.assert(
      fc.property(meeting, given => {
        const { all, marked, drawn, both } = given;
        // Fewer than `both` marked ones drawn: more than `drawn - both` of the others.
        const fewer =
          both === 0 ? 0 : Math.exp(logFisher({ all, marked: all - marked, drawn, both: drawn - both + 1 }));
        const possible = drawn - both + 1 <= Math.min(all - marked, drawn);
        expect(Math.exp(logFisher(given)) + (possible ? fewer : 0)).toBeCloseTo(1, 9);
      }),
    );
  });
});
