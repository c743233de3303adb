/**
 * The keys that every config begins with, whatever it is a config of.
 */
import { z } from 'zod';

/** Layout of configs and run folders; a change that older code cannot read raises it. */
export const FORMAT = 1;

export const commonKeys = {
  format: z
    .literal(FORMAT)
    .default(FORMAT)
    .describe('version of the config and of the run folder; leave it out of configs that you write'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/)
    .describe('name of the run, and of its folder; letters, digits, ".", "_" and "-"'),
  seed: z.int().min(0).default(0).describe('everything random is derived from it'),
  device: z
    .enum(['auto', 'onnx', 'tensorflow', 'cpu'])
    .default('auto')
    .describe('what computes; `recodi doctor` shows what there is. It changes results by rounding only'),
  workers: z
    .union([z.literal('auto'), z.int().min(1).max(512)])
    .default('auto')
    .describe('threads that compute; auto is one per core. It never changes a result'),
} as const;
