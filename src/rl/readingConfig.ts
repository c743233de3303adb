/** The sections of the main job's config that say how a trained run is read: the held-out table, its gates, and labels. */
import { z } from 'zod';
import { count, share, weight } from '../run/config/numbers.ts';
import { DECODES } from './decodes.ts';

const gate = z
  .strictObject({
    row: z.string().optional().describe('row of the table, as greedy or retrieve; with a metric'),
    metric: z.string().optional().describe('column of the table, as right_2 or same'),
    figure: z
      .string()
      .optional()
      .describe(
        'in the place of row and metric: where another figure of eval.json stands, as follows.changes or verdicts.readable (1 where it holds) of a view, or chains.methods.ours.auroc',
      ),
    view: z.string().optional().describe('view by its id, as k3 or k0-4@2.result'),
    result: count
      .optional()
      .describe(
        "the view chosen for this result on validation problems; default: the metric's own result, else the best",
      ),
    over: z.string().optional().describe('row whose value is subtracted, as warm_start'),
    min: z.number().optional().describe('least value that passes'),
    max: z.number().optional().describe('highest value that passes'),
  })
  .superRefine(({ row, metric, figure, over, view, result, min, max }, context) => {
    const wrong = (message: string) => context.addIssue({ code: 'custom', message });
    if (figure === undefined && (row === undefined || metric === undefined))
      wrong('expected row and metric, or figure');
    if (figure !== undefined && (row ?? metric ?? over) !== undefined)
      wrong('expected figure, or row and metric (and over), not both');
    if (min === undefined && max === undefined) wrong('expected min, max or both');
    if (view !== undefined && result !== undefined) wrong('expected view or result, not both');
  });
export type Gate = z.infer<typeof gate>;

/** A file of gates alone, as `recodi eval --gate FILE` reads it. */
export const gatesFileSchema = z.strictObject({ gates: z.array(gate).min(1) });

export const evaluation = z.strictObject({
  decode: z
    .enum(DECODES)
    .default('chain')
    .describe('how `invert`, `label` and `audit` find texts, and which rows the verdicts of the table rest on'),
  problems: count.default(200).describe('held-out problems; no more than targets.problems.test'),
  best_of: count.default(16).describe('samples of the best-of-n row'),
  unconditional: count.default(64).describe('samples of the unconditional best-of-n row'),
  neighbours: count.default(32).describe('nearest texts that the retrieve row rescores'),
  bank: count.default(10_000).describe('texts whose readouts are searched'),
  beginnings: count.default(2).describe('chain: readings of a step behind which the next one is read'),
  next_steps: count.default(16).describe('chain: next steps that a policy proposes behind a reading'),
  grammar: z
    .boolean()
    .default(true)
    .describe('chain: next steps by the grammar of the world, where it has one, and not by the warm start'),
  prior: weight
    .default(0.02)
    .describe("chain: what a nat of a text's log-probability under the warm start counts beside its similarity"),
  support: z
    .number()
    .max(0)
    .default(-6)
    .describe(
      'least log-probability of a token under the warm start that sees no target; texts with others are refused',
    ),
  bootstrap: count.default(1000).describe('resamples of the problems for the intervals'),
  confidence: z.number().gt(0).lt(1).default(0.95).describe('of the intervals'),
  verdicts: z
    .strictObject({
      swap_gap: z.number().default(0.1).describe("readable: own similarity minus another problem's, at least"),
      used: share.default(0.1).describe('used: share of answers that a swapped latent changes, at least'),
      adds: share
        .default(0.1)
        .describe(
          "adds: share of problems by which the reading is right more often than that of the question's end, at least",
        ),
      follows: share.default(0.5).describe('follows: share of edits under which the reading is what it says, at least'),
      word_loss: z
        .number()
        .default(0.05)
        .describe('a word is read: what the best other word of its kind takes off the similarity, more than'),
    })
    .prefault({})
    .describe('floors of the verdicts'),
  gates: z.array(gate).default([]).describe('what `recodi eval --gate` checks, where it names no file'),
});

export const labels = z.strictObject({
  split: z.enum(['train', 'validation', 'test']).default('test').describe('problems that are labelled'),
  problems: count.default(200).describe('how many of them'),
  accept: z
    .number()
    .min(0)
    .max(1)
    .default(0.9)
    .describe(
      'least probability of being right, where it is known, from which on a readable label is accepted, and a reading counts in an audit',
    ),
  follows: z
    .boolean()
    .default(false)
    .describe(
      'edit the question, think and read again, and accept only what follows; takes half as long as reading them',
    ),
});
