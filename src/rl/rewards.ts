/** What each token earns: the price of leaving the reference at every token, and the text's score at its last real one. */
import { RecodiError } from '../run/errors.ts';
import { rowsOf } from './mask.ts';

export interface TokenRewardInputs {
  /** One per text. */
  readonly scores: ArrayLike<number>;
  /** Per token, k1 (kl.ts). */
  readonly kl: Float32Array;
  readonly klCoefficient: number;
  readonly mask: Float32Array;
  readonly width: number;
}

/** -> [rows·width], 0 at padding. Throws `internal` for a text without a token: its score would have no place. */
export function tokenRewards({ scores, kl, klCoefficient, mask, width }: TokenRewardInputs): Float32Array {
  const rows = rowsOf(mask, width, kl);
  if (scores.length !== rows)
    throw new RecodiError('internal', `expected one score for each of ${rows} texts, got ${scores.length}`);
  const rewards = mask.map((m, i) => (m === 0 ? 0 : -klCoefficient * kl[i]!));
  for (let row = 0; row < rows; row++) {
    const last = mask.subarray(row * width, (row + 1) * width).lastIndexOf(1);
    if (last < 0) throw new RecodiError('internal', `expected at least one token in every text, text ${row} has none`);
    rewards[row * width + last]! += scores[row]!;
  }
  return rewards;
}
