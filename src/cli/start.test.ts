import { Command } from 'commander';
import { expect, it } from 'vitest';
import { checkpointOptions, checkpointOverrides } from './start.ts';
import { resumeArguments } from './supervise.ts';

const parsed = (...args: string[]) =>
  checkpointOptions(new Command().exitOverride().configureOutput({ writeErr: () => {} }))
    .parse(args, { from: 'user' })
    .opts();

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
