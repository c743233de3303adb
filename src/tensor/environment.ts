/**
 * What the native libraries read from the process's environment, set where the user has not set it. They read it when they are
 * first loaded, in whatever thread, but only the main thread can set it: everything that leads to a worker imports this module.
 */
import { isMainThread } from 'node:worker_threads';

const DEFAULTS = {
  /** ONNX Runtime sends usage reports to its makers unless told not to. */
  ORT_DISABLE_TELEMETRY: '1',
  /** TensorFlow logs every optimisation that it did not find. */
  TF_CPP_MIN_LOG_LEVEL: '3',
  /** Parallelism is the worker pool's: one thread each, as ONNX Runtime is told by session. */
  TF_NUM_INTRAOP_THREADS: '1',
};

if (isMainThread) for (const [name, value] of Object.entries(DEFAULTS)) process.env[name] ??= value;
