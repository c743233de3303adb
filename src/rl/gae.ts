/**
 * Generalised advantage estimation (Schulman et al. 2016), backwards over each text's own tokens; the value after the last
 * token is 0. Returns are advantage + value, before any whitening.
 */
import { rowsOf } from './mask.ts';

export interface GaeInputs {
  readonly rewards: Float32Array;
  /** Of the state before each token. */
  readonly values: Float32Array;
  readonly mask: Float32Array;
  readonly width: number;
  readonly gamma: number;
  readonly lambda: number;
}

/** [rows·width] each -> advantages and returns [rows·width], 0 at padding. */
export function gae({ rewards, values, mask, width, gamma, lambda }: GaeInputs) {
  const rows = rowsOf(mask, width, rewards, values);
  const advantages = new Float32Array(mask.length);
  const returns = new Float32Array(mask.length);
  for (let row = 0; row < rows; row++) {
    let advantage = 0;
    let nextValue = 0;
    for (let i = (row + 1) * width - 1; i >= row * width; i--) {
      if (mask[i] === 0) continue;
      const surprise = rewards[i]! + gamma * nextValue - values[i]!;
      advantage = surprise + gamma * lambda * advantage;
      nextValue = values[i]!;
      advantages[i] = advantage;
      returns[i] = advantage + nextValue;
    }
  }
  return { advantages, returns };
}
