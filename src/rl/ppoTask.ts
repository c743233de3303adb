/**
 * Worker task: PPO's gradient on one micro-batch of rollouts. Everything is divided by the minibatch's token count, so
 * that gradients and losses of micro-batches sum.
 */
import { type PolicySpec, type PromptInputs, policyLayout, scoreTexts } from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { valueAndGradient } from '../lm/parameters.ts';
import { compile, f32, i32, type tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { ppoLoss } from './ppoLoss.ts';

/** Arrays over tokens are [B·T], right-padded. */
export interface PpoRows extends PromptRows {
  readonly ids: Int32Array;
  readonly mask: Float32Array;
  readonly oldLogProbs: Float32Array;
  readonly oldValues: Float32Array;
  readonly advantages: Float32Array;
  /** Of the old policy over the sampler. */
  readonly weights: Float32Array;
  readonly returns: Float32Array;
}

export interface PpoInput {
  readonly params: SharedFloats;
  readonly policy: PolicySpec;
  readonly rows: PpoRows;
  /** T */
  readonly width: number;
  /** Tokens of the whole minibatch. */
  readonly tokens: number;
  readonly temperature: number;
  readonly clip: number;
  readonly valueClip: number;
  readonly valueCoefficient: number;
}

interface Inputs {
  readonly params: tf.Tensor1D;
  readonly prompt: PromptInputs;
  readonly ids: tf.Tensor2D;
  readonly mask: tf.Tensor2D;
  readonly oldLogProb: tf.Tensor1D;
  readonly oldValue: tf.Tensor1D;
  readonly advantage: tf.Tensor1D;
  readonly weight: tf.Tensor1D;
  readonly return: tf.Tensor1D;
  readonly tokens: tf.Scalar;
  readonly temperature: tf.Scalar;
  readonly clip: tf.Scalar;
  readonly valueClip: tf.Scalar;
  readonly valueCoefficient: tf.Scalar;
}

function build(policy: PolicySpec) {
  const map = policyLayout(policy);
  return compile('ppo.gradient', ({ params, prompt, ids, mask, temperature, ...rest }: Inputs) =>
    valueAndGradient(map, params, named => {
      const scored = scoreTexts(policy, named, prompt, { ids, mask }, temperature);
      const { loss, metrics } = ppoLoss({ ...scored, ...rest, mask: mask.reshape([mask.size]) });
      return { loss, metrics: { ...metrics } };
    }),
  );
}

const graphs = new Map<string, ReturnType<typeof build>>();

export async function ppoGradient({ params, policy, rows, width, ...numbers }: PpoInput) {
  const key = JSON.stringify(policy);
  const graph = graphs.get(key) ?? build(policy);
  graphs.set(key, graph);
  const size = rows.ids.length;
  const shape = [size / width, width];
  const flat = localCopy(params);
  const scalar = (x: number) => f32([x], []);
  const out = await graph({
    params: f32(flat, [flat.length]),
    prompt: promptInputs(policy, rows),
    ids: i32(rows.ids, shape),
    mask: f32(rows.mask, shape),
    oldLogProb: f32(rows.oldLogProbs, [size]),
    oldValue: f32(rows.oldValues, [size]),
    advantage: f32(rows.advantages, [size]),
    weight: f32(rows.weights, [size]),
    return: f32(rows.returns, [size]),
    tokens: scalar(numbers.tokens),
    temperature: scalar(numbers.temperature),
    clip: scalar(numbers.clip),
    valueClip: scalar(numbers.valueClip),
    valueCoefficient: scalar(numbers.valueCoefficient),
  });
  const metrics = Object.fromEntries(
    Object.entries(out.metrics).map(([name, value]) => [name, value.data[0] ?? Number.NaN]),
  );
  const gradient = out.gradient.data as Float32Array;
  return moving({ gradient, metrics }, [gradient]);
}
export const ppoTask = task<PpoInput, Awaited<ReturnType<typeof ppoGradient>>>(import.meta.url, ppoGradient);
