/**
 * Translators: affine maps from latents to the states that the model's own explicit chains leave at an anchor.
 *
 * Ridge regression on training problems, λ relative to the mean eigenvalue; the term is the tuned lens's
 * (arXiv 2303.08112). With it come the residual covariance (whose whitening weighs the directions that are predicted
 * well) and the mutual information in nats under a Gaussian model. Affine on purpose: a strong translator would solve.
 */
import { LuDecomposition, Matrix } from 'ml-matrix';
import {
  columnMean,
  covariance,
  type Frame,
  fve,
  logDeterminant,
  predictedWhitening,
  residualWhitening,
} from './similarity.ts';

export interface Translator {
  /** [m] */
  readonly inputMean: Float32Array;
  /** [d] */
  readonly outputMean: Float32Array;
  /** [m,d] row-major. */
  readonly weight: Float32Array;
}

export interface FittedTranslator {
  readonly translator: Translator;
  /** Where translated latents and states are compared: whitened by the residual covariance, or as `predictedWhitening` says. */
  readonly frames: Readonly<Record<'residual' | 'predicted', Frame>>;
  /** Gaussian mutual information between latents and states on the fitting problems. */
  readonly nats: number;
  /** On the fitting problems; held-out FVE is `translatorFve`. */
  readonly fve: number;
}

export interface TranslatorFit {
  /** [n,m] latents */
  readonly inputs: Float32Array;
  /** [n,d] states */
  readonly outputs: Float32Array;
  readonly m: number;
  readonly d: number;
  /** λ, times the mean eigenvalue of the inputs' covariance. */
  readonly ridge: number;
}

const COVARIANCE_FLOOR = 1e-3;
const RESIDUAL_RIDGE = 0.02;

/** Ridge regression of outputs on inputs; `n` should be several times `m`. */
export function fitAffine({ inputs, outputs, m, d, ridge }: TranslatorFit): Translator {
  const inputMean = columnMean(inputs, m);
  const outputMean = columnMean(outputs, d);
  const gram = covariance(inputs, m).mul(outputs.length / d - 1);
  const cross = crossProduct(inputs, inputMean, outputs, outputMean, m, d);
  const ridged = Matrix.add(gram, Matrix.eye(m, m).mul((ridge * gram.trace()) / m));
  const solution = new LuDecomposition(ridged).solve(cross);
  const weight = Float32Array.from({ length: m * d }, (_, at) => solution.get(Math.floor(at / d), at % d));
  return { inputMean, outputMean, weight };
}

/** The map, and how far it goes. */
export function fitTranslator(fit: TranslatorFit): FittedTranslator {
  const { inputs, outputs, d } = fit;
  const translator = fitAffine(fit);
  const centre = translator.outputMean;
  const predicted = translate(translator, inputs);
  const residual = outputs.map((y, i) => y - predicted[i]!);
  const outputCovariance = covariance(outputs, d);
  const residualCovariance = covariance(residual, d);
  const floor = Matrix.eye(d, d).mul((COVARIANCE_FLOOR * outputCovariance.trace()) / d);
  const nats =
    0.5 * (logDeterminant(Matrix.add(outputCovariance, floor)) - logDeterminant(Matrix.add(residualCovariance, floor)));
  return {
    translator,
    frames: {
      residual: { centre, whitening: residualWhitening(residualCovariance, RESIDUAL_RIDGE) },
      predicted: { centre, ...predictedWhitening(outputCovariance, residualCovariance, RESIDUAL_RIDGE) },
    },
    nats,
    fve: fve(predicted, outputs, d) ?? Number.NaN,
  };
}

/** [n,m] -> [n,d] */
export function translate({ inputMean, outputMean, weight }: Translator, inputs: Float32Array): Float32Array {
  const m = inputMean.length;
  const d = outputMean.length;
  const n = inputs.length / m;
  const out = new Float32Array(n * d);
  for (let r = 0; r < n; r++) {
    out.set(outputMean, r * d);
    for (let i = 0; i < m; i++) {
      const x = inputs[r * m + i]! - inputMean[i]!;
      for (let j = 0; j < d; j++) out[r * d + j]! += x * weight[i * d + j]!;
    }
  }
  return out;
}

function crossProduct(
  a: Float32Array,
  aMean: Float32Array,
  b: Float32Array,
  bMean: Float32Array,
  m: number,
  d: number,
): Matrix {
  const n = b.length / d;
  const out = new Float64Array(m * d);
  const centred = new Float64Array(d);
  for (let r = 0; r < n; r++) {
    for (let j = 0; j < d; j++) centred[j] = b[r * d + j]! - bMean[j]!;
    for (let i = 0; i < m; i++) {
      const x = a[r * m + i]! - aMean[i]!;
      const row = i * d;
      for (let j = 0; j < d; j++) out[row + j]! += x * centred[j]!;
    }
  }
  return Matrix.from1DArray(m, d, out as unknown as number[]);
}
