/**
 * The transformer's numeric pieces in tfjs ops. Those with a custom gradient compute what tfjs's own autograd would,
 * in fewer passes and with fewer tensors kept between forward and backward. A backward function may use only what was
 * saved: everything else of the forward pass is gone by then.
 */
import * as tf from '@tensorflow/tfjs';
import type { Weights } from './weights.ts';

/** [n,in] -> [n,out]: x·Wᵀ, plus scale·(x·Aᵀ)·Bᵀ where the weights carry a low-rank adapter for `name`. */
export function linear(weights: Weights, name: string, x: tf.Tensor2D): tf.Tensor2D {
  const y = tf.matMul<tf.Tensor2D>(x, weights.tensor(name) as tf.Tensor2D, false, true);
  const adapter = weights.adapter?.(name);
  if (!adapter) return y;
  const low = tf.mul<tf.Tensor2D>(tf.matMul(x, adapter.a, false, true), adapter.scale);
  return tf.add(y, tf.matMul(low, adapter.b, false, true));
}

/**
 * [n,d], [d] -> [n,d]: x / sqrt(mean(x²) + eps) · weight (Zhang & Sennrich 2019). With r the reciprocal root and s the row sums of
 * dy·weight·x, the gradients are r·dy·weight − x·s·r³/d and Σ r·dy·x; the sums are products with a vector.
 */
export function rmsNorm(x: tf.Tensor2D, weight: tf.Tensor, eps: number): tf.Tensor2D {
  const [n, d] = x.shape;
  return tf.customGrad((...args) => {
    const [input, gain, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.GradSaveFunc];
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(input), -1, true), eps));
    save([input, inverse, gain]);
    return {
      value: tf.mul(tf.mul(input, inverse), gain),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r, w] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const product = tf.mul(dy, y) as tf.Tensor2D;
        const sums = tf.matMul(product, tf.reshape(w, [d, 1]));
        const along = tf.mul(sums, tf.mul(tf.mul(tf.square(r), r), 1 / d));
        return [
          tf.sub(tf.mul(tf.mul(dy, w), r), tf.mul(y, along)),
          tf.reshape(tf.matMul(tf.reshape(r, [1, n]), product), [d]),
        ];
      },
    };
  })(x, weight) as tf.Tensor2D;
}

/** [n,d], [d], [d] -> [n,d]: layer normalisation with gain and bias (Ba et al. 2016). */
export function layerNorm(x: tf.Tensor2D, weight: tf.Tensor, bias: tf.Tensor, eps = 1e-5): tf.Tensor2D {
  return tf.customGrad((...args) => {
    const [input, gain, shift, save] = args as [tf.Tensor2D, tf.Tensor1D, tf.Tensor1D, tf.GradSaveFunc];
    const centred = tf.sub(input, tf.mean(input, -1, true));
    const inverse = tf.rsqrt(tf.add(tf.mean(tf.square(centred), -1, true), eps));
    const normal = tf.mul(centred, inverse);
    save([normal, inverse, gain]);
    return {
      value: tf.add(tf.mul(normal, gain), shift),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [y, r, w] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D];
        const scaled = tf.mul(dy, w);
        const along = tf.mul(y, tf.mean(tf.mul(scaled, y), -1, true));
        const centredGradient = tf.sub(tf.sub(scaled, tf.mean(scaled, -1, true)), along);
        return [tf.mul(centredGradient, r), tf.sum(tf.mul(dy, y), 0), tf.sum(dy, 0)];
      },
    };
  })(x, weight, bias) as tf.Tensor2D;
}

/** Exact GELU, x·Φ(x) (Hendrycks & Gimpel 2016). */
export function gelu<T extends tf.Tensor>(x: T): T {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1)) as T;
}

/** silu(gate) · up, elementwise (Shazeer 2020). With s = sigmoid(gate), d(gate) is dy · (y + s·(up − y)). */
export function swiglu(gate: tf.Tensor2D, up: tf.Tensor2D): tf.Tensor2D {
  return tf.customGrad((...args) => {
    const [g, u, save] = args as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    const s = tf.sigmoid(g);
    const silu = tf.mul(g, s);
    const y = tf.mul(silu, u);
    save([s, silu, u, y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [sigma, activated, upValue, value] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const slope = tf.add(value, tf.mul(sigma, tf.sub(upValue, value)));
        return [tf.mul(dy, slope), tf.mul(dy, activated)];
      },
    };
  })(gate, up) as tf.Tensor2D;
}

/**
 * Rotary positions (Su et al. 2021, Hugging Face's half-split pairing): [..., T, D] with cos and sin broadcastable
 * [..., T, D/2]. Linear in x, so its gradient is the rotation by the opposite angle.
 */
export function rope(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor {
  return tf.customGrad((...args) => {
    const [input, save] = args as [tf.Tensor, tf.GradSaveFunc];
    save([cos, sin]);
    return {
      value: rotate(input, cos, sin),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => rotate(dy, saved[0]!, tf.neg(saved[1]!)),
    };
  })(x);
}

function rotate(x: tf.Tensor, cos: tf.Tensor, sin: tf.Tensor): tf.Tensor {
  const [first, second] = tf.split(x, 2, -1) as [tf.Tensor, tf.Tensor];
  return tf.concat(
    [tf.sub(tf.mul(first, cos), tf.mul(second, sin)), tf.add(tf.mul(second, cos), tf.mul(first, sin))],
    -1,
  );
}

/**
 * A value further below its row's largest than this is moved up to it. Its share of e^-50 = 2e-22 is lost in any float32 sum, as 0
 * would be; but exponentials near 0, and products with them, would be denormal numbers, which take a hundred times as long.
 */
const FAR_BELOW = 50;

/** Softmax over the last axis. */
export function softmax<T extends tf.Tensor>(x: T): T {
  return tf.customGrad((...args) => {
    const [input, save] = args as [T, tf.GradSaveFunc];
    const least = tf.sub(tf.max(input, -1), FAR_BELOW);
    const y = tf.softmax(tf.maximum(input, tf.expandDims(least, -1)));
    save([y]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const p = saved[0]!;
        return tf.mul(tf.sub(dy, tf.sum(tf.mul(dy, p), -1, true)), p);
      },
    };
  })(x) as T;
}

/** logits [n,V], targets int32 [n] -> log p(target) [n]. The negative of its weighted mean is cross-entropy. */
export function logProb(logits: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [n, vocab] = logits.shape;
  return tf.customGrad((...args) => {
    const [z, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const all = tf.logSoftmax(z);
    save([all, targets]);
    return {
      value: atTargets(all, targets),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logs, actions] = saved as [tf.Tensor2D, tf.Tensor1D];
        const column = tf.reshape(dy, [n, 1]);
        return tf.sub(tf.mul(tf.oneHot(actions, vocab), column), tf.mul(tf.exp(logs), column));
      },
    };
  })(logits) as tf.Tensor1D;
}

/** logits [n,V], actions int32 [n] -> log p(action) [n] and the distribution's entropy in nats [n], in one pass. */
export function logProbAndEntropy(
  logits: tf.Tensor2D,
  actions: tf.Tensor1D,
): { logProb: tf.Tensor1D; entropy: tf.Tensor1D } {
  const [n, vocab] = logits.shape;
  const both = tf.customGrad((...args) => {
    const [z, save] = args as [tf.Tensor2D, tf.GradSaveFunc];
    const all = tf.logSoftmax(z);
    const p = tf.exp(all);
    const entropies = tf.neg(tf.sum(tf.mul(p, all), -1));
    save([all, p, entropies, actions]);
    return {
      value: tf.stack([atTargets(all, actions), entropies]),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logs, probabilities, entropy, chosen] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor1D, tf.Tensor1D];
        const [byLogProb, byEntropy] = tf.split(tf.reshape(dy, [2 * n, 1]), 2, 0) as [tf.Tensor2D, tf.Tensor2D];
        const level = tf.add(byLogProb, tf.mul(byEntropy, tf.reshape(entropy, [n, 1])));
        const spread = tf.mul(probabilities, tf.add(tf.mul(logs, byEntropy), level));
        return tf.sub(tf.mul(tf.oneHot(chosen, vocab), byLogProb), spread);
      },
    };
  })(logits) as tf.Tensor2D;
  const [logProbs, entropy] = tf.unstack(both) as [tf.Tensor1D, tf.Tensor1D];
  return { logProb: logProbs, entropy };
}

/** values [n,V], targets int32 [n] -> each row's value at its target [n]. */
export function atTargets(values: tf.Tensor2D, targets: tf.Tensor1D): tf.Tensor1D {
  const [n, vocab] = values.shape;
  const rows = tf.mul(tf.range(0, n, 1, 'int32'), tf.scalar(vocab, 'int32'));
  return tf.gather(tf.reshape(values, [n * vocab]), tf.add(rows, targets) as tf.Tensor1D);
}

/** [n,d] -> [n·times,d]: each row `times` times in a row. */
export function repeatRows(x: tf.Tensor2D, times: number): tf.Tensor2D {
  if (times === 1) return x;
  const [rows, width] = x.shape;
  return tf.reshape(tf.broadcastTo(tf.reshape(x, [rows, 1, width]), [rows, times, width]), [rows * times, width]);
}
