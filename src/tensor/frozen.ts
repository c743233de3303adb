/**
 * Frozen tensors: weights that stay in their safetensors file.
 * On `onnx` a frozen tensor is a leaf that points into the file, which ONNX Runtime maps (one copy for all sessions and threads);
 * other backends read it once each. A tensor that cannot be mapped as it lies (not float32, or not at a multiple of four bytes) is read.
 */
import { realpathSync } from 'node:fs';
import { RecodiError } from './errors.ts';
import { frozenNode, type GraphNode, hostNode } from './graph.ts';
import { releaseInt8 } from './int8.ts';
import { onnxBackend } from './onnxDevice.ts';
import { openSafetensors } from './safetensors.ts';
import { tf } from './tfjs.ts';

type Weights = ReturnType<typeof openSafetensors>;

const paths = new Map<string, string>();
const files = new Map<string, Weights>();
const nodes = new Map<string, GraphNode>();
const eager = new Map<string, tf.Tensor>();

function memo<T>(cache: Map<string, T>, key: string, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  return made;
}

/** Tensor `name` of the safetensors file `file`, as float32 · throws RecodiError('input') when the file has no such tensor */
export function frozen(file: string, name: string): tf.Tensor {
  const resolved = memo(paths, file, () => realpathSync(file));
  const weights = memo(files, resolved, () => openSafetensors(resolved));
  const entry = weights.tensors.get(name);
  if (!entry) {
    const some = [...weights.tensors.keys()].slice(0, 4).join(', ');
    throw new RecodiError('input', `${file} has no tensor "${name}"; it has ${weights.tensors.size}, such as ${some}`);
  }
  const key = `${resolved}\n${name}`;
  if (tf.getBackend() === 'onnx') {
    const mappable = entry.dtype === 'F32' && entry.offset % 4 === 0;
    const leaf = memo(nodes, key, () =>
      mappable
        ? frozenNode({ file: resolved, offset: entry.offset, bytes: entry.bytes }, entry.shape)
        : hostNode(weights.read(name), entry.shape, 'float32'),
    );
    return onnxBackend().tensor(leaf);
  }
  return memo(eager, `${tf.getBackend()}\n${key}`, () =>
    tf.keep(tf.tensor(weights.read(name), entry.shape.slice(), 'float32')),
  );
}

/** Forgets opened files and frees what other backends have read. */
export function releaseFrozen(): void {
  for (const tensor of eager.values()) tensor.dispose();
  for (const cache of [paths, files, nodes, eager]) cache.clear();
  releaseInt8();
}
