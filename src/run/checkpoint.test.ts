import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checkpointFolder, loadCheckpoint, newestCheckpoint, saveCheckpoint } from './checkpoint.ts';

const schema = z.strictObject({ update: z.number(), kl: z.number() });
const newFolder = () => join(mkdtempSync(join(tmpdir(), 'recodi-checkpoint-')), 'checkpoints');

function save(checkpoints: string, step: number, best = false) {
  const shared = new Float32Array(new SharedArrayBuffer(16));
  shared.set([step, 0.1, -0, 1e-30]);
  const arrays = { params: shared, 'adam/m': Float32Array.of(step) };
  return saveCheckpoint(checkpoints, { step, state: { update: step, kl: 0.03 }, arrays }, { best, keep: 2 });
}

function newest(checkpoints: string) {
  const warnings: string[] = [];
  const found = newestCheckpoint(checkpoints, schema, message => warnings.push(message));
  return { found, warnings };
}

describe('saveCheckpoint', () => {
  it('gives back to the bit what was saved', () => {
    const { state, step, array } = loadCheckpoint(save(newFolder(), 7), schema);
    expect([step, state]).toEqual([7, { update: 7, kl: 0.03 }]);
    expect([...array('params')]).toEqual([7, Math.fround(0.1), -0, Math.fround(1e-30)]);
    expect(() => array('absent')).toThrow(/no tensor "absent"/);
  });

  it('keeps the newest and the best, and moves the pointers', () => {
    const checkpoints = newFolder();
    for (const step of [1, 2, 3, 4, 1_000_000]) save(checkpoints, step, step === 2);
    expect(readdirSync(checkpoints).sort()).toEqual(['000002', '000004', '1000000', 'best', 'last']);
    expect(checkpointFolder(checkpoints, 'best')).toBe(join(checkpoints, '000002'));
    expect(checkpointFolder(checkpoints, 'last')).toBe(join(checkpoints, '1000000'));
  });

  it('replaces a checkpoint of the same step and clears what an interrupted write left', () => {
    const checkpoints = newFolder();
    mkdirSync(join(checkpoints, '.writing-000003', 'junk'), { recursive: true });
    save(checkpoints, 3);
    save(checkpoints, 3);
    expect(readdirSync(checkpoints).sort()).toEqual(['000003', 'last']);
  });
});

describe('newestCheckpoint', () => {
  it('is undefined for a run that has none', () => {
    expect(newest(newFolder()).found).toBeUndefined();
  });

  it('passes over damaged ones, saying so, and needs no pointer', () => {
    const checkpoints = newFolder();
    save(checkpoints, 1);
    const damaged = save(checkpoints, 2);
    const bytes = readFileSync(join(damaged, 'arrays.safetensors'));
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    writeFileSync(join(damaged, 'arrays.safetensors'), bytes);
    rmSync(join(checkpoints, 'last'));
    const { found, warnings } = newest(checkpoints);
    expect(found?.step).toBe(1);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatch(/000002.*damaged/);
  });

  it('throws where none loads', () => {
    const checkpoints = newFolder();
    writeFileSync(join(save(checkpoints, 1), 'state.json'), '{');
    expect(() => newest(checkpoints)).toThrow(/state\.json: not JSON/);
  });
});

describe('loadCheckpoint', () => {
  it('refuses another format in one sentence', () => {
    const folder = save(newFolder(), 1);
    writeFileSync(join(folder, 'state.json'), JSON.stringify({ format: 2, anything: 1 }));
    expect(() => loadCheckpoint(folder, schema)).toThrow(
      /has format 2, and this recodi reads format 1; use the recodi/,
    );
  });

  it('names the key of a state that does not fit', () => {
    const folder = save(newFolder(), 1);
    expect(() => loadCheckpoint(folder, z.strictObject({ update: z.string() }))).toThrow(/state\.json: state\.update/);
    expect(existsSync(folder)).toBe(true);
  });
});
