/**
 * The registry of worlds: a world is named by its `kind` in the config. A new one is its file, its schema in the list
 * and its case below.
 */
import { z } from 'zod';
import { arithmeticSchema, createArithmetic } from './arithmetic.ts';
import { createJsonlWorld, jsonlSchema } from './list.ts';
import type { World } from './problem.ts';

/** The config's `world` section. */
export const worldSchema = z
  .discriminatedUnion('kind', [arithmeticSchema, jsonlSchema])
  .describe('where problems come from');
export type WorldConfig = z.infer<typeof worldSchema>;

/** The same config gives the same world in every process. @throws RecodiError('input') where its files cannot be used. */
export function createWorld(config: WorldConfig): World {
  switch (config.kind) {
    case 'arithmetic':
      return createArithmetic(config);
    case 'jsonl':
      return createJsonlWorld(config);
  }
}
