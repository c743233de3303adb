/** The config of an oracle's training: `recodi oracle train CONFIG`. */
import { z } from 'zod';
import { commonKeys } from '../run/config/common.ts';
import { meant } from '../run/config/nearest.ts';
import { count, positive, share, weight } from '../run/config/numbers.ts';
import { pathText } from '../run/config/shape.ts';
import { TASK_NAMES, taskNamed } from './tasks/index.ts';

const injection = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z
      .literal('residual')
      .describe(
        "added at the markers to a block's output, as long as what is there; nothing of it is trained (activation oracles)",
      ),
    block: z.int().min(0).default(1).describe('the block, from 0, whose output it is; not the last one'),
    coefficient: positive.default(1).describe('times the length of what is there'),
  }),
  z.strictObject({
    kind: z
      .literal('embedding')
      .describe("a trained affine map of the standardised vector in the marker's place, as policies take targets"),
  }),
]);

export const oracleConfigSchema = z
  .strictObject({
    ...commonKeys,
    run: pathText.describe(
      'the run of `recodi train` whose thoughts it is asked about; its labels where tasks use them',
    ),
    model: pathText
      .optional()
      .describe("folder of the language model that becomes the oracle; default: the run's latent-reasoning model"),
    trainable: z.enum(['full', 'lora']).default('full').describe('train all weights, or adapters on chosen linears'),
    lora: z
      .strictObject({
        r: count.default(64).describe('rank (activation oracles: 64)'),
        alpha: positive.default(128).describe('scale, divided by r (activation oracles: 128)'),
        target_modules: z
          .array(z.enum(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']))
          .min(1)
          .default(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'])
          .describe('linears that get an adapter'),
      })
      .prefault({})
      .describe('used where trainable is lora'),
    injection: injection.prefault({ kind: 'embedding' }).describe('how vectors get into the prompt'),
    tasks: z
      .record(z.string(), positive)
      .refine(tasks => Object.keys(tasks).length > 0, { error: 'expected at least one task with its weight' })
      .superRefine((tasks, context) => {
        for (const name of Object.keys(tasks))
          if (!taskNamed(name))
            context.addIssue({
              code: 'custom',
              path: [name],
              message: `no task "${name}"; ${meant(name, TASK_NAMES)}`,
            });
      })
      .describe('the mixture: tasks by name with their weights, as `computing: 2` (docs/oracle.md lists them)'),
    problems: z
      .strictObject({
        train: count
          .default(4000)
          .describe('problems that questions are made of; the labelled ones where labels are used'),
        validation: count.default(200).describe('problems by which the best checkpoint is chosen'),
        test: count.default(200).describe('held-out problems of the evaluation'),
      })
      .prefault({})
      .describe('how many problems'),
    steps: count.default(2000).describe('optimiser steps'),
    batch_size: count.default(64).describe('questions per optimiser step, of similar lengths'),
    micro_batch_size: count.default(32).describe('questions per gradient task; part of the result, unlike workers'),
    lr: positive.default(1e-3).describe('highest learning rate; after the warm-up it falls as a cosine'),
    min_lr_ratio: share.default(0.05).describe('last learning rate as a share of the highest'),
    warmup: z.int().min(0).default(100).describe('steps over which the learning rate rises'),
    weight_decay: weight.default(0.01).describe('decoupled weight decay'),
    max_grad_norm: positive.default(1).describe('gradient norm is cut to this'),
    max_new_tokens: z.int().min(1).max(1024).default(48).describe('longest answer'),
    validate_every: count.default(300).describe('steps between validations; the best of them is kept'),
    validation_questions: count.default(384).describe('questions of a validation'),
    checkpoint_every: count.default(300).describe('steps between checkpoints'),
    checkpoint_minutes: positive.optional().describe('minutes between checkpoints, where that is sooner'),
    keep_checkpoints: count.default(2).describe('older checkpoints are removed'),
    eval: z
      .strictObject({
        bootstrap: count.default(1000).describe('resamples of the problems for the intervals'),
        confidence: z.number().gt(0).lt(1).default(0.95).describe('of the intervals'),
      })
      .prefault({})
      .describe('what is measured at the end'),
  })
  .refine(({ batch_size, micro_batch_size }) => batch_size % micro_batch_size === 0, {
    error: 'batch_size must be a multiple of micro_batch_size',
    path: ['micro_batch_size'],
  })
  .refine(({ tasks }) => !Object.keys(tasks).some(isGold) || Object.keys(tasks).every(isGold), {
    error: 'gold tasks are the supervised ceiling and are mixed with no others',
    path: ['tasks'],
  });

function isGold(name: string): boolean {
  return taskNamed(name)?.source === 'gold';
}

export type OracleConfig = z.infer<typeof oracleConfigSchema>;
