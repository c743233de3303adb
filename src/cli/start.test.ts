import { Command } from 'commander';
import { expect, it } from 'vitest';
import { checkpointOptions, checkpointOverrides, overrides, readingOptions } from './start.ts';
import { resumeArguments } from './supervise.ts';

const command = () => new Command().exitOverride().configureOutput({ writeErr: () => {} });
const parsed = (...args: string[]) => checkpointOptions(command()).parse(args, { from: 'user' }).opts();

it('checkpoint options override the keys of the config, where that kind of config has them', () => {
  const options = parsed('--checkpoint-every', '5', '--checkpoint-minutes', '0.5');
  expect(checkpointOverrides(options, 'ppo.')).toEqual(['ppo.checkpoint_every=5', 'ppo.checkpoint_minutes=0.5']);
  expect(checkpointOverrides(options, '')).toEqual(['checkpoint_every=5', 'checkpoint_minutes=0.5']);
  expect(checkpointOverrides(parsed(), '')).toEqual([]);
  expect(() => parsed('--checkpoint-minutes', '0')).toThrow(/above 0/);
});

it('a run that is resumed by itself keeps the options that were given', () => {
  expect(resumeArguments('runs/a', {})).toEqual(['resume', 'runs/a']);
  const given = { eval: false, json: true, workers: 2, device: 'onnx', checkpointEvery: 5 } as const;
  const flags = ['--no-eval', '--json', '--workers', '2', '--device', 'onnx', '--checkpoint-every', '5'];
  expect(resumeArguments('runs/a', given)).toEqual(['resume', 'runs/a', ...flags]);
});

it('a trained run is read by other keys of eval and labels, and of nothing else', () => {
  const read = (...args: string[]) => overrides(readingOptions(command()).parse(args, { from: 'user' }).opts());
  expect(read('--set', 'eval.grammar=false', '--set', 'labels.problems=3', '--decode', 'greedy')).toEqual([
    'eval.grammar=false',
    'labels.problems=3',
    'eval.decode=greedy',
  ]);
  expect(() => read('--set', 'ppo.lr=1')).toThrow(/only keys of eval and labels/);
});
