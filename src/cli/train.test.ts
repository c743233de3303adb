import { expect, it } from 'vitest';
import { underFire } from './kills.fixture.ts';

/** Of this seed, faults in the targets, the warm start and PPO, one behind the other; `npm run test:kill -- --runs 200` does more. */
const FIRE = { kills: 20, seed: 23851 };

it('a training that is killed, crashed and interrupted at random points ends as one that never stopped', async () => {
  const { finished, struck } = await underFire(FIRE);
  expect(finished).toBeGreaterThan(0);
  // Which moments of computing come before the end is the machine's to say.
  expect([...struck]).toEqual(expect.arrayContaining(['kill', 'twice']));
}, 1_800_000);
