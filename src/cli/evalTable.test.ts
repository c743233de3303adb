import { describe, expect, it } from 'vitest';
import { evaluation } from '../eval/evaluation.fixture.ts';
import { checkGates } from '../eval/gates.ts';
import { describeView, formatControls, formatEvaluation, formatGates } from './evalTable.ts';

const text = formatEvaluation(evaluation);
const lineOf = (start: string, from = text) => from.split('\n').find(line => line.startsWith(start)) ?? '';

describe('formatEvaluation', () => {
  it('fits 120 columns', () => {
    const title = text.indexOf('\n');
    expect(
      Math.max(
        ...text
          .slice(title)
          .split('\n')
          .map(line => line.length),
      ),
    ).toBeLessThanOrEqual(120);
  });

  it('has a block per view: what it is, how far it reaches, causal scores, verdicts with reasons', () => {
    expect(lineOf('k0 ')).toBe('k0  latent step 0, raw; nearest to the chain before the result of step 1');
    expect(text).toContain("reach: FVE 0.71, 34.3 nats; the state at the question's end: FVE 0.40, 20.0 nats");
    expect(text).toContain(
      "  answers changed as the next step's input, %: swap 95 ± 5, zero 95 ± 5, mean 95 ± 5, noise 95 ± 5\n" +
        '  answers changed at the readout, %: swap 12 ± 5, zero –, mean –, noise –\n',
    );
    expect(text).toContain('  readable: yes, swap gap 0.40 ≥ 0.10');
    expect(text).toContain(
      "edits: changes as it says 70 ± 5 %, stays 90 ± 5 %; changes from the old thought 1 ± 5 %, another's – %",
    );
    expect(text).toContain('  used: no, swapping it at the readout changes 0.05');
    expect(text).toContain('  verbalisable: yes, the best text known (gold)');
    expect(text).toContain('  adds: no, right 0.02 (at least 0.00) more often');
    expect(text).toContain('  follows: unknown, no number of the question could be edited');
    expect(text).toContain('\n  words read: retrieve 35 ± 5 %, swapped_retrieve 4 ± 2 %\n');
  });

  it('shows shares in per cent with half the interval, and nothing where there is no figure', () => {
    expect(lineOf('row ')).toMatch(/^row +right_1 +exact_1 +right_2 +exact_2 +same +fve +similarity +gap/);
    expect(lineOf('greedy')).toMatch(
      /^greedy +84 ± 5 +42 ± 5 +20 ± 5 +10 ± 5 +30 ± 5 +-16.1 ±3.55 +0.61 +0.40 ±0.05 +100 +4.8 +1.2e4$/,
    );
    expect(lineOf('empty')).toMatch(/^empty {20,}0 ± 5 +20 ± 5/);
  });

  it('ends with each result at the view chosen for it', () => {
    const end = text.slice(text.indexOf('What the thoughts say'));
    expect(lineOf('result 1', end)).toMatch(/^result 1 +k0 +97 +greedy +84 ± 5 +42 ± 5 +30 ± 5$/);
    expect(lineOf('result 2', end)).toMatch(/^result 2 +k0-4@2.result +91 +greedy +20 ± 5 +10 ± 5 +62 ± 5$/);
    expect(end).toMatch(/\n +warm_start +20 ± 5 +10 ± 5 +32 ± 5\n/);
  });

  it('holds whole chains against those of the peers, where there are any', () => {
    const end = text.slice(text.indexOf('Whole chains'));
    expect(end).toContain('ours at k0-4@2.result, and the peers; 190 problems answered right, 10 wrong\n');
    expect(lineOf('ours', end)).toMatch(/^ours \(chain\) +95 ± 5 +97 ± 5 +10 ± 5 +6 ± 5 +0.90 ±0.05$/);
    expect(lineOf('projection_verified', end)).toMatch(/^projection_verified +80 ± 5 +88 ± 5 +0 ± 5 +0 ± 5 *$/);
    expect(formatEvaluation({ ...evaluation, chains: null })).toBe(text.slice(0, text.indexOf('\n\nWhole chains')));
  });
});

it('describeView says in words which latents are read, and as what', () => {
  const joint = { steps: [0, 3], space: 'translated', anchor: '2.result' } as const;
  expect(describeView(joint)).toBe('latent steps 0, 3 together, translated to the chain after the result of step 2');
  expect(describeView({ steps: [1], space: 'raw', anchor: null })).toBe('latent step 1, raw');
});

it('formatControls has a table per result, the models side by side, and says what is evidence', () => {
  const models = ['own', 'pause'].map((run, i) => ({ run, view: `k${i}`, rows: evaluation.views[i]!.rows }));
  const right_1 = { holds: false, reason: 'own 0.90 (0.85–0.95); as well pause 0.90 (0.85–0.95)' };
  const text = formatControls([{ result: 1, models, evidence: { right_1 } }]).join('\n');
  expect(text).toContain('Result 1 beside control models\n  right_1 is no evidence of recurrent thought: own 0.90');
  expect(lineOf('greedy', text)).toMatch(/^greedy +84 ± 5 +42 ± 5 +30 ± 5 +84 ± 5 +42 ± 5 +62 ± 5$/);
  expect(formatControls([])).toEqual([]);
});

it('formatGates has a line per gate', () => {
  const gates = [
    { row: 'greedy', metric: 'right_1', min: 0.8 },
    { row: 'gold', metric: 'same', min: 0.8 },
  ];
  expect(formatGates(checkGates(evaluation, gates))).toEqual([
    'gate passes: greedy right_1 at k0: 0.840, expected ≥ 0.8',
    'gate fails: gold same at k0: no such figure, expected ≥ 0.8',
  ]);
});
