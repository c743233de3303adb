import { expect, it } from 'vitest';
import { figure } from '../eval/evaluation.fixture.ts';
import type { TableFile } from '../eval/tableFile.ts';
import { formatSweep, type SweptRun } from './sweepTable.ts';
import { meanAndRange } from './table.ts';

function run(seed: number, right: number): SweptRun {
  const rows = {
    chain: { right_1: figure(right), exact_1: figure(right / 2), same: figure(0.5) },
    greedy: { right_1: figure(0.25), exact_1: figure(0), same: figure(0) },
    swapped_chain: { right_1: figure(0.1) },
    question_end: { right_1: figure(0.3) },
  };
  const table: TableFile = {
    format: 1,
    run: 'small',
    seed,
    settings: { confidence: 0.95, decode: 'chain' },
    views: [{ id: 'k1', rows }],
    content: [{ result: 1, view: 'k1' }],
  };
  return { table, training: { updates: 10, minutes: 1.5, kl: seed } };
}
const cells = (text: string) =>
  text.split('\n').map(line =>
    line
      .split('|')
      .slice(1, -1)
      .map(cell => cell.trim()),
  );

it('formatSweep has a line per name and result: mean and range over seeds, controls beside', () => {
  const [head, , line] = cells(formatSweep([run(1, 0.8), run(2, 1)]));
  expect(Object.fromEntries(head!.map((name, i) => [name, line![i]]))).toEqual({
    run: 'small',
    seeds: '1, 2',
    result: '1',
    view: 'k1',
    right: '0.90 (0.80–1.00)',
    exact: '0.45 (0.40–0.50)',
    same: '0.50 (0.50–0.50)',
    swapped: '0.10 (0.10–0.10)',
    question_end: '0.30 (0.30–0.30)',
    updates: '10.00 (10.00–10.00)',
    minutes: '1.50 (1.50–1.50)',
    KL: '1.50 (1.00–2.00)',
  });
});

it('formatSweep shows the row that was asked for', () => {
  const [, , line] = cells(formatSweep([run(1, 0.8)], 'greedy'));
  expect(line!.slice(4, 8)).toEqual(['0.25', '0.00', '0.00', '0.10']);
});

it('meanAndRange is nothing without values and a lone value by itself', () => {
  expect([meanAndRange([]), meanAndRange([0.5])]).toEqual(['', '0.50']);
});
