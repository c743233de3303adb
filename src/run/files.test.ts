import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RecodiError } from './errors.ts';
import { readJson, writeFileAtomic, writeJson } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-files-'));

function failure(action: () => unknown): RecodiError {
  try {
    action();
  } catch (error) {
    if (error instanceof RecodiError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('writeFileAtomic', () => {
  it('replaces the file and leaves nothing else behind', () => {
    const inside = join(folder, 'replace');
    mkdirSync(inside);
    writeFileAtomic(join(inside, 'a.txt'), 'one');
    writeFileAtomic(join(inside, 'a.txt'), 'two');
    expect(readdirSync(inside)).toEqual(['a.txt']);
    expect(readFileSync(join(inside, 'a.txt'), 'utf8')).toBe('two');
  });

  it('says where and why when the target cannot be written, and leaves nothing half-written', () => {
    const inside = join(folder, 'occupied');
    mkdirSync(join(inside, 'a.txt', 'child'), { recursive: true });
    const error = failure(() => writeFileAtomic(join(inside, 'a.txt'), 'one'));
    expect(error.code).toBe('input');
    expect(error.message).toContain(join(inside, 'a.txt'));
    expect(readdirSync(inside)).toEqual(['a.txt']);
  });

  it.skipIf(process.getuid?.() === 0)('says that permission is missing', () => {
    const inside = join(folder, 'readonly');
    mkdirSync(inside);
    chmodSync(inside, 0o500);
    expect(failure(() => writeFileAtomic(join(inside, 'a.txt'), 'one')).message).toMatch(/no permission/);
  });
});

describe('readJson', () => {
  const path = join(folder, 'value.json');
  const schema = z.strictObject({ steps: z.array(z.number()) });

  it('reads back what writeJson wrote', () => {
    writeJson(path, { steps: [1, 2] });
    expect(readJson(path, schema)).toEqual({ steps: [1, 2] });
  });

  it('names the file and the key of what is wrong', () => {
    writeJson(path, { steps: [1, 'x'] });
    expect(failure(() => readJson(path, schema)).message).toMatch(/value\.json: steps\.1: .*number/);
    writeFileAtomic(path, '{');
    expect(failure(() => readJson(path, schema)).message).toMatch(/value\.json: not JSON/);
    expect(failure(() => readJson(join(folder, 'absent.json'), schema)).message).toMatch(/no such file/);
  });
});
