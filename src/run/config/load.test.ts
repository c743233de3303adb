import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { RecodiError } from '../errors.ts';
import { loadConfig } from './load.ts';
import { pinnedText } from './pin.ts';
import { pathText } from './shape.ts';

const schema = z.strictObject({
  name: z.string(),
  workers: z.union([z.literal('auto'), z.int().min(1)]).default('auto'),
  model: pathText.optional(),
  world: z
    .discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('numbers'), largest: z.int().default(60) }),
      z.strictObject({ kind: z.literal('file'), files: z.union([pathText, z.strictObject({ train: pathText })]) }),
    ])
    .prefault({ kind: 'numbers' }),
  ppo: z
    .strictObject({
      clip: z.number().positive().default(0.2),
      epochs: z.int().min(1).default(3),
      kl: z.strictObject({ coef: z.number().default(0.03) }).prefault({}),
      steps: z.array(z.int()).default([0]),
    })
    .refine(ppo => ppo.epochs < 10, { error: 'ten epochs are too many', path: ['epochs'] })
    .prefault({}),
});

const folder = mkdtempSync(join(tmpdir(), 'recodi-config-'));
let files = 0;

function write(text: string, name = `run${files++}.yaml`): string {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

function complaint(text: string, sets: string[] = []): string {
  const path = write(text);
  try {
    loadConfig(schema, path, sets);
  } catch (error) {
    if (error instanceof RecodiError) return error.message.replaceAll(path, 'run.yaml');
    throw error;
  }
  throw new Error('the config was accepted');
}

describe('an error names its place and what to write instead', () => {
  it.each([
    ['name: a\nppo:\n  epochs: 2\n\n  clipp: 1\n', 'run.yaml:5:3 ppo.clipp: unrecognized key; did you mean "clip"?'],
    ['name: a\nclip: 1\n', 'run.yaml:2:1 clip: unrecognized key; did you mean "ppo.clip"?'],
    ['name: a\nppo: { kl: { zzz: 1 } }\n', 'run.yaml:2:14 ppo.kl.zzz: unrecognized key; the keys here are coef'],
    ['name: a\nppo:\n  clip: 0\n', 'run.yaml:3:9 ppo.clip: expected a number > 0, got 0'],
    ['name: a\nworkers: two\n', 'run.yaml:2:10 workers: expected auto or a whole number ≥ 1, got "two"'],
    ['ppo:\n  clip: 1\n', 'run.yaml:1:1 name: missing; expected a text'],
    ['name: a\nppo:\n  steps: [0, x]\n', 'run.yaml:3:14 ppo.steps.1: expected a whole number, got "x"'],
    ['name: a\nppo:\n  epochs: 12\n', 'run.yaml:3:11 ppo.epochs: ten epochs are too many'],
    ['name: a\nworld: { kind: letters }\n', 'run.yaml:2:16 world.kind: expected numbers or file, got "letters"'],
    [
      'name: a\nworld: { kind: numbers, larges: 3 }\n',
      'run.yaml:2:25 world.larges: unrecognized key; did you mean "largest"?',
    ],
    [
      'name: a\nworld: { kind: file, files: { tran: x } }\n',
      'run.yaml:2:31 world.files.tran: unrecognized key; did you mean "train"?',
    ],
    ['name: a\nworld: { kind: file }\n', 'run.yaml:2:1 world.files: missing; expected a path or a section with train'],
    ['name: a\nppo: 3\n', 'run.yaml:2:6 ppo: expected a section with clip, epochs, kl, steps, got 3'],
  ])('%j', (text, message) => {
    expect(complaint(text).split('\n')).toContain(message);
  });

  it('reports all errors of a file at once', () => {
    expect(complaint('ppo:\n  clip: x\n  epoch: 1\n').split('\n')).toHaveLength(3);
  });

  it('for text that is not YAML, for duplicate keys and for a top level that is not a section', () => {
    expect(complaint('name: [a\n')).toMatch(/^run\.yaml:2:1: not YAML/);
    expect(complaint('name: a\nname: b\n')).toMatch(/^run\.yaml:2:1: not YAML: Map keys must be unique/);
    expect(complaint('- 1\n')).toMatch(/^run\.yaml: expected sections with keys/);
  });

  it('for text that nests deeper than the library can follow, in every way to nest', () => {
    for (const nested of ['[', '{a: ', '- ', '? ', 'a: ', ': ', '[? '])
      expect(complaint(nested.repeat(5000))).toMatch(/^run\.yaml:1:\d+: not YAML/);
    const stairs = Array.from({ length: 200 }, (_, i) => `${' '.repeat(i)}a:\n`).join('');
    expect(complaint(stairs)).toMatch(/^run\.yaml:66:\d+: not YAML: nested deeper/);
    expect(complaint(`name: [\n${'? \n'.repeat(2000)}`)).toMatch(/not YAML/);
  });

  it('for keys and errors by the thousand, of which the first are told', () => {
    const many = Array.from({ length: 2000 }, (_, i) => `epochs${i}: 1\n`).join('');
    expect(complaint(many).split('\n').length).toBeLessThan(30);
    expect(complaint(`${'x'.repeat(1000)}: 1\n`)).toMatch(/unrecognized key/);
    expect(complaint(`name: [${'}'.repeat(20_000)}`)).toMatch(/not YAML/);
  });

  it('for a file that is larger than configs are', () => {
    expect(complaint(`# ${'x'.repeat(2 ** 15)}\nname: a\n`)).toMatch(/more than the 32768/);
  });

  it('for a value that nests too deep to be shown, and one that is a key of every object', () => {
    expect(complaint('name: a\nconstructor: { a: 1 }\n')).toMatch(/constructor: unrecognized key/);
    expect(complaint('name: a\nworkers: toString\n')).toMatch(/got "toString"/);
  });

  it('for a --set', () => {
    expect(complaint('name: a\n', ['ppo.clipp=1'])).toBe(
      '--set ppo.clipp=1 ppo.clipp: unrecognized key; did you mean "clip"?',
    );
    expect(complaint('name: a\nppo: { steps: [1] }\n', ['ppo.steps.3=1'])).toMatch(/has 1 items.*no "3"/);
    expect(complaint('name: a\n', ['ppo.clip'])).toMatch(/expected key=value/);
  });

  it('and a key called __proto__ is an unknown key like any other', () => {
    expect(complaint('name: a\n__proto__: { clip: 1 }\n')).toMatch(/__proto__: unrecognized key/);
  });
});

describe('extends', () => {
  it('refuses a path that is none', () => {
    expect(complaint('extends: "a\\0b"\n')).toMatch(/no path holds a NUL/);
    expect(complaint(`extends: ${'x'.repeat(5000)}\n`)).toMatch(/no path is this long/);
  });

  it('merges sections, replaces lists and sections of another kind, and the file wins', () => {
    write(
      'name: base\nppo: { clip: 0.5, steps: [1, 2], kl: { coef: 1 } }\nworld: { kind: numbers, largest: 9 }\n',
      'base.yaml',
    );
    const file = write(
      'extends: base.yaml\nname: own\nppo: { steps: [3] }\nworld: { kind: file, files: data.jsonl }\n',
    );
    const config = loadConfig(schema, file);
    expect(config.name).toBe('own');
    expect(config.ppo).toEqual({ clip: 0.5, epochs: 3, kl: { coef: 1 }, steps: [3] });
    expect(config.world).toEqual({ kind: 'file', files: join(folder, 'data.jsonl') });
  });

  it('blames the file in which the mistake stands', () => {
    const base = write('ppo: { clipp: 1 }\n', 'other/base.yaml');
    expect(complaint('extends: other/base.yaml\nname: a\nppo: { epochs: 2 }\n')).toBe(
      `${base}:1:8 ppo.clipp: unrecognized key; did you mean "clip"?`,
    );
  });

  it('refuses a circle', () => {
    const file = write('extends: circle.yaml\n', 'circle.yaml');
    expect(() => loadConfig(schema, file)).toThrow(/in a circle/);
  });
});

describe('--set', () => {
  it('sets plain values, lists, list items and keys of absent sections, last one wins', () => {
    const file = write('name: a\nppo: { steps: [1, 2] }\n');
    const config = loadConfig(schema, file, ['ppo.steps.1=7', 'ppo.kl.coef=0.5', 'workers=2', 'name=b', 'name=c']);
    expect(config).toMatchObject({ name: 'c', workers: 2, ppo: { steps: [1, 7], kl: { coef: 0.5 } } });
    expect(loadConfig(schema, file, ['ppo.steps=[4]']).ppo.steps).toEqual([4]);
  });
});

describe('paths', () => {
  it('are relative to the file they stand in, for --set to the working folder', () => {
    write('model: m\n', 'deep/base.yaml');
    const file = write('extends: deep/base.yaml\nname: a\n');
    expect(loadConfig(schema, file).model).toBe(join(folder, 'deep', 'm'));
    expect(loadConfig(schema, file, ['model=m']).model).toBe(join(process.cwd(), 'm'));
  });
});

describe('pinnedText', () => {
  it('is complete, and gives the same config when it is loaded from where it was pinned', () => {
    const config = loadConfig(schema, write('name: a\nmodel: sub/m\n'));
    const text = pinnedText(schema, config, join(folder, 'runs', 'a'));
    expect(text).toContain('model: ../../sub/m');
    const pinned = write(text, 'runs/a/config.yaml');
    expect(loadConfig(schema, pinned)).toEqual(config);
    expect(pinnedText(schema, loadConfig(schema, pinned), dirname(pinned))).toBe(text);
  });
});
