/**
 * Which TensorFlow.js backend computes: `onnx` (ONNX Runtime, the default), `tensorflow` (tfjs-node-gpu or tfjs-node, where a user
 * has installed one) or `cpu` (tfjs's own JavaScript, slow, for checking). One device per thread, chosen by `useDevice`.
 */
import * as util from 'node:util';
import { RecodiError } from './errors.ts';
import './cpuDevice.ts';
import './onnxDevice.ts';
import { loadRuntime } from './runtime.ts';
import { tf } from './tfjs.ts';

export type Device = 'onnx' | 'tensorflow' | 'cpu';
export type DeviceChoice = 'auto' | Device;

export interface DeviceReport {
  readonly device: Device;
  readonly usable: boolean;
  /** Whether this thread computes on it now. */
  readonly used: boolean;
  /** What runs it, with its version; empty when it is not usable. */
  readonly version: string;
  /** Why it cannot be used; empty when it can. */
  readonly reason: string;
}

interface Binding {
  readonly version?: Readonly<Record<string, string>>;
}

const BINDINGS = ['@tensorflow/tfjs-node-gpu', '@tensorflow/tfjs-node'];

/** tfjs-node calls two functions of node:util that Node 23 removed. */
function restoreUtil(): void {
  const removed = { isNullOrUndefined: (x: unknown) => x === null || x === undefined, isArray: Array.isArray };
  const target = util as unknown as { default: Record<string, unknown> };
  for (const [name, value] of Object.entries(removed)) target.default[name] ??= value;
}

const firstLine = (error: unknown): string => String(error instanceof Error ? error.message : error).split('\n')[0]!;

/** Loads the first binding that works and returns its name and version; keeps the backend that was in use. */
async function loadTensorflow(): Promise<string> {
  const before = tf.getBackend();
  restoreUtil();
  const reasons: string[] = [];
  for (const binding of BINDINGS) {
    try {
      const loaded = (await import(binding)) as Binding & { readonly default?: Binding };
      if (before) await tf.setBackend(before);
      const version = loaded.version ?? loaded.default?.version;
      return `${binding} ${version?.['tfjs-node'] ?? ''}`.trim();
    } catch (error) {
      reasons.push(`${binding}: ${firstLine(error)}`);
    }
  }
  throw new Error(reasons.join('; '));
}

let tensorflow: Promise<string> | undefined;

const LOAD: Readonly<Record<Device, () => Promise<string>>> = {
  onnx: async () => `onnxruntime-node ${(await loadRuntime()).env.versions.node}`,
  tensorflow: () => {
    tensorflow ??= loadTensorflow();
    return tensorflow;
  },
  cpu: async () => `@tensorflow/tfjs ${tf.version['tfjs-core']}`,
};

async function probe(device: Device): Promise<DeviceReport> {
  try {
    const version = await LOAD[device]();
    return { device, usable: true, used: tf.getBackend() === device, version, reason: '' };
  } catch (error) {
    return { device, usable: false, used: false, version: '', reason: firstLine(error) };
  }
}

/** Every device: whether it can be used here, what runs it, or why not. */
export async function probeDevices(): Promise<DeviceReport[]> {
  return [await probe('onnx'), await probe('tensorflow'), await probe('cpu')];
}

/** Makes this thread compute on `choice`; `auto` takes the first of onnx, tensorflow, cpu that works · throws RecodiError('device') */
export async function useDevice(choice: DeviceChoice): Promise<DeviceReport> {
  const candidates: readonly Device[] = choice === 'auto' ? ['onnx', 'tensorflow', 'cpu'] : [choice];
  const reasons: string[] = [];
  for (const device of candidates) {
    const report = await probe(device);
    if (report.usable && (await tf.setBackend(device))) return { ...report, used: true };
    reasons.push(`${device}: ${report.reason || 'the backend did not start'}`);
  }
  throw new RecodiError(
    'device',
    `device ${choice} cannot be used here (${reasons.join('; ')}). Choose another one, or see what is missing with: recodi doctor`,
  );
}
