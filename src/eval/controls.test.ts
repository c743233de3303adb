import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { besideControls } from './controls.ts';
import { evaluation, figure } from './evaluation.fixture.ts';
import { readTable, type TableFile } from './tableFile.ts';

/** A table in which the row that is judged says result 1 in so many cases, at its own view. */
function table(run: string, right: number | null, half = 0.05): TableFile {
  const rows = { chain: { right_1: figure(right, half), exact_1: figure(right, half) }, empty: {} };
  return {
    format: 1,
    run,
    seed: 1,
    settings: { confidence: 0.95, decode: 'chain' },
    views: [{ id: `${run}.k1`, rows }],
    content: [{ result: 1, view: `${run}.k1` }],
  };
}
const evidence = (...tables: TableFile[]) => besideControls(tables[0]!, tables.slice(1))[0]!.evidence.right_1!;

describe('beside control models', () => {
  it('every row of each is shown, at the view that the model itself chose', () => {
    const [result] = besideControls(table('own', 0.9), [table('pause', 0.2)]);
    expect(result!.models.map(({ run, view, rows }) => [run, view, Object.keys(rows)])).toEqual([
      ['own', 'own.k1', ['chain', 'empty']],
      ['pause', 'pause.k1', ['chain', 'empty']],
    ]);
  });

  it('a reading is evidence where its interval is above those of all controls', () => {
    expect(evidence(table('own', 0.9), table('pause', 0.3), table('stage-a', 0.5))).toEqual({
      holds: true,
      reason: 'own 0.90 (0.85–0.95), above pause 0.30 (0.25–0.35), stage-a 0.50 (0.45–0.55)',
    });
    expect(evidence(table('own', 0.9), table('pause', 0.3), table('stage-a', 0.8))).toEqual({
      holds: false,
      reason: 'own 0.90 (0.85–0.95); as well stage-a 0.80 (0.75–0.85)',
    });
    expect(evidence(table('own', 0.9), table('pause', null)).holds).toBe(false);
  });

  it('tables that were read in other ways, or of other problems, are refused', () => {
    const greedy: TableFile = { ...table('pause', 0.3), settings: { confidence: 0.95, decode: 'greedy' } };
    expect(() => evidence(table('own', 0.9), greedy)).toThrow(/control pause: expected readings by chain .*got greedy/);
    const shorter = { ...table('pause', 0.3), content: [] };
    expect(() => evidence(table('own', 0.9), shorter)).toThrow(/run pause: its table says nothing of result 1/);
  });

  it('are read from their run folders', () => {
    const folder = mkdtempSync(join(tmpdir(), 'recodi-control-'));
    expect(() => readTable(folder)).toThrow(/make the table first by `recodi eval/);
    writeFileSync(join(folder, 'eval.json'), JSON.stringify(evaluation));
    expect(readTable(folder).run).toBe(evaluation.run);
    writeFileSync(join(folder, 'eval.json'), JSON.stringify({ ...evaluation, content: 'none' }));
    expect(() => readTable(folder)).toThrow(/content/);
  });
});
