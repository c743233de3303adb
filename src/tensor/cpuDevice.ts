/**
 * A kernel of tfjs's JavaScript backend put right: its tensorScatterUpdate writes into its input, which corrupts
 * whatever else holds that tensor (the caller's own array, values saved for a gradient). Here it writes into a copy.
 */
import { tf } from './tfjs.ts';

const NAME = 'TensorScatterUpdate';
const original = tf.getKernel(NAME, 'cpu');

interface Storage {
  readonly data: { get(dataId: object): { readonly values: Float32Array } };
  makeTensorInfo(shape: number[], dtype: tf.DataType, values: Float32Array): tf.TensorInfo;
}

const kernelFunc: tf.KernelFunc = args => {
  const storage = args.backend as Storage;
  const { dataId, shape, dtype } = args.inputs.tensor!;
  const tensor = storage.makeTensorInfo(shape, dtype, storage.data.get(dataId).values.slice());
  return original.kernelFunc({ ...args, inputs: { ...args.inputs, tensor } });
};

tf.unregisterKernel(NAME, 'cpu');
tf.registerKernel({ ...original, kernelFunc });
