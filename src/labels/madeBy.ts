/** What labels depend on beside the run's targets: recodi's version, the config, the policy. Equal hashes, equal labels. */
import type { Bench } from '../eval/bench.ts';
import { sha256 } from '../run/config/pin.ts';
import { packageVersion } from '../run/package.ts';

export function madeBy({ config, trained: { data } }: Pick<Bench, 'config' | 'trained'>): string {
  // What changes no label: where and by how many it is computed.
  const { workers: _, device: __, rollout: ___, ...settings } = config;
  const policy = sha256(Uint8Array.from(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  return sha256(JSON.stringify([packageVersion(), settings, policy]));
}
