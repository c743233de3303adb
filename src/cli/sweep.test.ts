import { existsSync, readFileSync, statSync } from 'node:fs';
import { expect, it } from 'vitest';
import { newRuns, recodi, start } from './runs.fixture.ts';

const SMALL = ['eval.bank=100', 'eval.problems=8', 'eval.best_of=2', 'eval.unconditional=2', 'eval.bootstrap=10'];

it('a sweep that is interrupted goes on where it was, and leaves alone what is done', async () => {
  const runs = await newRuns();
  const of = (seed: number, file: string) => runs.path('swept', String(seed), 'whole', file);
  const sweep = [
    ...['sweep', runs.config, '--seeds', '3,4', '--runs', runs.path('swept'), '--workers', '1'],
    ...SMALL.flatMap(set => ['--set', set]),
  ];
  const { child, end, said } = start(sweep);
  await said('2/2');
  await said('PPO');
  child.kill('SIGINT');
  expect((await end).code).toBe(130);
  expect([existsSync(of(3, 'eval.json')), existsSync(of(4, 'eval.json'))]).toEqual([true, false]);
  const made = statSync(of(3, 'eval.json')).mtimeMs;
  const { code, stderr } = await recodi(sweep);
  expect([code, stderr]).toEqual([0, expect.stringContaining('done before')]);
  expect(statSync(of(3, 'eval.json')).mtimeMs).toBe(made);
  expect(JSON.parse(readFileSync(of(4, 'eval.json'), 'utf8'))).toMatchObject({ seed: 4, problems: 8 });
  expect(readFileSync(of(4, 'metrics.jsonl'), 'utf8').match(/"phase":"ppo"/g)).toHaveLength(7);
}, 600_000);
