import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clearLeftovers } from './leftovers.ts';

it('clears temporary files and unfinished checkpoints, and nothing else', () => {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-leftovers-'));
  mkdirSync(join(folder, 'checkpoints', '000004'), { recursive: true });
  mkdirSync(join(folder, 'checkpoints', '.writing-000006', 'inner'), { recursive: true });
  const files = ['metrics.jsonl', 'notes.tmp', 'eval.json.tmp-12-0-7', join('checkpoints', '000004', 'state.json')];
  for (const name of [...files, join('checkpoints', '.writing-000006', 'state.json.tmp-1-0-2')])
    writeFileSync(join(folder, name), '');
  clearLeftovers(folder);
  const kept = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  expect(kept).toEqual([
    'checkpoints',
    'checkpoints/000004',
    'checkpoints/000004/state.json',
    'metrics.jsonl',
    'notes.tmp',
  ]);
});
