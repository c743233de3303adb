/**
 * One question's latent thoughts for the terminal, a block per view: the text (words that are not read in parentheses; what the
 * model adds stands apart), what speaks for it, the lens beside it, and the reason of each verdict that does not hold.
 */
import type { Inversion, InvertedView } from '../eval/invert.ts';
import type { Verdict } from '../eval/verdicts.ts';
import { describeView } from './evalTable.ts';
import { bold, dim, green, red } from './style.ts';

const INDENT = '    ';

/** What interventions on a step do to this question's answer. */
function consequences(swap: number | undefined, zero: number | undefined): string {
  const swapped = swap === undefined || Number.isNaN(swap) ? 'unknown' : `changes it in ${(100 * swap).toFixed(0)} %`;
  return `answer: swapping ${swapped}, zeroing ${zero === 1 ? 'changes' : 'keeps'} it`;
}

export function formatInversion(inversion: Inversion): string {
  const { question, answer, latents, views } = inversion;
  const head = `${bold(question)}\n${dim(`${inversion.run}: answered after ${latents} latent steps:`)} ${bold(answer)}`;
  const unread = views.some(({ words }) => words.some(({ read }) => read === false));
  const legend = unread ? [dim('(word): not read, another of its kind in its place scores as well')] : [];
  return [head, ...views.map(view => formatView(view, answer)), ...legend].join('\n\n');
}

/** The text as it stands, words that are not read in parentheses. */
function markUnread({ text, words }: Pick<InvertedView, 'text' | 'words'>): string {
  let shown = '';
  let from = 0;
  for (const { word, read } of words) {
    const at = text.indexOf(word, from);
    shown += bold(text.slice(from, at)) + (read === false ? dim(`(${word})`) : bold(word));
    from = at + word.length;
  }
  return shown + bold(text.slice(from));
}

function formatView(view: InvertedView, answer: string): string {
  const { text, completion, same, scores, causal, lens, verdicts } = view;
  const added = completion.startsWith(text) ? completion.slice(text.length).trim() : '';
  const figures = [
    `similarity ${scores.similarity.toFixed(2)}`,
    `swap gap ${scores.gap.toFixed(2)}`,
    `FVE ${scores.fve.toFixed(2)}`,
    `lift ${scores.lift.toFixed(2)}`,
  ].join('  ');
  const then = same ? `the same answer, ${answer}` : `${view.answer}, not ${answer}`;
  const lines = [
    `${bold(view.view)}  ${dim(describeView(view))}`,
    `${INDENT}${text === '' ? dim('(the empty text)') : markUnread(view)}${added === '' ? '' : dim(` … ${added}`)}   ${mark('readable', verdicts.readable)}  ${mark('used', verdicts.used)}`,
    `${INDENT}${figures}  ${dim('given the text:')} ${then}`,
    ...view.steps.map((step, i) => {
      const shown = lens[i]!.join(' ');
      return `${INDENT}lens of k${step}: ${shown}   ${dim(consequences(causal.swap[i], causal.zero[i]))}`;
    }),
    ...Object.entries(verdicts).flatMap(([name, { holds, reason }]) =>
      holds ? [] : [`${INDENT}${dim(`not ${name}: ${reason}`)}`],
    ),
  ];
  return lines.join('\n');
}

const mark = (name: string, { holds }: Verdict) => (holds ? green(name) : red(`not ${name}`));
