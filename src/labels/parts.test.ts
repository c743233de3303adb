import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { perIntervention } from '../lrm/interventions.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { runPaths } from '../run/paths.ts';
import { createShared } from '../tensor/shared.ts';
import { assembleLabel } from './assemble.ts';
import { type Part, partsOf } from './parts.ts';
import { beside, problem, reading } from './reading.fixture.ts';

const label = assembleLabel({
  problem,
  view: { id: 'k0', steps: [0], space: 'raw' },
  reading,
  beside,
  probability: null,
  accept: 0.9,
  causal: perIntervention(() => [0.5]),
  lens: [['5', '6']],
  answers: { latent: '22', gold: '22' },
  equations: { maxOperators: 1 },
  provenance: { run: 'run', config_sha256: 'ab', recodi: '0.1.0', decode: 'greedy', reward: 'cosine' },
});
const part: Part = { fitted: { fit: { intercept: 1, weights: { gap: 2 } }, fitted_on: 16 }, labels: [label] };
const view = { id: 'k0' };

it('parts are read again by the same settings and policy only, and not where they are damaged', () => {
  const paths = runPaths(mkdtempSync(join(tmpdir(), 'recodi-parts-')));
  const bench = (set: object = {}, policy = [1, 2, 3]) =>
    partsOf({
      paths,
      config: trainConfigSchema.parse({ name: 'small', lrm: 'none', ...set }),
      trained: createShared('policy', Float32Array.from(policy)),
    });
  expect(bench().read(view)).toBeUndefined();
  bench().write(view, part);
  expect(bench().read(view)).toEqual(part);
  expect(bench({ workers: 7 }).read(view)).toEqual(part);
  expect(bench({ labels: { problems: 9 } }).read(view)).toBeUndefined();
  expect(bench({}, [1, 2, 4]).read(view)).toBeUndefined();
  expect(bench().read({ id: 'k1' })).toBeUndefined();
  for (const damaged of ['', '{', '{"key":1}', JSON.stringify({ ...part, labels: [{}] })]) {
    mkdirSync(join(paths.labels, 'parts'), { recursive: true });
    writeFileSync(join(paths.labels, 'parts', 'k0.json'), damaged);
    expect(bench().read(view)).toBeUndefined();
  }
  bench().write(view, part);
  bench().clear();
  expect(bench().read(view)).toBeUndefined();
});
