/**
 * The kinds of config that recodi reads, each with its schema and the key that only it has.
 */
import { z } from 'zod';
import { lrmConfigSchema } from '../lrm/config.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { checkConfig, readSources } from '../run/config/load.ts';
import { isSection } from '../run/config/source.ts';
import { worldSchema } from '../worlds/index.ts';

export const lrmTrainConfigSchema = lrmConfigSchema(worldSchema.prefault({ kind: 'arithmetic' }));

interface ConfigKind {
  readonly title: string;
  readonly command: string;
  readonly schema: z.ZodType<{ readonly name: string }>;
  /** A key that configs of this kind have, and no other. */
  readonly mark: string;
}

export const CONFIG_KINDS = {
  train: { title: 'The main job', command: 'recodi train CONFIG', schema: trainConfigSchema, mark: 'lrm' },
  lrm: {
    title: 'Training a latent-reasoning model',
    command: 'recodi lrm train CONFIG',
    schema: lrmTrainConfigSchema,
    mark: 'stages',
  },
} as const satisfies Record<string, ConfigKind>;

export type KindName = keyof typeof CONFIG_KINDS;
export const KIND_NAMES = Object.keys(CONFIG_KINDS) as KindName[];

/** Loads a config of a kind that its own keys tell; one that has no kind's key is checked as a train config. */
export function loadAnyConfig(file: string, sets: readonly string[]) {
  const sources = readSources(file, sets);
  const value = isSection(sources.value) ? sources.value : {};
  const kind = KIND_NAMES.find(name => CONFIG_KINDS[name].mark in value) ?? 'train';
  const schema: z.ZodType<{ readonly name: string }> = CONFIG_KINDS[kind].schema;
  return { kind, schema, config: checkConfig(schema, sources) };
}

/** JSON Schema of a kind, for editors. */
export function jsonSchema(kind: KindName): unknown {
  return z.toJSONSchema(CONFIG_KINDS[kind].schema, { io: 'input' });
}
