/**
 * A bank's states as a run folder keeps them, so that they are read once: `bank.safetensors`, with hashes of the texts and of the
 * states. It can always be made again, so a file that is of other texts or damaged counts as none.
 */
import { existsSync } from 'node:fs';
import { sha256 } from '../run/config/pin.ts';
import { RecodiError } from '../run/errors.ts';
import { openSafetensors, writeSafetensors } from '../tensor/safetensors.ts';

const hashOf = (texts: readonly string[]) => sha256(texts.join('\n'));
const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  sha256(new Uint8Array(buffer, byteOffset, byteLength));

/** `states`: [texts,d] */
export function keepStates(path: string, texts: readonly string[], states: Float32Array): void {
  const shape = [texts.length, states.length / texts.length];
  writeSafetensors(
    path,
    { states: { dtype: 'F32', shape, data: states } },
    { texts: hashOf(texts), states: bytesOf(states) },
  );
}

/** The states that were kept of these texts, [texts,d]. */
export function keptStates(path: string, texts: readonly string[], d: number): Float32Array | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const { metadata, tensors, read } = openSafetensors(path);
    if (metadata.texts !== hashOf(texts) || tensors.get('states')?.shape.join() !== `${texts.length},${d}`)
      return undefined;
    const states = read('states');
    return metadata.states === bytesOf(states) ? states : undefined;
  } catch (thrown) {
    if (thrown instanceof RecodiError) return undefined;
    throw thrown;
  }
}
