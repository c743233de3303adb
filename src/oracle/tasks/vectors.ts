/** Tasks whose answers lie in the vectors themselves: what the model's own head shows of them, and where they come from. */
import { type Facts, stepsOf } from '../facts.ts';
import { type Case, NONE, type OracleTask } from './task.ts';

/** Lens tokens that questions ask for. */
const SHOWN = 3;
const DEPTHS = [0.25, 0.5, 0.75] as const;

const shown = ({ lens }: Facts, k: number) => lens[k]!.slice(0, SHOWN);
const listed = (words: readonly string[]) => words.join(' , ') || NONE;

export const lensTokens: OracleTask = {
  name: 'lens_tokens',
  source: 'vectors',
  about: `The first ${SHOWN} tokens that the model's head shows of a state (logit lens).`,
  asks: [
    'Which words does the lens show ?',
    'What does the lens show here ?',
    'What are the likeliest words here ?',
    'Which words are likeliest here ?',
  ],
  held: ['Which words does the lens show here ?', 'What are the words of the lens here ?'],
  cases: facts => stepsOf(facts).map(k => ({ steps: [k], answer: listed(shown(facts, k)) })),
};

export const lensEntropy: OracleTask = {
  name: 'lens_entropy',
  source: 'vectors',
  about: "The entropy of the head's distribution of a state, in whole nats.",
  asks: [
    'How many nats of entropy does the lens have here ?',
    'What is the entropy here ?',
    'How unsure is the lens here , in nats ?',
  ],
  held: ['How many nats is the entropy here ?', 'What is the entropy of the lens ?'],
  ordinal: true,
  classes: 'together',
  cases: facts => stepsOf(facts).map(k => ({ steps: [k], answer: String(Math.round(facts.entropy[k]!)) })),
};

/** Also of what is in the residual stream before the end. */
const everywhere = (cases: readonly Case[]): Case[] => [
  ...cases,
  ...DEPTHS.flatMap(depth => cases.map(one => ({ ...one, depth }))),
];

export const whichStep: OracleTask = {
  name: 'which_step',
  source: 'vectors',
  about:
    "Which latent step a vector is of. Asked of the states after the final norm, and of the residual stream after a quarter, a half and three quarters of the model's blocks.",
  asks: ['Which step is this ?', 'Of which step is this vector ?', 'At which step is the model here ?'],
  held: ['Which step is this vector of ?', 'Of which step is this ?'],
  ordinal: true,
  classes: 'together',
  cases: facts => everywhere(stepsOf(facts).map(k => ({ steps: [k], answer: `step ${k}` }))),
};

export const stepDifference: OracleTask = {
  name: 'step_difference',
  source: 'vectors',
  about: `What changes from step k to the next: which of the lens's first ${SHOWN} tokens are new, and which are gone.`,
  asks: ['What changes between these steps ?', 'What is new , and what is gone ?', 'What is new in the step after ?'],
  held: ['What is new between these steps ?', 'What changes in the step after ?'],
  cases: facts =>
    stepsOf(facts)
      .slice(1)
      .map(k => {
        const [before, after] = [shown(facts, k - 1), shown(facts, k)];
        const fresh = after.filter(word => !before.includes(word));
        const gone = before.filter(word => !after.includes(word));
        return { steps: [k - 1, k], answer: `new : ${listed(fresh)} ; gone : ${listed(gone)}` };
      }),
};
