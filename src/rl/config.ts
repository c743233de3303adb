/**
 * The config of the main job: `recodi train CONFIG`. One strict tree, one section per stage of the work; every default
 * is a setting that worked on arithmetic word problems, and values from a paper say so.
 */
import { z } from 'zod';
import { isPoint, parseAnchor } from '../lrm/anchors.ts';
import { commonKeys } from '../run/config/common.ts';
import { count, positive, share, weight } from '../run/config/numbers.ts';
import { pathText } from '../run/config/shape.ts';
import { worldSchema } from '../worlds/index.ts';
import { evaluation, labels } from './readingConfig.ts';

const anchor = z.string().refine(text => isPoint(text) || parseAnchor(text) !== undefined, {
  error: 'expected a point, as before or result, or step.point, as 1.before or 2.result',
});

const targets = z.strictObject({
  steps: z
    .enum(['each', 'joint'])
    .default('each')
    .describe('a target is one latent step, or all chosen steps read together (joint targets are translated)'),
  latents: z
    .array(z.int().min(0).max(64))
    .min(1)
    .optional()
    .describe('latent steps to invert, 0 is the state at <bot>; default: all'),
  space: z
    .enum(['auto', 'raw', 'translated'])
    .default('auto')
    .describe(
      "compare latents as they are, or translated into the chain's states; auto decides per step, without gold",
    ),
  raw_threshold: z
    .number()
    .default(0.5)
    .describe("auto takes raw where the own chain's best anchor explains more than this (FVE)"),
  anchors: z
    .union([z.literal('auto'), z.array(anchor).min(1)])
    .default('auto')
    .describe(
      'points of the chain that translated targets speak of: 2.result, or result for the step with the most nats; auto chooses the point too',
    ),
  context: z
    .enum(['question', 'question_bot', 'none'])
    .default('question')
    .describe('what the reader has read before the text'),
  translator_ridge: positive.default(1e-3).describe('ridge of the translators, times the mean eigenvalue'),
  problems: z
    .strictObject({
      train: count.default(4000).describe('problems whose latents are trained on; translators are fitted on them'),
      validation: count.default(200).describe('problems on which steps, anchors and checkpoints are chosen'),
      test: count.default(200).describe('problems that are only ever evaluated on'),
      steps: count.optional().describe('steps of the validation and test problems; default: as the world mixes them'),
    })
    .prefault({})
    .describe('how many problems of each split'),
});

const policy = z
  .strictObject({
    trainable: z.enum(['full', 'lora']).default('full').describe('train all weights, or adapters on chosen linears'),
    lora: z
      .strictObject({
        r: count.default(16).describe('rank'),
        alpha: positive.default(32).describe('scale, divided by r'),
        target_modules: z
          .array(z.enum(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj']))
          .min(1)
          .default(['q_proj', 'k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'])
          .describe('linears that get an adapter'),
      })
      .prefault({})
      .describe('used where trainable is lora'),
    sees_question: z
      .boolean()
      .default(false)
      .describe('a policy that sees the question solves the problem instead of reading the latent'),
    init: pathText
      .optional()
      .describe('folder of a policy to begin from, as a warm start leaves it; default: the LRM itself'),
    max_new_tokens: z.int().min(1).max(1024).default(14).describe('longest text, the end token included'),
    int8_rollouts: z
      .boolean()
      .default(false)
      .describe(
        'texts are written with the frozen weights in 8-bit integers; training computes in float32 and weighs the difference (sampling/sampling_logp_difference)',
      ),
  })
  .refine(({ int8_rollouts, trainable }) => !int8_rollouts || trainable === 'lora', {
    error: 'only frozen weights can be integers: set trainable to lora',
    path: ['int8_rollouts'],
  });

const reward = z.strictObject({
  kind: z
    .enum(['whitened_cosine', 'cosine', 'neg_mse'])
    .default('whitened_cosine')
    .describe('similarity of readout and target'),
  whitening: z
    .enum(['pooled', 'residual', 'predicted'])
    .default('pooled')
    .describe(
      "whiten by the pooled covariance; or, of translated targets, by the translator's residual; or so that the latent is compared with what the text's state predicts of it",
    ),
  ridge: positive.default(0.05).describe('ridge of the whitening, times the mean eigenvalue'),
  missing_end_penalty: weight.default(0.2).describe('taken off where the text has no end token'),
  length_penalty: weight.default(0).describe('taken off per token'),
});

const warmStart = z.strictObject({
  steps: z.int().min(0).default(800).describe('optimiser steps on free text; 0 begins PPO without a warm start'),
  batch_size: count.default(128).describe('texts per optimiser step'),
  micro_batch_size: count.default(64).describe('texts per gradient task; part of the result, unlike workers'),
  lr: positive.default(1e-3).describe('highest learning rate; after the warm-up it falls as a cosine'),
  min_lr_ratio: share.default(0.05).describe('last learning rate as a share of the highest'),
  warmup: z.int().min(0).default(100).describe('steps over which the learning rate rises'),
  weight_decay: weight.default(0.01).describe('decoupled weight decay'),
  max_grad_norm: positive.default(1).describe('gradient norm is cut to this'),
  noise: weight
    .default(0.3)
    .describe('largest standard deviation of the noise on the readout (each text draws its own)'),
  unconditional: share
    .default(0.1)
    .describe('share of texts whose vector is hidden: they make the policy an unconditional writer too'),
  pool: count.default(40_000).describe('free texts that are read once and drawn from'),
  checkpoint_every: count.default(200).describe('optimiser steps between checkpoints'),
});

const ppo = z
  .strictObject({
    algorithm: z
      .enum(['ppo', 'grpo', 'rloo'])
      .default('ppo')
      .describe(
        "where advantages come from: ppo, a value head (GAE); grpo, a text's score against its problem's others, in standard deviations (arXiv 2402.03300); rloo, the same without the division, and a text is one action (arXiv 2402.14740)",
      ),
    updates: z.int().min(0).default(235).describe('most updates; 0 stops after the warm start'),
    minutes: positive.optional().describe('most minutes; the learning rate then falls by whichever is further along'),
    problems_per_update: count.default(64).describe('problems per update'),
    samples_per_problem: count
      .default(4)
      .describe('texts per problem; at least 2 where they are compared (grpo, rloo)'),
    temperature: positive.default(1).describe('of sampling, and of every log-probability alike'),
    epochs: count.default(3).describe("passes over an update's rollouts"),
    minibatch_size: count.default(128).describe('rollouts per optimiser step; the texts of a problem stay together'),
    micro_batch_size: count.default(64).describe('rollouts per gradient task; part of the result, unlike workers'),
    rollout_chunk: count.default(64).describe('rollouts per task; part of the result, unlike workers'),
    lr: positive.default(2e-4).describe('learning rate'),
    lr_schedule: z
      .enum(['linear', 'constant'])
      .default('linear')
      .describe('how the learning rate goes after the warm-up'),
    min_lr_ratio: share.default(0.1).describe('last learning rate as a share of the first'),
    warmup: z.int().min(0).default(10).describe('updates over which the learning rate rises'),
    beta2: z.number().min(0).lt(1).default(0.95).describe("Adam's second beta"),
    weight_decay: weight.default(0).describe('decoupled weight decay'),
    kl: z
      .strictObject({
        coef: weight
          .default(0.03)
          .describe('weight of the KL to the reference: in the reward, or of its mean per token in the loss (grpo)'),
        adaptive: z
          .strictObject({
            target: positive.describe('KL per text that the coefficient steers to'),
            horizon: positive.default(10_000).describe('texts over which it steers'),
          })
          .optional()
          .describe('moves the coefficient (Ziegler et al. 2019); default: fixed'),
      })
      .prefault({})
      .describe('distance to the reference, which is the warm start'),
    gamma: share.default(1).describe('discount (ppo)'),
    lambda: share.default(0.95).describe('of generalised advantage estimation (ppo)'),
    clip: positive.default(0.2).describe('of the probability ratio: of a token, or with rloo of a whole text'),
    value_clip: positive.default(0.2).describe('of the value (ppo)'),
    value_coef: weight
      .default(1)
      .describe("weight of the value loss, which is half the squared error (ppo; TRL's default is .1)"),
    whiten_advantages: z.boolean().default(true).describe('to mean 0 and variance 1 under the response mask (ppo)'),
    max_grad_norm: positive.default(1).describe('gradient norm is cut to this'),
    target_kl: positive
      .optional()
      .describe(
        "ends an update's epochs once the approximate KL passes it (per token; rloo: per text); default: never",
      ),
    checkpoint_every: count.default(25).describe('updates between checkpoints'),
    checkpoint_minutes: positive
      .optional()
      .describe('minutes between checkpoints, where that is sooner; in the warm start too'),
    keep_checkpoints: count.default(2).describe('older checkpoints are removed, but never the best'),
    validate_every: count.default(25).describe('updates between validations, which choose the best checkpoint'),
  })
  .superRefine((section, context) => {
    const rollouts = section.problems_per_update * section.samples_per_problem;
    const divides = (key: keyof typeof section, part: number, whole: number, of: string) => {
      if (whole % part !== 0)
        context.addIssue({ code: 'custom', path: [key], message: `${part} does not divide ${of}, ${whole}` });
    };
    divides('minibatch_size', section.minibatch_size, rollouts, 'the rollouts of an update');
    divides('micro_batch_size', section.micro_batch_size, section.minibatch_size, 'minibatch_size');
    divides('rollout_chunk', section.rollout_chunk, rollouts, 'the rollouts of an update');
    divides('samples_per_problem', section.samples_per_problem, section.rollout_chunk, 'rollout_chunk');
    divides('samples_per_problem', section.samples_per_problem, section.micro_batch_size, 'micro_batch_size');
    if (section.algorithm !== 'ppo' && section.samples_per_problem < 2)
      context.addIssue({
        code: 'custom',
        path: ['samples_per_problem'],
        message: `${section.algorithm} compares the texts of a problem with each other: expected at least 2, got ${section.samples_per_problem}`,
      });
  });

const bound = (value: number, what: string) => z.number().default(value).describe(what);

const bounds = {
  gap: bound(0.1, 'most that the swap gap falls while the score does not'),
  same: bound(0.1, 'most that validation/same falls while validation/score does not'),
  effect: bound(0.01, 'least change of the similarity by a text, up or down'),
  unread: bound(0.05, 'least swap gap'),
  repetition: bound(0.1, "highest share of a text's 4-grams that stand in it before"),
  distinct: bound(0.5, 'least share of its first value that distinct-4 has left'),
  alike: bound(0.2, "highest share of a text's 4-grams that stand in another problem's text too"),
  last_token: bound(0.9, "highest share of a text's effect that its last token has alone"),
  entropy: bound(0.1, 'least share of its first value that the entropy has left'),
  kl: bound(1, 'highest KL to the warm start, in nats per token'),
  format: bound(0.2, 'most that the share of well-formed texts falls'),
};

const alarms = z.strictObject({
  window: count.default(10).describe('updates whose mean is judged'),
  stop: z
    .array(z.enum(Object.keys(bounds) as (keyof typeof bounds)[]))
    .default([])
    .describe('alarms that end the run, with a checkpoint; the others are a warning'),
  ...bounds,
});

const rollout = z.strictObject({
  pool: z
    .enum(['piscina', 'bullmq'])
    .default('piscina')
    .describe(
      'where tasks run: threads of this process, or `recodi worker` processes on any machines that share a Redis; it never changes a result',
    ),
  redis: z
    .string()
    .refine(url => /^(rediss?|file):\/\/./.test(url), {
      error: 'expected a URL, as redis://host:6379, rediss://host:6380 or file:///path/of/a/file/that/holds/it',
    })
    .default('redis://127.0.0.1:6379')
    .describe(
      'where bullmq keeps its queues: redis://, rediss:// for TLS, or the file:// of a file that holds such a URL (the run keeps this key, so a password belongs there)',
    ),
});

export const trainConfigSchema = z.strictObject({
  ...commonKeys,
  world: worldSchema.prefault({ kind: 'arithmetic' }).describe('where problems come from'),
  lrm: pathText.describe('folder of the latent-reasoning model to read'),
  targets: targets.prefault({}).describe('what is inverted'),
  policy: policy.prefault({}).describe('the model that writes'),
  reward: reward.prefault({}).describe('what a text is worth'),
  warm_start: warmStart.prefault({}).describe('supervised start on free text and its readouts'),
  ppo: ppo.prefault({}).describe('reinforcement learning'),
  alarms: alarms
    .prefault({})
    .describe('signs that the reward is earned by something other than reading: see alarms.md'),
  rollout: rollout.prefault({}).describe('one machine or many: see many-machines.md'),
  eval: evaluation.prefault({}).describe('the held-out table'),
  labels: labels.prefault({}).describe('what `recodi label` writes'),
});

export type TrainConfig = z.infer<typeof trainConfigSchema>;
