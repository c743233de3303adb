/**
 * What a benchmark is made of. A case has variants (other batch sizes, other numbers of workers), each measured in a process of
 * its own so that its memory is its own too; its peer in PyTorch, where there is one, is another process.
 */
import type { Device } from '../src/tensor/devices.ts';

export interface Work {
  /** Necessary floating-point operations of what was done: see flops.ts. */
  readonly flops: number;
  /** Bytes that it cannot do without from memory, where it works on more than a cache holds. */
  readonly bytes?: number;
  /** Milliseconds of its parts, where they are known. */
  readonly parts?: Readonly<Record<string, number>>;
}

export interface Subject {
  once(): Promise<Work>;
  /** Milliseconds that one thread has spent on making sessions: recording, lowering, and ONNX Runtime's own part. */
  sessionMs(): number;
  close(): Promise<void>;
}

/** A script in peers/ and its options. */
export interface Peer {
  readonly script: string;
  readonly options: Readonly<Record<string, number>>;
}

export interface Variant {
  readonly label: string;
  readonly threads: number;
  /** What one repeat makes: `{ tokens: 224 }`. */
  readonly makes: Readonly<Record<string, number>>;
  /** Measurements in a row before it is another's turn. */
  readonly burst: number;
  /** The same in PyTorch. */
  readonly peer?: Peer;
  /** By others, by name. */
  readonly others?: Readonly<Record<string, Peer>>;
  create(device: Device): Promise<Subject>;
}
