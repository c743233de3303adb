import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Evidence, judge, judgeFollows } from './verdicts.ts';

const floors = { swap_gap: 0.1, used: 0.1 };
const evidence: Evidence = { gap: 0.4, fve: 0.5, fveFloors: { empty: -1, swapped: 0.2, 'the mean': 0 }, causal: 0.9 };
const verdicts = (changes: Partial<Evidence> = {}) => judge({ ...evidence, ...changes }, floors);

describe('verdicts', () => {
  it('give their reasons in numbers', () => {
    expect(verdicts()).toEqual({
      readable: { holds: true, reason: 'swap gap 0.40 ≥ 0.10, FVE 0.50 > 0.20 (swapped)' },
      used: { holds: true, reason: 'swapping it changes 0.90 of the answers, ≥ 0.10' },
    });
    expect(verdicts({ gap: 0.05, fve: 0.1, causal: 0 })).toEqual({
      readable: { holds: false, reason: 'swap gap 0.05 < 0.10, FVE 0.10 ≤ 0.20 (swapped)' },
      used: { holds: false, reason: 'swapping it changes 0.00 of the answers, < 0.10' },
    });
  });

  it('need a swap gap and an FVE over every floor to call a latent readable', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1, max: 1, noNaN: true }),
        fc.double({ min: -3, max: 1, noNaN: true }),
        fc.array(fc.option(fc.double({ min: -3, max: 1, noNaN: true })), { maxLength: 4 }),
        (gap, fve, values) => {
          const fveFloors = Object.fromEntries(values.map((value, i) => [`floor ${i}`, value]));
          const { readable } = verdicts({ gap, fve, fveFloors });
          const above = values.every(value => value === null || fve > value);
          return readable.holds === (gap >= floors.swap_gap && above);
        },
      ),
    );
  });

  it('are two axes: idle and readable, used and unreadable', () => {
    const idle = verdicts({ causal: 0.02 });
    expect([idle.readable.holds, idle.used.holds]).toEqual([true, false]);
    const dark = verdicts({ fve: -0.3 });
    expect([dark.readable.holds, dark.used.holds]).toEqual([false, true]);
  });

  it('call nothing readable where the targets do not vary, or used where it was not tried', () => {
    expect(verdicts({ fve: null }).readable).toEqual({
      holds: false,
      reason: 'swap gap 0.40 ≥ 0.10, the targets do not vary',
    });
    expect(verdicts({ causal: Number.NaN }).used.holds).toBe(false);
  });

  it('hold at the floor of the gap, but not at that of the FVE', () => {
    expect(verdicts({ gap: 0.1 }).readable.holds).toBe(true);
    expect(verdicts({ fve: 0.2 }).readable.holds).toBe(false);
  });
});

describe('the verdict on edits', () => {
  const floor = { follows: 0.5 };

  it('gives its reason in numbers, and needs both: to change and to stay', () => {
    expect(judgeFollows({ changes: 0.75, stays: 0.9 }, floor)).toEqual({
      holds: true,
      reason: 'changes as it says in 0.75 of the edits that it mentions, stays in 0.90 of the others, ≥ 0.50',
    });
    expect(judgeFollows({ changes: 0.25, stays: null }, floor)).toEqual({
      holds: false,
      reason: 'changes as it says in 0.25 of the edits that it mentions, < 0.50',
    });
    expect(judgeFollows({ changes: 1, stays: 0 }, floor).holds).toBe(false);
    expect(judgeFollows({ changes: 0.5, stays: null }, floor).holds).toBe(true);
  });

  it('is against what only stays, and open where nothing could be edited', () => {
    expect(judgeFollows({ changes: null, stays: 1 }, floor).holds).toBe(false);
    expect(judgeFollows({ changes: null, stays: null }, floor).holds).toBeNull();
  });
});
