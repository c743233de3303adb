import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { RecodiError } from '../run/errors.ts';
import { keepStates, keptStates } from './bankFile.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-bank-'));
afterAll(() => rmSync(folder, { recursive: true }));
const pathIn = (of: string) => join(of, 'bank.safetensors');

const texts = ['<< 1 + 2 =', '<< 3', ''];
const states = Float32Array.from({ length: 6 }, Math.sin);
keepStates(pathIn(folder), texts, states);

it('states of a bank are those that were kept, or none', async () => {
  expect(keptStates(pathIn(folder), texts, 2)).toEqual(states);
  expect(keptStates(pathIn(folder), texts, 3)).toBeUndefined();
  expect(keptStates(pathIn(folder), [...texts].reverse(), 2)).toBeUndefined();
  await survivesDamage({
    files: filesOf(folder),
    read(from) {
      const found = keptStates(pathIn(from), texts, 2);
      if (found) return found;
      throw new RecodiError('input', 'none');
    },
    check: found => expect(found).toEqual(states),
  });
});
