/**
 * Worker task: the gradient of an algorithm's loss on one micro-batch of rollouts. Everything is divided by counts of the whole
 * minibatch, so that gradients and losses of micro-batches sum.
 */
import type { PolicySpec } from '../../policies/languageModel.ts';
import type { PromptRows } from '../../policies/promptRows.ts';
import type { PackedTexts, TextRows } from '../../policies/textRows.ts';
import type { MicroGradient } from '../lm/learner.ts';
import { f32 } from '../tensor/index.ts';
import type { SharedFloats } from '../tensor/shared.ts';
import { task } from '../tensor/task.ts';
import { type GrpoInputs, grpoLoss } from './grpoLoss.ts';
import { type PpoInputs, ppoLoss } from './ppoLoss.ts';
import { type RlooInputs, rlooLoss } from './rlooLoss.ts';
import { type ScoredTexts, textGradient } from './textGradient.ts';

/** What the loss of an algorithm takes beside what all take. Arrays are over tokens, [B·T] and right-padded, or over texts, [B]. */
export type Objective =
  | {
      readonly algorithm: 'ppo';
      readonly advantages: Float32Array;
      /** Of the old policy over the sampler. */
      readonly weights: Float32Array;
      readonly oldValues: Float32Array;
      readonly returns: Float32Array;
      readonly valueClip: number;
      readonly valueCoefficient: number;
    }
  | {
      readonly algorithm: 'grpo';
      readonly advantages: Float32Array;
      readonly weights: Float32Array;
      readonly referenceLogProbs: Float32Array;
      readonly klCoefficient: number;
    }
  | {
      readonly algorithm: 'rloo';
      /** [B] */
      readonly advantages: Float32Array;
      /** [B] */
      readonly weights: Float32Array;
    };

export interface PpoInput {
  readonly params: SharedFloats;
  readonly policy: PolicySpec;
  /** `oldLogProbs` as `ids`. */
  readonly rows: PromptRows & TextRows & { readonly oldLogProbs: Float32Array };
  readonly objective: Objective;
  /** Tokens and texts of the whole minibatch. */
  readonly tokens: number;
  readonly texts: number;
  readonly temperature: number;
  readonly clip: number;
}

const ppo = textGradient<Omit<PpoInputs, keyof ScoredTexts>>('ppo.gradient', (texts, batch) =>
  ppoLoss({ ...texts, ...batch }),
);
const grpo = textGradient<Omit<GrpoInputs, keyof ScoredTexts>>('grpo.gradient', (texts, batch) =>
  grpoLoss({ ...texts, ...batch }),
);
const rloo = textGradient<Omit<RlooInputs, keyof ScoredTexts>>('rloo.gradient', (texts, batch) =>
  rlooLoss({ ...texts, ...batch }),
);

const scalar = (x: number) => f32([x], []);
const perText = (values: Float32Array) => f32(values, [values.length]);

export function ppoGradient({ params, policy, rows, temperature, objective, ...numbers }: PpoInput) {
  const batch = { params, policy, rows, temperature };
  const common = (pack: PackedTexts['pack']) => ({
    oldLogProb: pack(rows.oldLogProbs),
    tokens: scalar(numbers.tokens),
    clip: scalar(numbers.clip),
  });
  switch (objective.algorithm) {
    case 'ppo':
      return ppo(batch, pack => ({
        ...common(pack),
        advantage: pack(objective.advantages),
        weight: pack(objective.weights),
        oldValue: pack(objective.oldValues),
        return: pack(objective.returns),
        valueClip: scalar(objective.valueClip),
        valueCoefficient: scalar(objective.valueCoefficient),
      }));
    case 'grpo':
      return grpo(batch, pack => ({
        ...common(pack),
        advantage: pack(objective.advantages),
        weight: pack(objective.weights),
        referenceLogProb: pack(objective.referenceLogProbs),
        klCoefficient: scalar(objective.klCoefficient),
      }));
    case 'rloo':
      return rloo(batch, pack => ({
        ...common(pack),
        text: pack(rows.oldLogProbs.map((_, i) => Math.floor(i / rows.width))),
        advantage: perText(objective.advantages),
        weight: perText(objective.weights),
        texts: scalar(numbers.texts),
      }));
  }
}
export const ppoTask = task<PpoInput, MicroGradient>(import.meta.url, ppoGradient);
