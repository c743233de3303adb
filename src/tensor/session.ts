/**
 * ONNX Runtime sessions of this thread: creation with the project's settings, a least-recently-used limit, and orderly release.
 * A session that is running or about to run is pinned and never released; `closeSessions` waits for the runs in flight.
 */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type * as Runtime from 'onnxruntime-node';
import { RecodiError } from './errors.ts';
import type { DataArray, DType, HostArray } from './host.ts';
import type { Model } from './lower.ts';
import { loadRuntime } from './runtime.ts';
import { count } from './stats.ts';

export interface SessionSettings {
  /** Let the runtime copy weights into its fastest layout: for small batches, at one copy of the weights per session. */
  readonly prepack: boolean;
  /**
   * For a graph of small steps that runs all the time: the runtime's own fusions, for a longer start, and an arena that keeps the
   * memory of a run for the next. Dozens of arenas would hold gigabytes: each keeps the most that its session ever used.
   */
  readonly hot: boolean;
}

/** More sessions than this and the one unused for longest is released. */
const SESSION_LIMIT = 32;

function options(
  name: string,
  { prepack, hot }: SessionSettings,
  folder: string | undefined,
): Runtime.InferenceSession.SessionOptions {
  // RECODI_PROFILE=FOLDER: every session leaves ONNX Runtime's own profile there when it is released. Its records fill the gaps
  // between the runs' arrays, so without an arena every run would take fresh memory, and it is that which would be measured.
  const { RECODI_PROFILE: profiles } = process.env;
  return {
    ...(profiles && { enableProfiling: true, profileFilePrefix: join(profiles, `${name}.${randomUUID()}`) }),
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    graphOptimizationLevel: hot ? 'extended' : 'disabled',
    enableMemPattern: false,
    enableCpuMemArena: hot || profiles !== undefined,
    logSeverityLevel: 3,
    extra: {
      session: {
        disable_prepacking: prepack ? '0' : '1',
        intra_op: { allow_spinning: '0' },
        inter_op: { allow_spinning: '0' },
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
      },
    },
  };
}

type ToNative = (dtype: DType, data: DataArray, shape: readonly number[]) => Runtime.Tensor;

/** One model, ready to run. */
export class Session {
  private readonly model: Model;
  private readonly implicit: Readonly<Record<string, Runtime.Tensor>>;
  private readonly native: Runtime.InferenceSession;
  private readonly toNative: ToNative;
  private readonly onRelease: () => void;
  private running = 0;
  private released: Promise<void> | undefined;
  private idle: (() => void) | undefined;

  constructor(model: Model, native: Runtime.InferenceSession, toNative: ToNative, onRelease: () => void) {
    this.model = model;
    this.native = native;
    this.toNative = toNative;
    this.onRelease = onRelease;
    this.implicit = Object.fromEntries(
      Array.from(model.implicit, ([name, node]) => [name, toNative(node.dtype, node.data!, node.shape)]),
    );
  }

  get busy(): boolean {
    return this.running > 0;
  }

  get open(): boolean {
    return this.released === undefined;
  }

  /** Values of the model's outputs, in order, in fresh arrays. */
  async run(inputs: readonly HostArray[]): Promise<DataArray[]> {
    const feeds: Record<string, Runtime.Tensor> = { ...this.implicit };
    this.model.inputs.forEach((name, i) => {
      const input = inputs[i]!;
      if (name !== undefined) feeds[name] = this.toNative(input.dtype, input.data, input.shape);
    });
    this.running += 1;
    count('runs');
    touch(this);
    try {
      const results = await this.native.run(feeds);
      return this.model.outputs.map(name => results[name]!.data as DataArray);
    } finally {
      this.running -= 1;
      if (this.running === 0) this.idle?.();
    }
  }

  /** Frees the session once its runs in flight have ended. */
  release(): Promise<void> {
    this.released ??= this.free();
    return this.released;
  }

  private async free(): Promise<void> {
    open.delete(this);
    this.onRelease();
    if (this.busy) await new Promise<void>(resolve => (this.idle = resolve));
    await this.native.release();
    count('sessions', -1);
    count('released');
  }
}

/** Open sessions, least recently used first. */
const open = new Set<Session>();

function touch(session: Session): void {
  open.delete(session);
  open.add(session);
}

/** `name` says whose graph it is when the runtime refuses it; `onRelease` runs when the session goes, whoever asked for it. */
export async function openSession(
  name: string,
  model: Model,
  settings: SessionSettings,
  onRelease: () => void = () => {},
): Promise<Session> {
  const started = performance.now();
  const ort = await loadRuntime();
  const toNative: ToNative = (dtype, data, shape) => new ort.Tensor(dtype as 'float32', data as Float32Array, shape);
  let native: Runtime.InferenceSession;
  try {
    native = await ort.InferenceSession.create(model.bytes, options(name, settings, model.folder));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecodiError('internal', `ONNX Runtime refused the graph of "${name}" (${model.nodes} nodes): ${reason}`, {
      cause,
    });
  }
  const session = new Session(model, native, toNative, onRelease);
  count('sessions');
  count('sessionMs', performance.now() - started);
  open.add(session);
  if (open.size > SESSION_LIMIT) await [...open].find(other => other !== session && !other.busy)?.release();
  return session;
}

/** Waits for runs in flight and releases every session of this thread. */
export async function closeSessions(): Promise<void> {
  await Promise.all(Array.from(open, session => session.release()));
}
