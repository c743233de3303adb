/**
 * The config of a latent-reasoning model's training: `recodi lrm train CONFIG`.
 *
 * Defaults are the settings that worked on arithmetic word problems; values from a paper say so. The world's schema is
 * handed in, because worlds lie above this layer.
 */
import { z } from 'zod';
import { commonKeys } from '../run/config/common.ts';
import { count, positive, weight } from '../run/config/numbers.ts';
import { pathText } from '../run/config/shape.ts';
import { LATENT_INPUTS } from './codi.ts';

const model = z
  .strictObject({
    hidden_size: count.default(128).describe('width of the residual stream'),
    layers: count.default(4).describe('transformer blocks'),
    heads: count.default(4).describe('attention heads'),
    kv_heads: count.default(4).describe('heads of keys and values; fewer than heads is grouped-query attention'),
    intermediate_size: count.default(352).describe('width of the SwiGLU layer'),
    max_positions: count.default(256).describe('the longest sequence'),
    rope_theta: positive.default(10_000).describe('base of the rotary frequencies'),
    norm_eps: positive.default(1e-5).describe('epsilon of the RMS norms'),
    tie_embeddings: z.boolean().default(true).describe('the head is the embedding matrix'),
    init_std: positive.default(0.04).describe('standard deviation of the first weight matrices'),
    embedding_std: positive.default(0.06).describe('standard deviation of the first embeddings'),
  })
  .refine(({ hidden_size, heads }) => hidden_size % (2 * heads) === 0, {
    error: 'hidden_size must be a multiple of 2 · heads (rotary positions turn pairs)',
    path: ['hidden_size'],
  })
  .refine(({ heads, kv_heads }) => heads % kv_heads === 0, {
    error: 'heads must be a multiple of kv_heads',
    path: ['kv_heads'],
  });

const stage = z.strictObject({
  name: z
    .string()
    .regex(/^[A-Za-z0-9_-]+$/)
    .describe('name of the stage, in metrics and progress'),
  steps: count.describe('optimiser steps'),
  lr: positive.default(1e-3).describe('highest learning rate; after the warm-up it falls as a cosine'),
  min_lr_ratio: z.number().min(0).max(1).default(0.05).describe('last learning rate as a share of the highest'),
  warmup: z.int().min(0).default(100).describe('steps over which the learning rate rises'),
  clip: positive.default(1).describe('gradient norm is cut to this; CODI uses 2 (arXiv 2502.21074)'),
  weight_decay: weight.default(0.01).describe('decoupled weight decay'),
  beta2: z.number().min(0).lt(1).default(0.98).describe("Adam's second beta"),
  mix: z
    .record(z.string().regex(/^[1-9][0-9]*$/), positive)
    .optional()
    .describe('how often a problem has 1, 2, 3, … steps, as `3: .5`; default: as the world mixes them'),
  student: z.boolean().default(true).describe('train the latent path too; false is explicit chains only (stage A)'),
  distill_weight: weight
    .default(20)
    .describe("weight of the distance between student's and teacher's states (CODI's gamma: 20 for Llama-1B)"),
  distill_ramp: z
    .strictObject({
      from: z.int().min(0).describe('step until which the weight is 0'),
      to: count.describe('step from which the weight is whole'),
    })
    .optional()
    .describe('raises distill_weight from 0, in a line'),
  answer_weight: z
    .number()
    .min(0)
    .max(1)
    .default(0.5)
    .describe("share of the student's cross-entropy that is the answer token's alone"),
});

/** The schema, with `world` as the section `world`. */
export function lrmConfigSchema<W extends z.ZodType>(world: W) {
  return z
    .strictObject({
      ...commonKeys,
      world: world.describe('the problems that it learns to solve'),
      model: model.prefault({}).describe('size of the transformer (llama family)'),
      init: z
        .strictObject({
          lrm: pathText.describe('folder of a model of the same sizes'),
          rename: z
            .record(z.string(), z.string())
            .default({})
            .describe('its words, and what they are called in this world, as `+: plus`'),
        })
        .optional()
        .describe('the model whose weights it begins with; default: none, it is trained from nothing'),
      latents: z.int().min(1).max(64).default(4).describe('latent steps N'),
      latent_inputs: z
        .enum(LATENT_INPUTS)
        .default('recurrent')
        .describe(
          'what a latent step takes in: the projection of the state before it, or a learned embedding (a control model without recurrence; pause tokens, arXiv 2310.02226)',
        ),
      projection_size: count
        .default(256)
        .describe('hidden width of the projection from state to next input; recurrent inputs only'),
      batch_size: count.default(64).describe('problems per optimiser step'),
      micro_batch_size: count.default(32).describe('problems per gradient task; part of the result, unlike workers'),
      stages: z.array(stage).min(1).describe('trained in order, each with a fresh optimiser'),
      eval: z
        .strictObject({
          problems: count.default(512).describe('held-out problems of the evaluation'),
          steps: count.optional().describe('steps of those problems; default: as the world mixes them'),
        })
        .prefault({})
        .describe('what is measured at the end'),
      checkpoint_every: count.default(100).describe('optimiser steps between checkpoints'),
      checkpoint_minutes: positive.optional().describe('minutes between checkpoints, where that is sooner'),
      keep_checkpoints: count.default(2).describe('older checkpoints are removed'),
    })
    .refine(({ batch_size, micro_batch_size }) => batch_size % micro_batch_size === 0, {
      error: 'batch_size must be a multiple of micro_batch_size',
      path: ['micro_batch_size'],
    });
}

export type LrmConfig<W extends z.ZodType = z.ZodType> = z.infer<ReturnType<typeof lrmConfigSchema<W>>>;
export type LrmStage = z.infer<typeof stage>;
