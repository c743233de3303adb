/** What `recodi oracle` prints: answers, and the table of an evaluation. */
import type { Figure } from '../eval/bootstrap.ts';
import type { Answered } from '../oracle/ask.ts';
import type { OracleEvaluation } from '../oracle/evaluate.ts';
import { formatTable } from './table.ts';

export function formatAnswer({ answer, shuffled }: Answered): string {
  const same =
    answer === shuffled.answer ? '\n  The same is answered about another thought: it says nothing of this one.' : '';
  return `${answer}\n  about another problem's thought: ${shuffled.answer}${same}`;
}

const share = (value: number | null | undefined) => (typeof value === 'number' ? value.toFixed(2) : '');
const interval = (figure: Figure | null | undefined) =>
  figure?.value === undefined || figure.value === null
    ? ''
    : `${share(figure.value)} [${share(figure.low)}, ${share(figure.high)}]`;

export function formatOracle({ tasks, free, cannot_tell: cannotTell }: OracleEvaluation): string {
  const taskTable = formatTable(
    ['task', 'exact', 'asked anew', 'shuffled', 'F1', 'within 1', 'majority', 'probe'],
    Object.entries(tasks).map(([name, of]) => [
      name,
      interval(of.exact),
      share(of.held?.value),
      share(of.shuffled.value),
      share(of.f1.value),
      share(of.within_one?.value),
      share(of.majority),
      share(of.probe),
    ]),
  );
  const freeTable = formatTable(
    ['free question', 'step', 'asks', 'oracle', 'shuffled', 'lens', 'label'],
    free.map(of => [
      of.question,
      of.steps.map(k => `k${k}`).join(' '),
      of.asks,
      interval(of.oracle),
      share(of.shuffled.value),
      share(of.lens),
      share(of.label),
    ]),
  );
  const told =
    cannotTell.accepted === null
      ? ''
      : `\nIt cannot tell: ${share(cannotTell.accepted)} of latents with an accepted label, ${share(cannotTell.others) || 'none there'} of the others.`;
  return `${taskTable}\n\n${freeTable}${told}`;
}
