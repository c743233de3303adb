/**
 * A gradient step of PPO: loss, gradient, clip by the global norm, AdamW. On a tiny policy all parameters are trained, on the larger
 * one low-rank adapters.
 */
import { createLearner } from '../../src/lm/learner.ts';
import { ppoTask } from '../../src/rl/ppoTask.ts';
import type { Device } from '../../src/tensor/devices.ts';
import { createPool } from '../../src/tensor/pool.ts';
import { gradientFlops, writing } from '../flops.ts';
import { largePolicy } from '../large.ts';
import { type Model, makeModel, normals, peer, randomLengths, randomRows } from '../model.ts';
import { PROMPT, type Size } from '../size.ts';
import type { Subject, Variant } from '../variant.ts';
import { sessionMs } from './workers.ts';

export function gradientVariants(size: Size): Variant[] {
  const rows = size.gradientRows;
  return [
    {
      label: `PPO gradient step, ${rows} x ${PROMPT + size.tokens} tokens`,
      threads: 1,
      makes: { steps: 1 },
      burst: 5,
      peer: peer('gradient', size, { batch: rows, tokens: PROMPT + size.tokens, threads: 1 }),
      create: device => create(makeModel(size), rows, size.tokens, device),
    },
  ];
}

export function largeGradientVariants(size: Size): Variant[] {
  const { rows, tokens, rank } = size.large;
  return [
    {
      label: `PPO gradient step, 135M, adapters of rank ${rank}, ${rows} x ${tokens} tokens`,
      threads: 1,
      makes: { steps: 1 },
      burst: 1,
      peer: peer('gradient', size.large, { batch: rows, tokens, rank, threads: 1 }),
      create: device => create(largePolicy(size), rows, tokens - PROMPT, device),
    },
  ];
}

type Trained = Pick<Model, 'policy' | 'policyParams' | 'remove'>;

async function create(making: Promise<Trained>, count: number, width: number, device: Device): Promise<Subject> {
  const model = await making;
  const { policy } = model;
  const pool = createPool({ workers: 1, device });
  const learner = createLearner({
    pool,
    id: 'bench',
    params: model.policyParams,
    optimizer: { beta2: 0.95, maxGradNorm: 1 },
  });
  const lengths = randomLengths('gradient', count, Math.floor(width / 2), width);
  const texts = randomRows('gradient', lengths);
  const ids = new Int32Array(count * width).fill(policy.padId);
  texts.forEach((text, row) => {
    ids.set(text, row * width);
  });
  const numbers = (purpose: string, scale: number, centre = 0) =>
    normals(`gradient.${purpose}`, count * width).map(x => centre + scale * x);
  const input = {
    policy,
    rows: {
      z: normals('gradient.z', count * policy.targetSize),
      ids,
      lengths,
      width,
      oldLogProbs: numbers('logprobs', 0.1, -Math.log(policy.model.vocabSize)),
    },
    objective: {
      algorithm: 'ppo' as const,
      oldValues: numbers('values', 0.1),
      advantages: numbers('advantages', 1),
      weights: new Float32Array(ids.length).fill(1),
      returns: numbers('returns', 1),
      valueClip: 0.2,
      valueCoefficient: 1,
    },
    tokens: lengths.reduce((a, b) => a + b, 0),
    texts: count,
    temperature: 1,
    clip: 0.2,
  };
  const flops = gradientFlops(policy, writing(lengths, PROMPT, 1));
  return {
    async once() {
      await learner.step({ task: ppoTask, inputs: [input] }, { lr: 2e-4 });
      return { flops };
    },
    sessionMs: () => sessionMs(pool),
    async close() {
      await pool.close();
      model.remove();
    },
  };
}
