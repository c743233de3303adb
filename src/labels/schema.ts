/**
 * What a label is: a target with the text that was found for it and every score it got. One line of labels.jsonl each, in the
 * order of the rows of vectors.safetensors; docs/labels.md says how to read the numbers. What the world knows of this problem (the
 * gold steps) stands under `gold` and entered no decision. A change that older readers cannot read raises `format`.
 */
import { z } from 'zod';
import { DECODES } from '../rl/decodes.ts';

const number = z.number();
const shares = z.array(z.number().nullable());
const interventions = z.strictObject({ swap: shares, zero: shares, mean: shares, noise: shares });
const control = z.strictObject({ text: z.string(), similarity: number, fve: number });
const candidate = z.strictObject({ text: z.string(), similarity: number });
const edit = z.strictObject({
  question: z.string(),
  from: number,
  to: number,
  predicted: z.string(),
  explanation: z.string(),
  follows: z.boolean(),
});
const word = z.strictObject({ word: z.string(), loss: number.nullable(), read: z.boolean().nullable() });
const verdict = z.strictObject({ holds: z.boolean(), reason: z.string() });
const triedVerdict = z.strictObject({ holds: z.boolean().nullable(), reason: z.string() });

export const labelSchema = z.strictObject({
  format: z.literal(1),
  /** `<problem>:<view>` */
  id: z.string(),
  problem: z.string(),
  split: z.enum(['train', 'validation', 'test']),
  question: z.string(),
  view: z.string(),
  /** Latent steps that were read; 0 is the state at `<bot>`. */
  steps: z.array(z.int().min(0)).min(1),
  space: z.enum(['raw', 'translated']),
  /** Point of the chain that the text goes up to, as `2.before`. */
  anchor: z.string().nullable(),
  /** null where no text says anything of this latent: it is not verbalisable. */
  explanation: z.string().nullable(),
  /** Of the explanation: what replacing each costs; null where no other of its kind may stand. */
  words: z.array(word),
  /** The explanation with the step that it leaves open finished by the model. */
  completion: z.string(),
  /** First token of the model's answer: with its latents, and after question and completion. */
  answer: z.strictObject({ latent: z.string(), explained: z.string(), same: z.boolean() }),
  scores: z.strictObject({
    similarity: number,
    gap: number,
    lift: number,
    fve: number,
    log_likelihood: number,
    tokens: z.int().min(1),
    /** Absent where the world's chains have no grammar. */
    well_formed: z.boolean().optional(),
  }),
  controls: z.strictObject({ empty: control, swapped: control, last_token: control, question_end: control }),
  alternatives: z.array(candidate),
  /** The bank's texts that are nearest to the target, most similar first. */
  nearest: z.array(candidate),
  /** The logit lens's first tokens, per step. */
  lens: z.array(z.array(z.string())),
  /** Share of interventions that change this problem's answer, per step, at the next step's input and at the readout; null where none was possible. */
  causal: z.strictObject({ input: interventions, readout: interventions }),
  /** Where `labels.follows` asked: edited questions, what the explanation predicts to be read then, and what was. */
  edits: z.array(edit).optional(),
  verdicts: z.strictObject({
    verbalisable: verdict,
    readable: verdict,
    used: verdict,
    /** null where nothing of the question's end is known to hold it against. */
    adds: triedVerdict,
    /** Where it was asked for; null where no edit was possible. */
    follows: triedVerdict.optional(),
  }),
  /** That the explanation says the step which the view speaks of, from its scores; null where the world knows no steps. */
  probability: z.number().min(0).max(1).nullable(),
  /** The explanation may be learned from: it is readable and probable enough, and follows where that was asked for. */
  accepted: z.boolean(),
  gold: z.strictObject({
    answer: z.string(),
    /** The latent answer is the gold answer. */
    answered: z.boolean(),
    /** The gold chain up to the anchor, the best text that is known. */
    ceiling: control,
    steps: z.array(
      z.strictObject({ text: z.string(), result: z.string().optional(), exact: z.boolean(), right: z.boolean() }),
    ),
  }),
  provenance: z.strictObject({
    run: z.string(),
    config_sha256: z.string(),
    recodi: z.string(),
    decode: z.enum(DECODES),
    reward: z.string(),
  }),
});

export type Label = z.infer<typeof labelSchema>;
