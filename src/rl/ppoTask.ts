/**
 * Worker task: PPO's gradient on one micro-batch of rollouts. Everything is divided by the minibatch's token count, so
 * that gradients and losses of micro-batches sum.
 */
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { PromptRows } from '../../policies/promptRows.ts';
import type { TextRows } from '../../policies/textRows.ts';
import type { MicroGradient } from '../lm/learner.ts';
import { f32 } from '../tensor/index.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { type PpoInputs, ppoLoss } from './ppoLoss.ts';
import { type ScoredTexts, textGradient } from './textGradient.ts';

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

const gradient = textGradient<Omit<PpoInputs, keyof ScoredTexts>>('ppo.gradient', (texts, batch) => {
  const { loss, metrics } = ppoLoss({ ...texts, ...batch });
  return { loss, metrics: { ...metrics } };
});

const scalar = (x: number) => f32([x], []);

export function ppoGradient({ params, policy, rows, temperature, ...numbers }: PpoInput): Promise<MicroGradient> {
  return gradient({ params, policy, rows, temperature }, pack => ({
    oldLogProb: pack(rows.oldLogProbs),
    oldValue: pack(rows.oldValues),
    advantage: pack(rows.advantages),
    weight: pack(rows.weights),
    return: pack(rows.returns),
    tokens: scalar(numbers.tokens),
    clip: scalar(numbers.clip),
    valueClip: scalar(numbers.valueClip),
    valueCoefficient: scalar(numbers.valueCoefficient),
  }));
}
export const ppoTask = task<PpoInput, MicroGradient>(import.meta.url, ppoGradient);
