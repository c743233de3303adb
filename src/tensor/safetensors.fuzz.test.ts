import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { openSafetensors, type Safetensors, writeSafetensors } from './safetensors.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-safetensors-'));
afterAll(() => rmSync(folder, { recursive: true }));

function write() {
  const floats = (n: number) => Float32Array.from({ length: n }, Math.sin);
  writeSafetensors(
    join(folder, 'x.safetensors'),
    {
      'model.embed': { dtype: 'F32', shape: [4, 4], data: floats(16) },
      half: { dtype: 'BF16', shape: [3, 2], data: floats(6) },
      none: { dtype: 'F16', shape: [0, 5], data: floats(0) },
      scalar: { dtype: 'F32', shape: [], data: floats(1) },
      ids: { dtype: 'I64', shape: [2], data: BigInt64Array.of(1n, -2n) },
      flags: { dtype: 'U8', shape: [3], data: Uint8Array.of(1, 0, 1) },
    },
    { format: 'pt' },
  );
  return filesOf(folder);
}

/** Every tensor's values, of the right number. */
function readAll(file: Safetensors): void {
  for (const [name, { shape }] of file.tensors) {
    expect(file.read(name).length).toBe(shape.reduce((product, size) => product * size, 1));
  }
}

it('damaged safetensors files are read whole or refused', async () => {
  await survivesDamage({
    files: write(),
    read(from) {
      const file = openSafetensors(join(from, 'x.safetensors'));
      readAll(file);
      return file;
    },
    check({ metadata }) {
      expect(Object.values(metadata).every(text => typeof text === 'string')).toBe(true);
    },
  });
});
