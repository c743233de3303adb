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

/** One intervention on one state. */
export interface Variant {
  readonly site: Site;
  readonly k: number;
  readonly kind: Kind;
  /** Those of one kind on one state have 1 together. */
  readonly weight: number;
}

/** All variants of the first problems, the subjects, of a batch; those of one subject stand together, in the order of `variants`. */
export interface Variants {
  readonly variants: readonly Variant[];
  /** What is put in place, as weights of the batch's rows: [subjects,variants,rows]. */
  readonly mixture: Float32Array;
  /** 1 where the input of step k + 1 is replaced: [subjects·variants,N]. */
  readonly input: Float32Array;
  /** 1 where the keys and values of state k are replaced at the readout, or hidden from it: [subjects·variants,N+1]. */
  readonly readout: Float32Array;
  readonly hidden: Float32Array;
}

export interface VariantsRequest {
  readonly rows: number;
  readonly subjects: number;
  /** Donors of row b are rows (b + shift) mod `rows`. */
  readonly shifts: readonly number[];
  /** Latent steps N. */
  readonly latents: number;
}

export function variantsOf({ rows, subjects, shifts, latents }: VariantsRequest): Variants {
  const some = shifts.length;
  const each = (kind: Kind, count: number) =>
    Array.from({ length: count }, (_, nth) => ({ kind, nth, weight: 1 / count }));
  const kinds = [
    ...each('swap', some),
    ...each('zero', 1),
    ...each('mean', Math.min(1, some)),
    ...each('noise', some > 1 ? some : 0),
  ];
  const variants = SITES.flatMap(site =>
    Array.from({ length: site === 'input' ? latents : latents + 1 }, (_, k) =>
      kinds.map(kind => ({ site, k, ...kind })),
    ).flat(),
  );
  const n = subjects * variants.length;
  const mixture = new Float32Array(n * rows);
  const input = new Float32Array(n * latents);
  const readout = new Float32Array(n * (latents + 1));
  const hidden = new Float32Array(n * (latents + 1));
  for (let b = 0; b < subjects; b++) {
    const donor = (i: number) => (b + shifts[i % some]!) % rows;
    variants.forEach(({ site, k, kind, nth }, v) => {
      const row = b * variants.length + v;
      const weights = mixture.subarray(row * rows, (row + 1) * rows);
      if (kind === 'swap') weights[donor(nth)]! += 1;
      else if (kind === 'mean') weights.fill(1 / rows);
      else if (kind === 'noise') {
        weights[b]! += 1;
        weights[donor(nth)]! += Math.SQRT1_2;
        weights[donor(nth + 1)]! -= Math.SQRT1_2;
      }
      if (site === 'input') input[row * latents + k] = 1;
      else (kind === 'zero' ? hidden : readout)[row * (latents + 1) + k] = 1;
    });
  }
  return { variants, mixture, input, readout, hidden };
}
