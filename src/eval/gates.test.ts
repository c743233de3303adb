import { describe, expect, it } from 'vitest';
import type { RecodiError } from '../run/errors.ts';
import { evaluation } from './evaluation.fixture.ts';
import { checkGateNames, checkGates, requireGates } from './gates.ts';

const check = (gate: Parameters<typeof checkGates>[1][number]) => checkGates(evaluation, [gate])[0]!;

describe('checkGates', () => {
  it('takes the view that was chosen for the result that the column speaks of', () => {
    expect(check({ row: 'greedy', metric: 'right_1', min: 0.8 })).toEqual({
      gate: 'greedy right_1 at k0',
      expected: '≥ 0.8',
      got: 0.84,
      passed: true,
    });
    expect(check({ row: 'greedy', metric: 'right_2', min: 0.8 })).toMatchObject({
      gate: 'greedy right_2 at k0-4@2.result',
      passed: false,
    });
  });

  it('takes the named view or result, else the view that reads best on validation problems', () => {
    const gate = { row: 'greedy', metric: 'same', min: 0.6 };
    expect(check({ ...gate, view: 'k0-4@2.result' })).toMatchObject({ got: 0.62, passed: true });
    expect(check({ ...gate, result: 2 })).toMatchObject({ got: 0.62, passed: true });
    expect(check(gate)).toMatchObject({ gate: 'greedy same at k0', got: 0.3, passed: false });
  });

  it('subtracts a row, and holds both bounds', () => {
    const over = check({ row: 'greedy', over: 'warm_start', metric: 'same', result: 2, min: 0.2, max: 0.25 });
    expect(over).toMatchObject({ gate: 'greedy same at k0-4@2.result, over warm_start', expected: '≥ 0.2 and ≤ 0.25' });
    expect(over.got).toBeCloseTo(0.3);
    expect(over.passed).toBe(false);
  });

  it('takes figures beside the rows, verdicts as 1 or 0, and those of whole chains', () => {
    expect(check({ figure: 'follows.changes', result: 2, min: 0.5 })).toMatchObject({
      gate: 'follows.changes at k0-4@2.result',
      got: 0.7,
      passed: true,
    });
    expect(check({ figure: 'causal.input.swap', view: 'k0', min: 0.1 }).got).toBe(0.95);
    expect(check({ figure: 'verdicts.readable', view: 'k0', min: 1 }).passed).toBe(true);
    expect(check({ figure: 'verdicts.used', view: 'k0', min: 1 })).toMatchObject({ got: 0, passed: false });
    expect(check({ figure: 'verdicts.follows', view: 'k0', min: 1 })).toMatchObject({ got: null, passed: false });
    expect(check({ figure: 'chains.problems.correct', min: 0 }).got).toBe(evaluation.chains!.problems.correct);
    expect(check({ figure: 'follows.nothing', view: 'k0', max: 1 })).toMatchObject({ got: null, passed: false });
  });

  it('fails where the table has no such figure', () => {
    expect(check({ row: 'empty', metric: 'right_1', max: 1 })).toMatchObject({ got: null, passed: false });
    expect(check({ row: 'greedy', metric: 'same', result: 7, min: 0 })).toMatchObject({ got: null, passed: false });
    expect(check({ row: 'gold', metric: 'same', max: 1 }).passed).toBe(false);
  });
});

describe('requireGates', () => {
  it('names every failing gate with what was expected and what came', () => {
    const results = checkGates(evaluation, [
      { row: 'greedy', metric: 'right_1', min: 0.8 },
      { row: 'greedy', metric: 'right_2', min: 0.9 },
      { row: 'empty', metric: 'right_1', max: 0.1 },
    ]);
    expect(() => requireGates(results.slice(0, 1))).not.toThrow();
    expect(() => requireGates(results)).toThrow(
      '2 gates fail of 3:\n  greedy right_2 at k0-4@2.result: expected ≥ 0.9, got 0.200\n  empty right_1 at k0: expected ≤ 0.1, got none',
    );
    expect(() => requireGates(results)).toThrow(expect.objectContaining({ code: 'gate' }) as RecodiError);
  });
});

describe('checkGateNames', () => {
  const names = (gate: Parameters<typeof checkGates>[1][number]) => () => checkGateNames([gate], ['k0', 'k3']);

  it('refuses what no table has, with the name that was meant', () => {
    expect(names({ row: 'gredy', metric: 'same', min: 0 })).toThrow(/gates\.0\.row.*did you mean "greedy"/);
    expect(names({ row: 'greedy', metric: 'sames', min: 0 })).toThrow(/no column "sames"; did you mean "same"/);
    expect(names({ row: 'greedy', metric: 'same', view: 'k0@1.before', min: 0 })).toThrow(/no view .*there are k0, k3/);
    expect(names({ row: 'greedy', metric: 'same', over: 'warmstart', min: 0 })).toThrow(/did you mean "warm_start"/);
    expect(names({ figure: 'folows.changes', min: 0 })).toThrow(/no figure "folows"; did you mean "follows"/);
    expect(names({ row: 'greedy', metric: 'exact_3', view: 'k3', min: 0 })).not.toThrow();
  });
});
