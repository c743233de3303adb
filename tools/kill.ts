/**
 * `npm run test:kill -- --runs 200 --seed 7`: kills, crashes and interrupts small trainings so many times at seeded points, resumes
 * them each time, and requires that they end as an undisturbed one does. About four seconds of computing per kill; the tests
 * do the same a few times (src/cli/train.test.ts).
 */
import { parseArgs } from 'node:util';
import { underFire } from '../src/cli/kills.fixture.ts';

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '20' }, seed: { type: 'string', default: String(Date.now() % 100_000) } },
});
const [kills, seed] = [Number(values.runs), Number(values.seed)];
const { finished } = await underFire({ kills, seed, say: line => console.log(line) });
console.log(`kill: ${kills} kills, ${finished} trainings, each as if nothing had happened (seed ${seed})`);
