import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'recodi-cli-'));

function recodi(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], {
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

function configFile(text: string): string {
  const path = join(folder, 'run.yaml');
  writeFileSync(path, text);
  return path;
}

describe('recodi', () => {
  it('helps, with an example for every command', () => {
    const { status, stdout } = recodi('--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Usage: recodi/);
    expect(recodi('lrm', 'eval', '--help').stdout).toMatch(/Examples:\n {2}recodi lrm eval/);
  });

  it('exits 2 for a command or an option that is not there, and says which was meant', () => {
    const wrong = recodi('docter');
    expect([wrong.status, wrong.stderr]).toEqual([2, expect.stringMatching(/Did you mean doctor/)]);
    expect(recodi('lrm', 'eval', 'x', '--problems', 'many').status).toBe(2);
    const format = recodi('label', 'x', '--format', 'ao,parquet');
    expect([format.status, format.stderr]).toEqual([
      2,
      expect.stringMatching(/one or more of recodi, ao, nla, got "parquet"/),
    ]);
  });

  it('exits 3 for what cannot be read: one sentence, and a stack with --debug only', () => {
    const absent = recodi('config', 'check', join(folder, 'absent.yaml'));
    expect([absent.status, absent.stderr]).toEqual([
      3,
      expect.stringMatching(/^recodi: .*absent\.yaml: no such file.*\n$/),
    ]);
    expect(recodi('config', 'check', join(folder, 'absent.yaml'), '--debug').stderr).toMatch(/\n {4}at /);
  });
});

describe('recodi config', () => {
  it('check names line, column and the key that was meant, and exits 2', () => {
    const { status, stderr } = recodi(
      'config',
      'check',
      configFile('name: a\nlrm: model\nppo:\n  lr: 1\n  clipp: 1\n'),
    );
    expect(status).toBe(2);
    expect(stderr).toMatch(/run\.yaml:5:3 ppo\.clipp: unrecognized key; did you mean "clip"\?/);
  });

  it('check tells the kind of a config from its keys', () => {
    const file = configFile('name: a\nstages:\n  - { name: A, steps: 1 }\n');
    expect(JSON.parse(recodi('config', 'check', file, '--json').stdout)).toMatchObject({ kind: 'lrm', ok: true });
  });

  it('show prints a config that checks, with every default', () => {
    const { stdout } = recodi('config', 'show', configFile('name: a\nlrm: model\n'), '--set', 'ppo.updates=3');
    expect(stdout).toMatch(/updates: 3/);
    expect(stdout).toMatch(/kind: whitened_cosine/);
    expect(recodi('config', 'check', configFile(stdout)).status).toBe(0);
  });

  it('schema is a JSON Schema', () => {
    expect(JSON.parse(recodi('config', 'schema').stdout)).toMatchObject({ type: 'object', required: ['name', 'lrm'] });
  });
});

describe('recodi doctor', () => {
  it('says what is used and why the rest is not', () => {
    const report = JSON.parse(recodi('doctor', '--json').stdout);
    const used = report.devices.filter((device: { used: boolean }) => device.used);
    expect(used).toHaveLength(1);
    for (const device of report.devices) expect(device.usable ? device.version : device.reason).not.toBe('');
  });
});
