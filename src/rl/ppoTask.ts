/**
 * Worker task: PPO's gradient on one micro-batch of rollouts. Everything is divided by the minibatch's token count, so
 * that gradients and losses of micro-batches sum.
 */
import {
  type PolicySpec,
  type PromptInputs,
  policyLayout,
  scoreTexts,
  type TextInputs,
} from '../../policies/languageModel.ts';
import { type PromptRows, promptInputs } from '../../policies/promptRows.ts';
import { packTexts, type TextRows } from '../../policies/textRows.ts';
import { gradientParts, hostViews, valueAndGradient } from '../lm/parameters.ts';
import { compile, f32, type tf } from '../tensor/index.ts';
import { moving } from '../tensor/moving.ts';
import { localCopy, type SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { ppoLoss } from './ppoLoss.ts';

/** Arrays over tokens are [B·T], right-padded. */
export interface PpoRows extends PromptRows, TextRows {
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
  /** Tokens of the whole minibatch. */
  readonly tokens: number;
  readonly temperature: number;
  readonly clip: number;
  readonly valueClip: number;
  readonly valueCoefficient: number;
}

interface Inputs {
  readonly params: Record<string, tf.Tensor>;
  readonly prompt: PromptInputs;
  readonly texts: TextInputs;
  readonly mask: tf.Tensor1D;
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
  return compile('ppo.gradient', ({ params, prompt, texts, temperature, ...rest }: Inputs) =>
    valueAndGradient(params, named => {
      const { loss, metrics } = ppoLoss({ ...scoreTexts(policy, named, prompt, texts, temperature), ...rest });
      return { loss, metrics: { ...metrics } };
    }),
  );
}

const graphs = new Map<string, ReturnType<typeof build>>();

export async function ppoGradient({ params, policy, rows, ...numbers }: PpoInput) {
  const key = JSON.stringify(policy);
  const graph = graphs.get(key) ?? build(policy);
  graphs.set(key, graph);
  const prompt = promptInputs(policy, rows);
  const { inputs, mask, pack } = packTexts(prompt, rows);
  const map = policyLayout(policy);
  const scalar = (x: number) => f32([x], []);
  const out = await graph({
    params: hostViews(map, localCopy(params)),
    prompt,
    texts: inputs,
    mask,
    oldLogProb: pack(rows.oldLogProbs),
    oldValue: pack(rows.oldValues),
    advantage: pack(rows.advantages),
    weight: pack(rows.weights),
    return: pack(rows.returns),
    tokens: scalar(numbers.tokens),
    temperature: scalar(numbers.temperature),
    clip: scalar(numbers.clip),
    valueClip: scalar(numbers.valueClip),
    valueCoefficient: scalar(numbers.valueCoefficient),
  });
  const metrics = Object.fromEntries(
    Object.entries(out.metrics).map(([name, value]) => [name, value.data[0] ?? Number.NaN]),
  );
  const gradient = gradientParts(map, out.gradient);
  return moving({ gradient, metrics }, gradient);
}
export const ppoTask = task<PpoInput, Awaited<ReturnType<typeof ppoGradient>>>(import.meta.url, ppoGradient);
