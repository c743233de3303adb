/**
 * The smallest environment there is: write the digit you are shown, then stop. For tests and as the pattern for new ones.
 * Half of the reward is for a text that begins with the digit, half for one that is the digit and ended by itself.
 */
import type { Environment } from './environment.ts';

export interface DigitSettings {
  readonly kind: 'digit';
}

export interface DigitTarget {
  readonly digit: number;
}

/** What the policy is shown: a vector [size ≥ 10] of mean square 1 that stands for the digit. */
export function digitVector({ digit }: DigitTarget, size: number): Float32Array {
  const vector = new Float32Array(size);
  vector[digit] = Math.sqrt(size);
  return vector;
}

export async function createDigit(_settings: DigitSettings): Promise<Environment<DigitTarget>> {
  return {
    name: 'digit',
    async score(batch) {
      return batch.map(({ target, text, ended }) => {
        const begins = text.trim().startsWith(String(target.digit)) ? 1 : 0;
        const exact = ended && text.trim() === String(target.digit) ? 1 : 0;
        return { reward: (begins + exact) / 2, terms: { begins, exact } };
      });
    },
  };
}
