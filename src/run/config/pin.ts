/**
 * The pinned config: complete, with defaults filled in, in the schema's order of keys, so that equal configs are equal
 * texts. Paths are written relative to the file's own folder, by the one rule for paths in configs.
 */
import { createHash } from 'node:crypto';
import { isAbsolute, relative } from 'node:path';
import { Document, isScalar, isSeq, visit } from 'yaml';
import type { z } from 'zod';
import { mapPaths, shapeOf } from './shape.ts';

/** The config as YAML for a file in `folder`. */
export function pinnedText<T>(schema: z.ZodType<T>, config: T, folder: string): string {
  const local = mapPaths(shapeOf(schema), config, path => (isAbsolute(path) ? relative(folder, path) || '.' : path));
  const document = new Document(local);
  visit(document, {
    Seq(_, list) {
      if (list.items.every(item => isScalar(item) || (isSeq(item) && item.items.every(isScalar)))) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 120, flowCollectionPadding: false });
}

/** Hex SHA-256 of a text. */
export function sha256(text: string | Uint8Array): string {
  return createHash('sha256').update(text).digest('hex');
}
