/**
 * AdamW on a flat parameter vector (Loshchilov & Hutter 2019): decoupled decay, clipping by the global norm. One pass in WebAssembly
 * over vectors that lie in one memory: a graph would make some twenty passes, and copies, and JavaScript computes one number at a time.
 */
import { RecodiError } from '../tensor/errors.ts';
import { createShared, rewrite, SHARED_HEADER_BYTES, type SharedFloats } from '../tensor/shared.ts';
import { ADAM_WASM } from './adam.wasm.ts';

export interface AdamSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly eps: number;
  /** Decoupled, times the learning rate. */
  readonly weightDecay: number;
  /** The gradient is scaled down to this norm; Infinity = never. */
  readonly maxGradNorm: number;
}

export interface AdamState {
  readonly params: Float32Array;
  readonly m: Float32Array;
  readonly v: Float32Array;
}

export interface Adam {
  readonly params: SharedFloats;
  readonly m: Float32Array;
  readonly v: Float32Array;
  /** [n]: the caller writes the gradient here. */
  readonly gradient: Float32Array;
  /** The gradient's norm. */
  norm(): number;
  /** `step`: number of this step, 1 for the first; `gradNorm`: the gradient's norm, which must be finite. */
  step(settings: AdamSettings, at: { readonly step: number; readonly lr: number; readonly gradNorm: number }): void;
}

interface Exports {
  sumOfSquares(from: number, end: number): number;
  step(...numbers: number[]): void;
}

/** What is used of WebAssembly; Node's types have its interfaces but not its classes. */
interface WebAssemblyClasses {
  readonly Memory: new (size: {
    initial: number;
    maximum: number;
    shared: true;
  }) => { readonly buffer: SharedArrayBuffer };
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
}
const { Memory, Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyClasses }).WebAssembly;

const PAGE = 65_536;
const MOST_PAGES = 65_536;
const VECTOR = 16;

/** Optimiser over copies of `start` (equal lengths); the parameters are at `version`. Throws `config` for more than 4 GiB. */
export function createAdam(id: string, start: AdamState, version: number): Adam {
  const n = start.params.length;
  const bytes = Math.ceil(start.params.byteLength / VECTOR) * VECTOR;
  const place = (i: number) => SHARED_HEADER_BYTES + i * bytes;
  const [params, m, v, gradient] = [place(0), place(1), place(2), place(3)];
  const pages = Math.ceil((gradient + bytes) / PAGE);
  if (pages > MOST_PAGES)
    throw new RecodiError(
      'config',
      `expected at most 268 million trained parameters for "${id}", got ${n}: use adapters`,
    );
  const memory = new Memory({ initial: pages, maximum: pages, shared: true });
  const module = new Module(Buffer.from(ADAM_WASM, 'base64'));
  const wasm = new Instance(module, { memory: { shared: memory } }).exports as Exports;
  const vector = (at: number) => new Float32Array(memory.buffer, at, n);
  vector(m).set(start.m);
  vector(v).set(start.v);
  const shared = createShared(id, start.params, version, memory.buffer);
  return {
    params: shared,
    m: vector(m),
    v: vector(v),
    gradient: vector(gradient),
    norm: () => Math.sqrt(wasm.sumOfSquares(gradient, gradient + bytes)),
    step({ beta1, beta2, eps, weightDecay, maxGradNorm }, { step, lr, gradNorm }) {
      const scale = Math.min(1, maxGradNorm / (gradNorm + 1e-6));
      const root = Math.sqrt(1 - beta2 ** step);
      const rate = (lr / (1 - beta1 ** step)) * root;
      const moments = [scale, beta1, 1 - beta1, beta2, 1 - beta2];
      rewrite(shared, () =>
        wasm.step(params, params + bytes, m, v, gradient, ...moments, 1 - lr * weightDecay, rate, eps * root),
      );
    },
  };
}
