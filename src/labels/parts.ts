/**
 * What a labelling has finished, kept until all of it is: one file per view, `labels/parts/<view>.json`. One that is started again goes
 * on behind them, where it reads the same policy by the same settings; a part of another, or a damaged one, is read anew.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from '../eval/bench.ts';
import type { View } from '../lrm/views.ts';
import { sha256 } from '../run/config/pin.ts';
import { RecodiError } from '../run/errors.ts';
import { makeFolder, onFile, readJson, writeFileAtomic } from '../run/files.ts';
import { packageVersion } from '../run/package.ts';
import { labelSchema } from './schema.ts';

const partSchema = z.object({
  /** Of everything that the labels depend on. */
  key: z.string(),
  fitted: z
    .object({
      fit: z.object({ intercept: z.number(), weights: z.record(z.string(), z.number()) }),
      fitted_on: z.int(),
    })
    .nullable(),
  labels: z.array(labelSchema),
});

export type Part = Omit<z.infer<typeof partSchema>, 'key'>;

export interface Parts {
  read(view: Pick<View, 'id'>): Part | undefined;
  write(view: Pick<View, 'id'>, part: Part): void;
  clear(): void;
}

export function partsOf({ config, paths, trained }: Pick<Bench, 'config' | 'paths' | 'trained'>): Parts {
  const folder = join(paths.labels, 'parts');
  const fileOf = ({ id }: Pick<View, 'id'>) => join(folder, `${id}.json`);
  // What changes no label: where and by how many it is computed.
  const { workers: _, device: __, rollout: ___, ...settings } = config;
  const policy = sha256(
    Uint8Array.from(new Uint8Array(trained.data.buffer, trained.data.byteOffset, trained.data.byteLength)),
  );
  const key = sha256(JSON.stringify([packageVersion(), settings, policy]));
  return {
    read(view) {
      if (!existsSync(fileOf(view))) return undefined;
      try {
        const { key: of, ...part } = readJson(fileOf(view), partSchema);
        return of === key ? part : undefined;
      } catch (thrown) {
        if (thrown instanceof RecodiError) return undefined;
        throw thrown;
      }
    },
    write(view, part) {
      makeFolder(folder);
      writeFileAtomic(fileOf(view), JSON.stringify({ key, ...part }));
    },
    clear: () => onFile(folder, () => rmSync(folder, { recursive: true, force: true })),
  };
}
