/** Kernels that normalise along the last axis. */
import { node } from '../graph.ts';
import type { tf } from '../tfjs.ts';
import { axisOf, type KernelTable, kernel } from './kernel.ts';

export const normalisations: KernelTable = {
  Softmax: kernel<tf.SoftmaxInputs, tf.SoftmaxAttrs>(({ logits }, { dim }) =>
    node('Softmax', [logits], { axis: axisOf(dim, logits) }, logits.shape, 'float32'),
  ),
  LogSoftmax: kernel<tf.LogSoftmaxInputs, tf.LogSoftmaxAttrs>(({ logits }, { axis }) =>
    node('LogSoftmax', [logits], { axis: axisOf(axis, logits) }, logits.shape, 'float32'),
  ),
};
