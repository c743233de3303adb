/**
 * The tensor engine: TensorFlow.js whose graphs run natively. Model code is ordinary tfjs; `useDevice` chooses what computes,
 * `compile` turns a function over tensors into one over typed arrays, `frozen` names a weight that stays in its file.
 */
import { callsEnded } from './compile.ts';
import { releaseFrozen } from './frozen.ts';
import './gradients.ts';
import { closeSessions } from './session.ts';

export { type Compiled, type CompileOptions, compile, compileParts } from './compile.ts';
export { type Device, type DeviceChoice, type DeviceReport, probeDevices, useDevice } from './devices.ts';
export { type ErrorCode, RecodiError } from './errors.ts';
export { frozen } from './frozen.ts';
export { type DType, f32, type Host, type HostArray, i32 } from './host.ts';
export { type EngineStats, engineStats } from './stats.ts';
export { tf } from './tfjs.ts';

/** Waits for calls in flight, then frees every session of this thread and what frozen tensors have read. The engine stays usable. */
export async function closeEngine(): Promise<void> {
  await callsEnded();
  await closeSessions();
  releaseFrozen();
}
