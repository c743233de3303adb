/**
 * What a labelling has finished, kept until all of it is: one file per view, `labels/parts/<view>.json`. One that is started again goes
 * on behind them, where it reads the same policy by the same settings; a part of another, or a damaged one, is read anew.
 */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Bench } from '../eval/bench.ts';
import type { View } from '../lrm/views.ts';
import { RecodiError } from '../run/errors.ts';
import { makeFolder, onFile, readJson, writeFileAtomic } from '../run/files.ts';
import { fittedSchema } from './calibrated.ts';
import { madeBy } from './madeBy.ts';
import { labelSchema } from './schema.ts';

const partSchema = z.object({
  key: z.string(),
  fitted: fittedSchema.nullable(),
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
  const key = madeBy({ config, trained });
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
