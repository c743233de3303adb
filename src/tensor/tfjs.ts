/**
 * TensorFlow.js with its console banners off. Import `tf` from here inside this folder: the flag must be set before any backend starts.
 */
import * as tf from '@tensorflow/tfjs';

tf.enableProdMode();

export { tf };
