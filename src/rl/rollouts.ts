/** All rollouts of an update as one batch: joined from the chunks that were rolled out. */
import type { RolloutBatch } from '../rollout/rollout.ts';
import { responseMask } from './mask.ts';

/** Rows are grouped by problem; arrays over tokens are [rows·width]. */
export interface Rollouts extends RolloutBatch {
  readonly width: number;
  readonly mask: Float32Array;
}

/** Chunks in order -> one batch. */
export function joinRollouts(parts: readonly RolloutBatch[], width: number): Rollouts {
  const floats = (pick: (part: RolloutBatch) => Float32Array) =>
    Float32Array.from(parts.flatMap(part => [...pick(part)]));
  const lengths = Int32Array.from(parts.flatMap(part => [...part.lengths]));
  return {
    width,
    tokens: Int32Array.from(parts.flatMap(part => [...part.tokens])),
    lengths,
    ended: Uint8Array.from(parts.flatMap(part => [...part.ended])),
    texts: parts.flatMap(part => part.texts),
    scores: parts.flatMap(part => part.scores),
    samplerLogProbs: floats(part => part.samplerLogProbs),
    logProbs: floats(part => part.logProbs),
    referenceLogProbs: floats(part => part.referenceLogProbs),
    entropies: floats(part => part.entropies),
    values: floats(part => part.values),
    mask: responseMask(lengths, width),
  };
}
