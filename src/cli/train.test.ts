import { expect, it } from 'vitest';
import { underFire } from './kills.fixture.ts';

/** A minute or two of computing; `npm run test:kill -- --runs 200` does more. */
const KILLS = 20;

it('a training that is killed, crashed and interrupted at random points ends as one that never stopped', async () => {
  expect(await underFire({ kills: KILLS, seed: 1 })).toBeGreaterThan(0);
}, 1_800_000);
