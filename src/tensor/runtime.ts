/** ONNX Runtime, loaded on first use: on a platform without its binary the other devices still work. */
import './environment.ts';
import type * as Runtime from 'onnxruntime-node';

type Module = typeof Runtime;

let loaded: Promise<Module> | undefined;

/** Rejects with Node's own error where the binary cannot be loaded. */
export function loadRuntime(): Promise<Module> {
  loaded ??= import('onnxruntime-node');
  return loaded;
}
