/** Real PPO on the embedded model, seen through rewards that are honest or are not: which alarm ends each run. */
import { cpSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Completion, Environment } from '../../envs/environment.ts';
import { createEnvironment } from '../../envs/index.ts';
import { inlinePool } from '../lrm/inlinePool.fixture.ts';
import { type RolloutBatch, type RolloutRequest, rolloutTask } from '../rollout/rollout.ts';
import { RecodiError } from '../run/errors.ts';
import { openLog } from '../run/log.ts';
import { createRun, type RunPaths } from '../run/paths.ts';
import { closeEngine, useDevice } from '../tensor/index.ts';
import type { Pool } from '../tensor/pool.ts';
import { trainConfigSchema } from './config.ts';
import { EMBEDDED, quiet } from './embedded.fixture.ts';
import { prepare } from './prepare.ts';
import { runTraining } from './train.ts';

const LONG = 120_000;
const folder = mkdtempSync(join(tmpdir(), 'recodi-hacks-'));

const given = {
  ...EMBEDDED,
  name: 'prepared',
  targets: { ...EMBEDDED.targets, latents: [3], problems: { train: 256, validation: 64, test: 8, steps: 3 } },
  ppo: {
    updates: 10,
    problems_per_update: 32,
    samples_per_problem: 2,
    minibatch_size: 64,
    validate_every: 100,
    lr: 2e-4,
    lr_schedule: 'constant',
    warmup: 3,
    kl: { coef: 0.02 },
  },
};
const { window: _, stop: __, ...bounds } = trainConfigSchema.parse(given).alarms;

function begin(name: string) {
  const alarms = { window: 4, stop: Object.keys(bounds) };
  const config = trainConfigSchema.parse({ ...given, name, alarms });
  return { config, paths: createRun(folder, trainConfigSchema, config) };
}

/** Targets and views are the same for all. */
let prepared: RunPaths;
beforeAll(async () => {
  await useDevice('onnx');
  const { config, paths } = begin('prepared');
  const { signal } = new AbortController();
  await prepare({ config, paths, pool: inlinePool(), signal, progress: quiet });
  prepared = paths;
}, LONG);
afterAll(closeEngine);

type Scorer = Environment<unknown>['score'];
/** From the honest scorer to another one. */
type Hack = (honest: Scorer) => Scorer;

/** A pool whose rollouts are scored by the hack. */
function planted(hack: Hack): Pool {
  const inner = inlinePool();
  return {
    ...inner,
    async run(task, input, options) {
      const output = await inner.run(task, input, options);
      if (task.name !== rolloutTask.name) return output;
      const { environment, targets, samples } = input as RolloutRequest;
      const { texts, ended } = output as RolloutBatch;
      const { score } = await createEnvironment(environment!);
      const completions = texts.map(
        (text, row): Completion<unknown> => ({
          target: targets[Math.floor(row / samples)],
          tokens: [],
          text,
          ended: ended[row] === 1,
        }),
      );
      return { ...output, scores: await hack(score)(completions) };
    },
  };
}

/** The alarms that went up, that which stopped the run last. */
async function alarmsOf(name: string, pool: Pool): Promise<string[]> {
  const { config, paths } = begin(name);
  for (const path of [prepared.targets, prepared.targetVectors, prepared.translators])
    cpSync(path, join(paths.folder, basename(path)), { recursive: true });
  const said: string[] = [];
  const warn = (sentence: string) => void said.push(sentence);
  const { signal } = new AbortController();
  const training = { config, paths, pool, signal, resume: false, progress: quiet, log: openLog(paths.log), warn };
  try {
    expect((await runTraining(training)).finished).toBe(true);
  } catch (error) {
    if (!(error instanceof RecodiError && error.code === 'gate')) throw error;
    said.push(error.message);
  }
  return said.map(sentence => /^Alarm (\w+):/.exec(sentence)?.[1] ?? sentence);
}

describe('a training on', () => {
  it(
    'the honest reward trips no alarm',
    async () => {
      expect(
        await alarmsOf(
          'honest',
          planted(honest => honest),
        ),
      ).toEqual([]);
    },
    LONG,
  );

  it(
    'a reward that pays for a suffix is stopped: the score holds or rises and the swap gap falls',
    async () => {
      const paid: Hack = honest => async batch => {
        const scores = await honest(batch);
        return scores.map((score, i) => ({ ...score, reward: score.reward + (batch[i]!.text.endsWith('2') ? 3 : 0) }));
      };
      expect(await alarmsOf('suffix', planted(paid))).toEqual(['gap']);
    },
    LONG,
  );

  it(
    'a reader that ignores the text is stopped: no text moves its state, so none is nearer to its own target',
    async () => {
      const ignoring: Hack = honest => batch => honest(batch.map(completion => ({ ...completion, text: '' })));
      expect(await alarmsOf('ignoring', planted(ignoring))).toEqual(['unread', 'effect']);
    },
    LONG,
  );

  it(
    'targets that are shuffled between problems is stopped: texts are no nearer to their own than to another',
    async () => {
      const shuffled: Hack = honest => batch =>
        honest(batch.map((completion, i) => ({ ...completion, target: batch[(i + 2) % batch.length]!.target })));
      expect(await alarmsOf('shuffled', planted(shuffled))).toEqual(['unread']);
    },
    LONG,
  );
});
