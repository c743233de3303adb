import { expect, it } from 'vitest';
import { checkpointSchedule } from './schedule.ts';

it('a checkpoint is due after so many updates', () => {
  const { due } = checkpointSchedule({ every: 3 });
  expect([1, 2, 3, 4, 5, 6].filter(due)).toEqual([3, 6]);
});

it('and sooner where the last one is so many minutes old', () => {
  let milliseconds = 0;
  const { due, saved } = checkpointSchedule({ every: 100, minutes: 2 }, () => milliseconds);
  milliseconds = 119_000;
  expect(due(1)).toBe(false);
  milliseconds = 121_000;
  expect(due(2)).toBe(true);
  saved();
  expect(due(3)).toBe(false);
});
