/**
 * Every metric that a run may write, once, with how to read it; docs/metrics.md is made from this table. Names are TRL's
 * where TRL has one. `<...>` stands for a name of the run's own. Metrics under `time/` and `system/` depend on the
 * machine, all others only on the config and the seed.
 */

export interface MetricRow {
  readonly name: string;
  /** What it is, and what is good, bad or a smell. */
  readonly read: string;
}

export const METRICS: readonly MetricRow[] = [
  { name: 'episode', read: 'rollouts so far.' },
  { name: 'lr', read: 'learning rate of this update.' },
  {
    name: 'grad_norm',
    read: 'norm of the gradient before it is clipped, mean over optimiser steps. Growth is a smell.',
  },
  {
    name: 'skipped_updates',
    read: 'optimiser steps left out because loss or gradient was not finite (in PPO: so far). 0 is healthy; three in a row stop the run.',
  },
  {
    name: 'objective/kl',
    read: 'KL from the policy to the reference, per text (k1 estimate, summed over tokens). Should level off.',
  },
  { name: 'objective/kl_k3', read: 'the same by the k3 estimate, which is never negative.' },
  { name: 'objective/entropy', read: "minus the sampled text's log-probability, per text. A fall to 0 is a collapse." },
  { name: 'objective/non_score_reward', read: 'what the KL takes off the reward, per text (ppo, rloo).' },
  { name: 'objective/rlhf_reward', read: 'score and KL together: what is maximised (ppo, rloo).' },
  { name: 'objective/scores', read: "mean of the environment's scores, penalties included. Should rise." },
  { name: 'objective/kl_coef', read: 'weight of the KL; moves only where `ppo.kl.adaptive` is set.' },
  {
    name: 'policy/approxkl_avg',
    read: 'how far the update moved the policy, per token, with rloo per text. Over .05 per token is a smell: lower the learning rate or set target_kl.',
  },
  {
    name: 'policy/clipfrac_avg',
    read: 'share of tokens, with rloo of texts, whose ratio was clipped. Over .3 is a smell.',
  },
  { name: 'policy/entropy_avg', read: "entropy of the policy's next-token distributions, in nats." },
  { name: 'loss/policy_avg', read: 'the clipped surrogate; it hovers about 0 and says little by itself.' },
  { name: 'loss/value_avg', read: 'squared error of the values against the returns (ppo). Should fall.' },
  { name: 'loss/kl_avg', read: 'KL to the reference in the loss, per token (grpo; k3 estimate). Should level off.' },
  {
    name: 'val/ratio',
    read: 'mean probability ratio, new over old: of tokens, with rloo of whole texts. 1 within .05.',
  },
  { name: 'val/ratio_var', read: 'variance of that ratio over minibatches.' },
  { name: 'val/clipfrac_avg', read: 'share of values that were clipped (ppo).' },
  { name: 'val/num_eos_tokens', read: 'texts that ended by themselves.' },
  {
    name: 'losses/explained_variance',
    read: "share of the returns' variance that the values explain (ppo). Rises towards 1; below 0 is worse than a constant.",
  },
  { name: 'completions/mean_length', read: 'tokens per text, the end token included.' },
  { name: 'completions/max_length', read: 'longest text of the update.' },
  { name: 'completions/clipped_ratio', read: 'share of texts that ran into max_new_tokens. Over .1 is a smell.' },
  {
    name: 'completions/repetition',
    read: "share of a text's 4-grams that stand in it before (seq-rep-4). Over .1 is a smell.",
  },
  {
    name: 'completions/distinct',
    read: 'different 4-grams over all of them, of one text per problem (distinct-4). A fall is a smell.',
  },
  {
    name: 'completions/alike',
    read: "share of a text's 4-grams that stand in another problem's text too, mean over pairs of one text per problem: 1 where all say the same.",
  },
  { name: 'rewards/<name>/mean', read: 'mean of one part of the score.' },
  { name: 'rewards/<name>/std', read: 'its standard deviation over texts.' },
  {
    name: 'frac_reward_zero_std',
    read: 'share of problems whose samples all score the same: nothing is learned from them.',
  },
  {
    name: 'sampling/sampling_logp_difference/mean',
    read: "distance of the sampler's log-probabilities from the trainer's. Over .01 is a smell.",
  },
  { name: 'sampling/sampling_logp_difference/max', read: 'the largest such distance.' },
  { name: 'selfcheck/ratio_error', read: 'first update, before any step: largest |ratio - 1|. Must be under 1e-4.' },
  { name: 'selfcheck/kl', read: 'first update from a warm start: KL to the reference. Must be 0.' },
  { name: 'inversion/cos', read: 'cosine of readout and target. It has no zero: read it beside fve and gap.' },
  { name: 'inversion/fve', read: 'fraction of variance explained: 1 the target itself, 0 no better than the mean.' },
  { name: 'inversion/shuffled_cos', read: "the same cosine with another problem's target: what any text gets." },
  {
    name: 'inversion/gap',
    read: 'own similarity minus the shuffled one. This is what reading means; it should rise with the score.',
  },
  { name: 'inversion/lift_empty', read: "score minus the empty text's score." },
  {
    name: 'inversion/effect',
    read: 'how far a text moves the similarity from that of the empty text, up or down. 0: the reader does not mind the text.',
  },
  { name: 'inversion/format_rate', read: 'share of texts that are well-formed steps.' },
  { name: 'inversion/<view>/score', read: 'mean score of the targets of one reading (steps and anchor).' },
  { name: 'warm_start/loss', read: 'cross-entropy per token of writing a text from its own readout. Should fall.' },
  {
    name: 'validation/lift_last_token',
    read: "what a text's last token alone gains over the empty text. Near `validation/lift_empty`, the words before it count for nothing.",
  },
  {
    name: 'validation/<name>',
    read: 'a column of the held-out table on validation problems, greedily; the best checkpoint is chosen by it.',
  },
  { name: 'alarms/<name>', read: 'what the alarm is judged by, over its window: see alarms.md.' },
  { name: 'lrm/loss', read: 'what is minimised: teacher, student and distillation together.' },
  {
    name: 'lrm/<name>',
    read: 'a part of that loss, or the accuracy of teacher (explicit chain) or student (latents) on the batch.',
  },
  { name: 'oracle/loss', read: 'cross-entropy per token of the answers. Should fall.' },
  { name: 'oracle/token_accuracy', read: 'share of answer tokens that are the likeliest.' },
  { name: 'time/<stage>', read: 'seconds spent on a stage of this update.' },
  {
    name: 'system/<name>',
    read: 'the machine: memory in MB, graphs captured and sessions open in all workers. Captures that keep growing mean that shapes vary.',
  },
];

const PATTERNS = METRICS.map(
  ({ name }) => new RegExp(`^${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll(/<\w+>/g, '[^/]+')}$`),
);

/** The row that describes a metric, or undefined for a name that is not in the table. */
export function metricRow(name: string): MetricRow | undefined {
  return METRICS[PATTERNS.findIndex(pattern => pattern.test(name))];
}

/** True for metrics that differ between machines and runs of the same seed. */
export function dependsOnMachine(name: string): boolean {
  return name.startsWith('time/') || name.startsWith('system/');
}
