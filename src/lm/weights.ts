/**
 * Where a model's numbers come from, behind one question: "the tensor called NAME". Frozen weights are mapped from a
 * safetensors file, trained ones are views of a flat parameter vector, and low-rank adapters sit on top of either, so
 * model code never knows which it runs on. Names are Hugging Face's.
 */
import type * as tf from '@tensorflow/tfjs';
import { RecodiError } from '../tensor/errors.ts';
import { frozen } from '../tensor/index.ts';
import { adapterNames, type LoraSettings, targets } from './lora.ts';

/** A low-rank update of one linear: W + scale · b·a. */
export interface Adapter {
  readonly a: tf.Tensor2D; // [r, in]
  readonly b: tf.Tensor2D; // [out, r]
  readonly scale: number;
}

export interface Weights {
  /** @throws RecodiError when there is no tensor of that name. */
  tensor(name: string): tf.Tensor;
  adapter?(name: string): Adapter | undefined;
}

/** Tensors of a float32 safetensors file, declared when first asked for. */
export function frozenWeights(file: string): Weights {
  return { tensor: name => frozen(file, name) };
}

/** Views of a parameter vector (see parameters.ts); `prefix` is put before each name that model code asks for. */
export function viewWeights(views: Readonly<Record<string, tf.Tensor>>, prefix = ''): Weights {
  return { tensor: name => viewNamed(views, prefix + name) };
}

/** `base` with the low-rank adapters that `views` hold under PEFT's names for every linear that `settings` choose. */
export function withAdapters(
  base: Weights,
  views: Readonly<Record<string, tf.Tensor>>,
  settings: LoraSettings,
): Weights {
  return {
    tensor: name => base.tensor(name),
    adapter(name) {
      if (!targets(settings, name)) return base.adapter?.(name);
      const names = adapterNames(name);
      return {
        a: viewNamed(views, names.a) as tf.Tensor2D,
        b: viewNamed(views, names.b) as tf.Tensor2D,
        scale: settings.alpha / settings.r,
      };
    },
  };
}

function viewNamed(views: Readonly<Record<string, tf.Tensor>>, name: string): tf.Tensor {
  const view = views[name];
  if (view) return view;
  const sample = Object.keys(views).slice(0, 3).join(', ');
  throw new RecodiError(
    'internal',
    `No parameter "${name}" among ${Object.keys(views).length} views (${sample}, …): the layout was made for another model.`,
  );
}
