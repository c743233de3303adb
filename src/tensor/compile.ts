/**
 * `compile` turns a function over tensors into one over host arrays.
 * On `onnx` the function is recorded once per signature (shapes and dtypes of its inputs), lowered, and afterwards only replayed:
 * nothing in it runs again, so numbers, random draws and branches are those of the recording. On other devices it simply runs.
 * Inputs are read by reference and must not change during the call; outputs are fresh arrays.
 */
import { RecodiError } from './errors.ts';
import { type GraphNode, inputNode, record } from './graph.ts';
import { ARRAY_OF, type Host, type HostArray, mapHostArrays, mapTensors } from './host.ts';
import { lower } from './lower.ts';
import { onnxBackend } from './onnxDevice.ts';
import { openSession, type Session } from './session.ts';
import { countCapture } from './stats.ts';
import { tf } from './tfjs.ts';

export interface CompileOptions {
  /** Trade memory for speed in small-batch inference: see SessionSettings. */
  readonly prepack?: boolean;
  /** Products with frozen matrices in 8-bit integers, for inference: see int8.ts. Other devices than onnx compute as ever. */
  readonly int8?: boolean;
  /** A graph of small steps that runs all the time: see SessionSettings. */
  readonly hot?: boolean;
}

export interface Compiled<I, O> {
  (inputs: Host<I>): Promise<Host<O>>;
  /** Frees the sessions of this function; a later call records it again. */
  release(): Promise<void>;
}

/** A recorded signature: its session, and how to put output arrays back into the function's result. */
interface Capture {
  readonly session: Session;
  readonly assemble: (values: readonly HostArray[]) => unknown;
}

/** Records `fn` for inputs like `inputs` and returns its graph · throws what `fn` throws, with its name in front */
function capture(fn: (inputs: never) => unknown, inputs: unknown) {
  const engine = tf.engine();
  engine.startScope();
  try {
    return record(() => {
      const inputNodes: GraphNode[] = [];
      const placeholders = mapHostArrays(inputs, ({ shape, dtype }) => {
        const placeholder = inputNode(shape, dtype);
        inputNodes.push(placeholder);
        return onnxBackend().tensor(placeholder);
      });
      const outputNodes: GraphNode[] = [];
      const layout = mapTensors(fn(placeholders as never), tensor => {
        const index = outputNodes.push(onnxBackend().node(tensor)) - 1;
        return { dtype: tensor.dtype, shape: tensor.shape, data: Int32Array.of(index) };
      });
      const assemble = (values: readonly HostArray[]) =>
        mapHostArrays(layout, ({ data, shape, dtype }) => ({ dtype, shape, data: values[data[0]!]!.data }));
      return { inputNodes, outputNodes, assemble };
    });
  } finally {
    engine.endScope();
  }
}

function listInputs(name: string, inputs: unknown): HostArray[] {
  const list: HostArray[] = [];
  mapHostArrays(inputs, (array, path) => {
    if (array.data.buffer instanceof SharedArrayBuffer)
      throw new RecodiError('internal', `input ${path} of "${name}" lies in shared memory: pass a private copy`);
    list.push(array);
  });
  return list;
}

const signature = (inputs: readonly HostArray[]): string =>
  inputs.map(({ dtype, shape }) => `${dtype}[${shape}]`).join(' ');

async function runEagerly(fn: (inputs: never) => unknown, inputs: unknown): Promise<unknown> {
  const own = new Set<ArrayBufferLike>();
  const tensors: tf.Tensor[] = [];
  const tree = mapHostArrays(inputs, ({ data, shape, dtype }) => {
    own.add(data.buffer);
    const tensor = tf.tensor(data, shape.slice(), dtype);
    tensors.push(tensor);
    return tensor;
  });
  const results: tf.Tensor[] = [];
  const layout = tf.tidy(() => {
    const result = fn(tree as never);
    return mapTensors(result, tensor => {
      results.push(tf.keep(tensor.clone()));
      return { dtype: tensor.dtype, shape: tensor.shape, data: Int32Array.of(results.length - 1) };
    }) as tf.TensorContainer;
  });
  try {
    const values = await Promise.all(results.map(tensor => tensor.data()));
    return mapHostArrays(layout, ({ data, shape, dtype }) => {
      const value = values[data[0]!]! as HostArray['data'];
      const owned = value instanceof ARRAY_OF[dtype] && !own.has(value.buffer);
      return { dtype, shape, data: owned ? value : ARRAY_OF[dtype].from(value) };
    });
  } finally {
    for (const tensor of [...tensors, ...results]) tensor.dispose();
  }
}

const inFlight = new Set<Promise<unknown>>();

/** Resolves when the calls of compiled functions that are under way have ended, however they end. */
export async function callsEnded(): Promise<void> {
  await Promise.allSettled(inFlight);
}

/** `name` appears in errors and in engineStats(). `fn` is synchronous and returns a tree of tensors. */
export function compile<I, O>(name: string, fn: (inputs: I) => O, options: CompileOptions = {}): Compiled<I, O> {
  const captures = new Map<string, Promise<Capture>>();

  const prepare = async (key: string, inputs: unknown): Promise<Capture> => {
    const started = performance.now();
    const { inputNodes, outputNodes, assemble } = capture(fn, inputs);
    const model = lower(inputNodes, outputNodes, options);
    countCapture(name, performance.now() - started);
    const settings = { prepack: (options.prepack || options.int8) ?? false, hot: options.hot ?? false };
    const session = await openSession(name, model, settings, () => captures.delete(key));
    return { session, assemble };
  };

  const named = (error: unknown): never => {
    if (error instanceof RecodiError && error.message.includes(`"${name}"`)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new RecodiError(error instanceof RecodiError ? error.code : 'internal', `in "${name}": ${reason}`, {
      cause: error,
    });
  };

  const replay = async (inputs: unknown): Promise<unknown> => {
    const arrays = listInputs(name, inputs);
    const key = signature(arrays);
    for (;;) {
      let pending = captures.get(key);
      if (!pending) {
        pending = prepare(key, inputs);
        captures.set(key, pending);
        pending.catch(() => captures.delete(key));
      }
      const { session, assemble } = await pending;
      if (!session.open) continue;
      const values = await session.run(arrays);
      return assemble(values.map(data => ({ dtype: 'float32', shape: [], data })));
    }
  };

  const call = async (inputs: Host<I>): Promise<Host<O>> => {
    const run = tf.getBackend() === 'onnx' ? replay(inputs) : runEagerly(fn, inputs);
    inFlight.add(run);
    try {
      return (await run.catch(named)) as Host<O>;
    } finally {
      inFlight.delete(run);
    }
  };
  return Object.assign(call, {
    async release() {
      const settled = await Promise.allSettled(captures.values());
      await Promise.all(
        settled.map(result => (result.status === 'fulfilled' ? result.value.session.release() : undefined)),
      );
    },
  });
}

/** Graphs that are parts of one thing: each compiled when first asked for by its name, and released together. */
export function compileParts(name: string, options: CompileOptions) {
  const parts = new Map<string, Compiled<never, never>>();
  return {
    graph<I, O>(part: string, fn: (inputs: I) => O): Compiled<I, O> {
      const known = parts.get(part) as Compiled<I, O> | undefined;
      if (known) return known;
      const made = compile<I, O>(`${name}.${part}`, fn, options);
      parts.set(part, made as unknown as Compiled<never, never>);
      return made;
    },
    async release() {
      await Promise.all([...parts.values()].map(part => part.release()));
    },
  };
}
