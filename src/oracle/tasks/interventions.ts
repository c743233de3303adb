/** Tasks whose answers are what the model does when its thought is cut short or a part of it is done away with (lrm/outcomes.ts). */
import { ALTERATIONS, type Alteration } from '../../lrm/outcomes.ts';
import { type Facts, stepsOf } from '../facts.ts';
import { NO, NONE, type OracleTask, YES } from './task.ts';

/** How questions call them. */
const DONE: Readonly<Record<Alteration, string>> = {
  zero: 'zeroed',
  skip: 'skipped',
  noise: 'noised',
  swap: 'swapped',
};

const changes = ({ answer, altered }: Facts, how: Alteration, k: number) => altered[how][k] !== answer;

export const stepAblation: OracleTask = {
  name: 'step_ablation',
  source: 'interventions',
  about:
    'Does the answer change when step k is zeroed, skipped, noised or swapped? `yes` or `no`; of zeroed and skipped steps, whose outcome hangs on nothing else, also to what: `yes , to 25`.',
  asks: [
    'Does the answer change if step {step} is {done} ?',
    'If step {step} is {done} , does the model answer something else ?',
    'Step {step} is {done} . Does that change the answer ?',
    'Does it change what the model answers if step {step} is {done} ?',
  ],
  held: [
    'If step {step} is {done} , does the answer change ?',
    'Does the model answer something else if step {step} is {done} ?',
  ],
  cases: facts =>
    stepsOf(facts).flatMap(k =>
      ALTERATIONS.map(how => {
        const told = how === 'zero' || how === 'skip' ? `${YES} , to ${facts.altered[how][k]}` : YES;
        return {
          steps: stepsOf(facts),
          places: { step: String(k), done: DONE[how] },
          answer: changes(facts, how, k) ? told : NO,
        };
      }),
    ),
};

export const criticalStep: OracleTask = {
  name: 'critical_step',
  source: 'interventions',
  about:
    "The first step in whose place another thought's state changes the answer; `none` where there is none. Zeros and skipping, which no thought holds, harm whatever a step says.",
  asks: [
    'Which step does the answer depend on first ?',
    'Which step is the first critical one ?',
    'On which step does the answer hang first ?',
    'Which is the first step that matters for the answer ?',
  ],
  held: ['Which is the first critical step ?', 'On which step does the answer depend first ?'],
  ordinal: true,
  classes: 'together',
  cases(facts) {
    const first = stepsOf(facts).find(k => changes(facts, 'swap', k));
    return [{ steps: stepsOf(facts), answer: first === undefined ? NONE : `step ${first}` }];
  },
};

export const redundantSteps: OracleTask = {
  name: 'redundant_steps',
  source: 'interventions',
  about:
    "Is step k redundant, that is, does another thought's state in its place leave the answer as it is? `yes` or `no`.",
  asks: [
    'Is step {step} redundant ?',
    'Can step {step} be left out ?',
    'Would the answer be the same without step {step} ?',
    'Is step {step} one that can be left out ?',
  ],
  held: ['Can the model do without step {step} ?', 'Is step {step} one that the model can do without ?'],
  cases: facts =>
    stepsOf(facts).map(k => ({
      steps: stepsOf(facts),
      places: { step: String(k) },
      answer: changes(facts, 'swap', k) ? NO : YES,
    })),
};

export const earlyAnswer: OracleTask = {
  name: 'early_answer',
  source: 'interventions',
  about: 'What the model answers if it stops thinking after k steps.',
  asks: [
    'What would the model answer after step {step} ?',
    'What is the answer if the model stops after step {step} ?',
    'If thinking stops after step {step} , what is the answer ?',
    'Which answer would it give after step {step} ?',
  ],
  held: [
    'What would it answer if thinking stops after step {step} ?',
    'Which answer would the model give after step {step} ?',
  ],
  cases: facts => facts.early.map((answer, k) => ({ steps: stepsOf(facts), places: { step: String(k) }, answer })),
};

export const settlingStep: OracleTask = {
  name: 'settling_step',
  source: 'interventions',
  about: 'The step from which on stopping would give the answer that the whole thought gives.',
  asks: [
    'At which step does the answer settle ?',
    'From which step on is the answer the same ?',
    'After which step does the answer change no more ?',
    'When does the answer settle ?',
  ],
  held: ['After which step is the answer the same ?', 'From which step on does the answer change no more ?'],
  ordinal: true,
  classes: 'together',
  cases(facts) {
    const last = facts.early.findLastIndex(answer => answer !== facts.answer);
    return [{ steps: stepsOf(facts), answer: `step ${last + 1}` }];
  },
};

export const contrastive: OracleTask = {
  name: 'contrastive',
  source: 'interventions',
  about: 'Does latent reasoning change the answer at all? `no` where the model answers the same without a step.',
  asks: [
    'Does thinking change the answer ?',
    'Would the model answer something else without thinking ?',
    'Is the answer another one because of thinking ?',
    'Does the answer depend on thinking ?',
  ],
  held: [
    'Would the answer be another one without thinking ?',
    'Does it change the answer that the model is thinking ?',
  ],
  classes: 'together',
  cases: facts => [{ steps: stepsOf(facts), answer: facts.early[0] === facts.answer ? NO : YES }],
};
