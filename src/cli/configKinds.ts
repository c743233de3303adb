/**
 * The kinds of config that recodi reads, each with its schema and the key that only it has.
 */
import { z } from 'zod';
import { lrmConfigSchema } from '../lrm/config.ts';
import { oracleConfigSchema } from '../oracle/config.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { checkConfig, readSources } from '../run/config/load.ts';
import { isSection, type Sources } from '../run/config/source.ts';
import { worldSchema } from '../worlds/index.ts';

export const lrmTrainConfigSchema = lrmConfigSchema(worldSchema.prefault({ kind: 'arithmetic' }));

interface CommonConfig {
  readonly name: string;
  readonly seed: number;
  readonly workers: unknown;
  readonly device: unknown;
}

interface ConfigKind {
  readonly title: string;
  readonly command: string;
  readonly schema: z.ZodType<CommonConfig>;
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
  oracle: {
    title: 'Training an oracle',
    command: 'recodi oracle train CONFIG',
    schema: oracleConfigSchema,
    mark: 'tasks',
  },
} as const satisfies Record<string, ConfigKind>;

export type KindName = keyof typeof CONFIG_KINDS;
export const KIND_NAMES = Object.keys(CONFIG_KINDS) as KindName[];

function kindOf({ value }: Sources): KindName {
  return KIND_NAMES.find(name => isSection(value) && CONFIG_KINDS[name].mark in value) ?? 'train';
}

/** The kind of a config file, told by its keys; one that has no kind's key counts as a train config. */
export const kindOfFile = (file: string): KindName => kindOf(readSources(file));

/** Loads a config of whatever kind it is. */
export function loadAnyConfig(file: string, sets: readonly string[]) {
  const sources = readSources(file, sets);
  const kind = kindOf(sources);
  const schema: z.ZodType<CommonConfig> = CONFIG_KINDS[kind].schema;
  return { kind, schema, config: checkConfig(schema, sources) };
}

/** JSON Schema of a kind, for editors. */
export function jsonSchema(kind: KindName): unknown {
  return z.toJSONSchema(CONFIG_KINDS[kind].schema, { io: 'input' });
}
