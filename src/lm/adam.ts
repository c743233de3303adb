/**
 * AdamW on a flat parameter vector (Loshchilov & Hutter 2019): decoupled decay, clipping by the global norm. One loop over arrays in
 * place: a graph would make some twenty passes over them, and copies. Computed in double precision, kept in single.
 */

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Decoupled, times the learning rate. */
  readonly weightDecay: number;
  /** The gradient is scaled down to this norm; Infinity = never. */
  readonly maxGradNorm: number;
}

/** A step's vectors, all [n]; the first three are changed. */
export interface AdamVectors {
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
  readonly gradient: Float32Array;
}

/** Square root of the sum of squares. */
export function norm(x: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * x[i]!;
  return Math.sqrt(sum);
}

/**
 * `step`: number of this step, 1 for the first; `gradNorm`: the gradient's norm, which must be finite. The clipping of the gradient
 * and the corrections of the moments are constants of a step, and taken out of the loop.
 */
export function adamStep(
  { params, m, v, gradient }: AdamVectors,
  { beta1, beta2, eps, weightDecay, maxGradNorm }: AdamSettings,
  { step, lr, gradNorm }: { readonly step: number; readonly lr: number; readonly gradNorm: number },
): void {
  const scale = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
  const firstShare = (1 - beta1) * scale;
  const secondShare = (1 - beta2) * scale * scale;
  const root = Math.sqrt(1 - beta2 ** step);
  const rate = (lr / (1 - beta1 ** step)) * root;
  const floor = eps * root;
  const kept = 1 - lr * weightDecay;
  const n = params.length;
  for (let i = 0; i < n; i++) {
    const g = gradient[i]!;
    const mean = m[i]! * beta1 + g * firstShare;
    const square = v[i]! * beta2 + g * g * secondShare;
    m[i] = mean;
    v[i] = square;
    params[i] = params[i]! * kept - (rate * mean) / (Math.sqrt(square) + floor);
  }
}
