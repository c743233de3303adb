/** A gradient step of PPO on a tiny policy, all parameters trained: loss, gradient, clip by the global norm, AdamW. */
import { createLearner } from '../../src/lm/learner.ts';
import { ppoTask } from '../../src/rl/ppoTask.ts';
import { createPool } from '../../src/tensor/pool.ts';
import { forwardFlops, WITH_GRADIENT, writing } from '../flops.ts';
import { makeModel, normals, peer, randomLengths, randomRows } from '../model.ts';
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
      peer: peer('gradient', size, { batch: rows, tokens: PROMPT + size.tokens, prompt: PROMPT, threads: 1 }),
      create: () => create(size),
    },
  ];
}

async function create(size: Size): Promise<Subject> {
  const model = await makeModel(size);
  const { policy } = model;
  const pool = createPool({ workers: 1, device: 'onnx' });
  const learner = createLearner({
    pool,
    id: 'bench',
    params: model.policyParams,
    optimizer: { beta2: 0.95, maxGradNorm: 1 },
  });
  const [count, width] = [size.gradientRows, size.tokens];
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
      oldValues: numbers('values', 0.1),
      advantages: numbers('advantages', 1),
      weights: new Float32Array(ids.length).fill(1),
      returns: numbers('returns', 1),
    },
    tokens: lengths.reduce((a, b) => a + b, 0),
    temperature: 1,
    clip: 0.2,
    valueClip: 0.2,
    valueCoefficient: 1,
  };
  const flops = WITH_GRADIENT * forwardFlops(policy.model, writing(lengths, PROMPT, 1));
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
