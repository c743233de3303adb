import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadConfig } from '../run/config/load.ts';
import { RecodiError } from '../run/errors.ts';
import { oracleConfigSchema } from './config.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-oracle-config-'));
const file = join(folder, 'oracle.yaml');

function load(lines: string, tasks = 'which_step: 1') {
  writeFileSync(file, `name: test\nrun: ../run\ntasks: { ${tasks} }\n${lines}`);
  return loadConfig(oracleConfigSchema, file);
}

describe('the config of an oracle', () => {
  it('takes paths relative to its file, and has a default for all but name, run and tasks', () => {
    const config = load('model: ./lm');
    expect([config.run, config.model]).toEqual([join(folder, '../run'), join(folder, 'lm')]);
    expect(config.injection).toEqual({ kind: 'embedding' });
    expect(load('injection: { kind: residual }').injection).toEqual({ kind: 'residual', block: 1, coefficient: 1 });
  });

  it.each([
    [
      'a task that there is not',
      '',
      'whichstep: 1',
      /oracle\.yaml:3:\d+ tasks\.whichstep: .*did you mean "which_step"\?/,
    ],
    [
      'a task unlike any',
      '',
      'poetry: 1',
      /oracle\.yaml:3:\d+ tasks\.poetry: no task "poetry"; there are step_ablation, /,
    ],
    ['no task', '', '', /oracle\.yaml:3:\d+ tasks: expected at least one task with its weight/],
    ['a task without weight', '', 'which_step: 0', /oracle\.yaml:3:\d+ tasks\.which_step: expected/],
    [
      'gold beside others',
      '',
      'gold_result: 1, result: 1',
      /oracle\.yaml:3:\d+ tasks: gold tasks .* mixed with no others/,
    ],
    ['part of a micro-batch', 'batch_size: 40', 'result: 1', /micro_batch_size: batch_size must be a multiple/],
    [
      'a key that there is not',
      'injektion: {}',
      'result: 1',
      /oracle\.yaml:4:1 injektion: .*did you mean "injection"\?/,
    ],
  ])('refuses %s', (_, lines, tasks, message) => {
    expect(() => load(lines, tasks)).toThrow(RecodiError);
    expect(() => load(lines, tasks)).toThrow(message);
  });
});
