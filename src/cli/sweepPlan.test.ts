import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainConfigSchema } from '../rl/config.ts';
import { loadConfig } from '../run/config/load.ts';
import { createRun } from '../run/paths.ts';
import { planSweep, stateOf } from './sweepPlan.ts';

const folder = mkdtempSync(join(tmpdir(), 'recodi-sweep-'));
const file = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};
const main = file('main.yaml', 'name: main\nseed: 7\nlrm: none\n');
const model = file('model.yaml', 'name: model\nstages: [{ name: A, steps: 1 }]\n');
const other = file('other.yaml', 'extends: model.yaml\nname: other\n');
const runs = join(folder, 'runs');

describe('the plan of a sweep', () => {
  it('is every config for every seed, seed by seed, each in a folder of its own', () => {
    const plan = planSweep({ files: [main], seeds: [1, 2], runs, set: ['ppo.updates=3'] });
    expect(plan.map(run => run.folder)).toEqual([join(runs, '1', 'main'), join(runs, '2', 'main')]);
    expect(plan.map(run => run.sets)).toEqual([
      ['seed=1', 'ppo.updates=3'],
      ['seed=2', 'ppo.updates=3'],
    ]);
    const [own] = planSweep({ files: [main], runs, set: [] });
    expect([own!.seed, own!.folder, own!.sets]).toEqual([7, join(runs, '7', 'main'), []]);
  });

  it('runs the main job on the model that was made before it, of the same seed', () => {
    const [first, second] = planSweep({ files: [model, main], seeds: [3], runs, set: ['ppo.updates=3'] });
    expect([first!.kind, first!.sets]).toEqual(['lrm', ['seed=3']]);
    expect(second!.sets).toContain(`lrm=${resolve(first!.folder, 'model')}`);
    expect(second!.folder).toBe(join(runs, '3', 'main'));
    const names = planSweep({ files: [model, main, other, main], seeds: [3], runs, set: [] }).map(run => run.folder);
    expect(names).toEqual(['model', 'main-of-model', 'other', 'main-of-other'].map(name => join(runs, '3', name)));
  });

  it('refuses two configs for one folder', () => {
    expect(() => planSweep({ files: [main, main], runs, set: [] })).toThrow(
      /another config of the sweep is for .*main/,
    );
  });

  it('knows what is done, what is begun, and what was made with other settings', () => {
    const [run] = planSweep({ files: [main], seeds: [5], runs, set: [] });
    expect(stateOf(run!)).toBe('new');
    mkdirSync(join(runs, '5'), { recursive: true });
    const { paths } = {
      paths: createRun(join(runs, '5'), trainConfigSchema, loadConfig(trainConfigSchema, main, run!.sets)),
    };
    expect(stateOf(run!)).toBe('begun');
    writeFileSync(paths.evaluation, '{}');
    expect(stateOf(run!)).toBe('finished');
    const [changed] = planSweep({ files: [main], seeds: [5], runs, set: ['ppo.lr=1e-5'] });
    expect(() => stateOf(changed!)).toThrow(/made with other settings/);
  });
});
