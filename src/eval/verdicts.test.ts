import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Evidence, exactly, judge, judgeFollows } from './verdicts.ts';

const floors = { swap_gap: 0.1, used: 0.1, adds: 0.1 };
const evidence: Evidence = {
  gap: exactly(0.4),
  fve: 0.5,
  leads: { empty: exactly(1.5), swapped: exactly(0.3), 'the mean': exactly(0.5) },
  known: { gold: 0.6, chain: 0.5 },
  swap: { input: exactly(0.9), readout: exactly(0.2) },
  adds: { nats: { own: 56, questionEnd: 21 }, right: { value: 0.4, low: 0.3 } },
};
const verdicts = (changes: Partial<Evidence> = {}) => judge({ ...evidence, ...changes }, floors);
const number = (min: number, max: number) => fc.double({ min, max, noNaN: true });

describe('verdicts', () => {
  it('give their reasons in numbers', () => {
    expect(verdicts()).toEqual({
      verbalisable: { holds: true, reason: 'the best text known (gold) has FVE 0.60 > 0.00 (the mean)' },
      readable: { holds: true, reason: 'swap gap 0.40 ≥ 0.10, FVE 0.50 > 0.20 (swapped)' },
      used: { holds: true, reason: "swapping it as the next step's input changes 0.90 of the answers, ≥ 0.10" },
      adds: {
        holds: true,
        reason: "right 0.40 (at least 0.30) more often than the question's end, ≥ 0.10; 56.0 nats, 21.0 there",
      },
    });
    const poor = verdicts({
      gap: exactly(0.05),
      leads: { swapped: exactly(-0.1) },
      swap: { input: exactly(Number.NaN), readout: exactly(0) },
    });
    expect(poor.readable).toEqual({ holds: false, reason: 'swap gap 0.05 < 0.10, FVE 0.50 ≤ 0.60 (swapped)' });
    expect(poor.used).toEqual({
      holds: false,
      reason: 'swapping it at the readout changes 0.00 of the answers, < 0.10',
    });
  });

  it('hold at the low end of the interval, and say where that is', () => {
    const unsure = verdicts({
      gap: { value: 0.12, low: 0.08 },
      leads: { empty: { value: 0.1, low: 0.05 }, swapped: { value: 0.2, low: -0.01 } },
      swap: { input: { value: 0.3, low: 0.04 }, readout: { value: 0.2, low: 0.06 } },
      adds: { nats: null, right: { value: 0.5, low: 0.09 } },
    });
    expect(unsure.readable).toEqual({
      holds: false,
      reason: 'swap gap 0.12 (at least 0.08) < 0.10, FVE 0.50 > 0.30 (swapped), by at least -0.01',
    });
    expect(unsure.used).toEqual({
      holds: false,
      reason: 'swapping it at the readout changes 0.20 (at least 0.06) of the answers, < 0.10',
    });
    expect(unsure.adds.holds).toBe(false);
  });

  it('need a swap gap and a lead over every floor to call a latent readable', () => {
    fc.assert(
      fc.property(number(-1, 1), number(-3, 1), fc.array(number(-3, 1), { maxLength: 4 }), (gap, fve, values) => {
        const leads = Object.fromEntries(values.map((value, i) => [`floor ${i}`, exactly(value)]));
        const { readable } = verdicts({ gap: exactly(gap), fve, leads });
        return readable.holds === (gap >= floors.swap_gap && values.every(value => value > 0));
      }),
    );
  });

  it('are two axes: idle and readable, used and unreadable', () => {
    const none = exactly(0.02);
    const idle = verdicts({ swap: { input: none, readout: none } });
    expect([idle.readable.holds, idle.used.holds]).toEqual([true, false]);
    const dark = verdicts({ leads: { 'the mean': exactly(-0.3) } });
    expect([dark.readable.holds, dark.used.holds]).toEqual([false, true]);
    const late = verdicts({ swap: { input: none, readout: exactly(0.5) } });
    expect(late.used.holds).toBe(true);
  });

  it('call nothing readable where the targets do not vary, or used where it was not tried', () => {
    expect(verdicts({ fve: null }).readable).toEqual({
      holds: false,
      reason: 'swap gap 0.40 ≥ 0.10, the targets do not vary',
    });
    const untried = exactly(Number.NaN);
    expect(verdicts({ swap: { input: untried, readout: untried } }).used.holds).toBe(false);
  });

  it('call a latent verbalisable where some text that is known explains more than the mean', () => {
    expect(verdicts({ known: { gold: -0.2, 'the own chains': -1.9, chain: null } }).verbalisable).toEqual({
      holds: false,
      reason: 'even the best text known (gold) has FVE -0.20 ≤ 0.00 (the mean)',
    });
    expect(verdicts({ known: { gold: -0.2, chain: 0.01 } }).verbalisable.holds).toBe(true);
    expect(verdicts({ known: { gold: null } }).verbalisable.holds).toBe(false);
  });

  it('see nothing added where the question’s end reads the same, is as often right, or tells as much', () => {
    const adds = (changes: Partial<Evidence['adds']>) => verdicts({ adds: { ...evidence.adds, ...changes } }).adds;
    expect(adds({ same: true })).toEqual({
      holds: false,
      reason: "the state at the question's end reads the same",
    });
    expect(adds({ right: { value: 0.02, low: -0.05 } }).holds).toBe(false);
    expect(adds({ nats: { own: 20, questionEnd: 21 } }).holds).toBe(false);
    expect(adds({ same: false }).holds).toBe(true);
    expect(adds({ right: null })).toEqual({
      holds: true,
      reason: "beside the question's end: 56.0 nats, 21.0 there",
    });
    expect(adds({ right: null, nats: null, same: false }).holds).toBeNull();
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
