import { describe, expect, it } from 'vitest';
import type { OracleEvaluation } from '../oracle/evaluate.ts';
import { formatAnswer, formatOracle } from './oracleText.ts';

const figure = (value: number) => ({ value, low: value - 0.1, high: value + 0.1 });
const asked = { problem: 'a', steps: [3], question: 'What is it computing ?' };

describe('an answer', () => {
  it('stands beside the one about another thought', () => {
    const text = formatAnswer({ ...asked, answer: '33', shuffled: { problem: 'b', answer: '15' } });
    expect(text).toBe("33\n  about another problem's thought: 15");
  });

  it('that is given to another thought too is said to say nothing', () => {
    const text = formatAnswer({ ...asked, answer: 'yes', shuffled: { problem: 'b', answer: 'yes' } });
    expect(text).toMatch(/says nothing of this one/);
  });
});

it('shows what was not measured as nothing, and not as a number', () => {
  const evaluation: OracleEvaluation = {
    ...{ format: 1, name: 'x', run: 'r', seed: 1, step: 2 },
    tasks: {
      computing: {
        ...{ source: 'labels', problems: 9, exact: figure(0.5), held: null, shuffled: figure(0.1), f1: figure(0.6) },
        majority: 0.2,
      },
    },
    free: [
      {
        ...{ question: 'Which numbers is it combining ?', steps: [1, 3], asks: 'operands', problems: 9 },
        ...{ oracle: figure(0.5), shuffled: figure(0), lens: null, label: null },
      },
    ],
    cannot_tell: { accepted: 0.25, others: null },
  };
  const text = formatOracle(evaluation);
  expect(text).toMatch(/computing +0\.50 \[0\.40, 0\.60\] +0\.10 +0\.60 +0\.20/);
  expect(text).toMatch(/k1 k3 +operands +0\.50/);
  expect(text).toMatch(/0\.25 of latents with an accepted label, none there of the others/);
  expect(text).not.toMatch(/null|NaN|undefined/);
});
