/**
 * Interventions on latent thoughts. What a state is there for shows in the answer when the state is replaced, and a state acts in two
 * places: as the **input** of the next latent step, and through the keys and values of its position that the **readout** attends to.
 * One place of one state is replaced at a time, all else stays as it was.
 *
 * - `swap`: by another problem's.
 * - `zero`: by nothing: an input of zeros, a position that the readout does not see.
 * - `mean`: by the mean over the problems of the batch.
 * - `noise`: own plus the difference of two other problems' over √2, which is noise of the states' own covariance.
 *
 * All are mixtures of the batch's inputs, or of its keys and values; keys are moved to the row's own positions first.
 */

export const SITES = ['input', 'readout'] as const;
export type Site = (typeof SITES)[number];
export const KINDS = ['swap', 'zero', 'mean', 'noise'] as const;
export type Kind = (typeof KINDS)[number];

/** Something for each place and kind of intervention. */
export type PerIntervention<T> = Readonly<Record<Site, Readonly<Record<Kind, T>>>>;

export function perIntervention<T>(of: (site: Site, kind: Kind) => T): PerIntervention<T> {
  const kinds = (site: Site) => Object.fromEntries(KINDS.map(kind => [kind, of(site, kind)])) as Record<Kind, T>;
  return { input: kinds('input'), readout: kinds('readout') };
}

/**
 * Each [P,N+1]: the share of interventions on a state that change the answer's first token. NaN where there is none: the last state
 * is no step's input, and mean, swap and noise ask for other problems (noise for two).
 */
export type CausalScores = PerIntervention<Float32Array>;

/** The scores of some steps of one problem, of N+1 = `states`. */
export function causalOf(
  scores: CausalScores,
  states: number,
  problem: number,
  steps: readonly number[],
): PerIntervention<number[]> {
  return perIntervention((site, kind) => steps.map(k => scores[site][kind][problem * states + k]!));
}

/** Of several steps the one whose intervention changes most; NaN where none was tried. */
export function largest(scores: readonly number[]): number {
  const known = scores.filter(score => !Number.isNaN(score));
  return known.length === 0 ? Number.NaN : Math.max(...known);
}

/** Variants of each of `rows` problems in one batch: what is put in place of an own state. */
export interface Variants {
  /** Of each variant; a row's variants stand together. */
  readonly kinds: readonly Kind[];
  /** Weights of the rows in each variant's replacement: [rows·variants, rows]. */
  readonly mixture: Float32Array;
  /** [rows·variants]: 1 where the replacement is nothing. */
  readonly nothing: Float32Array;
}

/** Donors of row b are rows (b + shift) mod `rows`. */
export function variantsOf(rows: number, shifts: readonly number[]): Variants {
  const some = shifts.length;
  const kinds: Kind[] = [
    ...shifts.map(() => 'swap' as const),
    'zero',
    ...(some > 0 ? ['mean' as const] : []),
    ...(some > 1 ? shifts.map(() => 'noise' as const) : []),
  ];
  const mixture = new Float32Array(rows * kinds.length * rows);
  const nothing = new Float32Array(rows * kinds.length);
  for (let b = 0; b < rows; b++) {
    const donor = (i: number) => (b + shifts[i % some]!) % rows;
    const nth = { swap: 0, zero: 0, mean: 0, noise: 0 };
    kinds.forEach((kind, v) => {
      const row = b * kinds.length + v;
      const weights = mixture.subarray(row * rows, (row + 1) * rows);
      const i = nth[kind]++;
      if (kind === 'swap') weights[donor(i)]! += 1;
      else if (kind === 'zero') nothing[row] = 1;
      else if (kind === 'mean') weights.fill(1 / rows);
      else {
        weights[b]! += 1;
        weights[donor(i)]! += Math.SQRT1_2;
        weights[donor(i + 1)]! -= Math.SQRT1_2;
      }
    });
  }
  return { kinds, mixture, nothing };
}
