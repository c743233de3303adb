import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { expect, it } from 'vitest';
import { oracleOf } from './oracles.ts';
import { openRuns } from './runReader.ts';
import { smallRun } from './runs.fixture.ts';

/** As much of an oracle's run as tells that it is one. */
function oracleIn(runs: string, name: string, of: string, { trained = true } = {}): string {
  const folder = join(runs, name);
  mkdirSync(join(folder, 'oracle'), { recursive: true });
  writeFileSync(join(folder, 'config.yaml'), `name: ${name}\nrun: ${relative(folder, of)}\ntasks: { question: 1 }\n`);
  if (trained) writeFileSync(join(folder, 'oracle', 'oracle.json'), '{}');
  return folder;
}

it('is the one of this very run, named or beside it, and trained; what cannot be read is none', () => {
  const { folder } = smallRun();
  const other = smallRun().folder;
  const runs = dirname(folder);
  const found = (...named: string[]) => {
    const opened = openRuns([folder, ...named]);
    return oracleOf(opened[0]!, opened)?.folder;
  };
  oracleIn(runs, 'a-not-trained', folder, { trained: false });
  oracleIn(runs, 'b-of-another', other);
  writeFileSync(join(oracleIn(runs, 'c-broken', folder), 'config.yaml'), 'tasks: [');
  writeFileSync(join(runs, 'd-a-file'), '');
  expect(found()).toBeUndefined();
  const beside = oracleIn(runs, 'e-beside', folder);
  expect(found()).toBe(beside);
  const linked = join(mkdtempSync(join(tmpdir(), 'recodi-linked-')), 'run');
  symlinkSync(folder, linked);
  const elsewhere = oracleIn(mkdtempSync(join(tmpdir(), 'recodi-oracles-')), 'named', linked);
  expect(found(other, elsewhere)).toBe(elsewhere);
});
