/**
 * One question's latent thoughts for the terminal, a block per view: the text (words that are not read in parentheses; what the
 * model adds stands apart), what speaks for it, the lens beside it, and the reason of each verdict that does not hold.
 */
import type { Inversion, InvertedView } from '../eval/invert.ts';
import type { TriedVerdict, Verdicts } from '../eval/verdicts.ts';
import { describeView } from './evalTable.ts';
import { bold, dim, green, red } from './style.ts';

const INDENT = '    ';

/** What interventions on the view's step number `i` do to this question's answer. */
function consequences({ input, readout }: InvertedView['causal'], i: number): string {
  const of = (share: number) => (Number.isNaN(share) ? '–' : `${(100 * share).toFixed(0)} %`);
  return `swapped, it changes the answer in ${of(input.swap[i]!)} as input, ${of(readout.swap[i]!)} at the readout`;
}

export function formatInversion(inversion: Inversion): string {
  const { question, answer, latents, views } = inversion;
  const head = `${bold(question)}\n${dim(`${inversion.run}: answered after ${latents} latent steps:`)} ${bold(answer)}`;
  const unread = views.some(({ words }) => words.some(({ read }) => read === false));
  const legend = unread ? [dim('(word): not read, another of its kind in its place scores as well')] : [];
  return [head, ...views.map(view => formatView(view, answer)), ...legend].join('\n\n');
}

/** The text as it stands, words that are not read in parentheses. */
function markUnread(text: string, words: InvertedView['words']): string {
  let shown = '';
  let from = 0;
  for (const { word, read } of words) {
    const at = text.indexOf(word, from);
    shown += bold(text.slice(from, at)) + (read === false ? dim(`(${word})`) : bold(word));
    from = at + word.length;
  }
  return shown + bold(text.slice(from));
}

function shownText({ text, words }: InvertedView): string {
  if (text === null) return red('not verbalisable');
  return text === '' ? dim('(the empty text)') : markUnread(text, words);
}

function formatView(view: InvertedView, answer: string): string {
  const { text, completion, same, scores, causal, lens, verdicts } = view;
  const added = text !== null && completion.startsWith(text) ? completion.slice(text.length).trim() : '';
  const figures = [
    `similarity ${scores.similarity.toFixed(2)}`,
    `swap gap ${scores.gap.toFixed(2)}`,
    `FVE ${scores.fve.toFixed(2)}`,
    `lift ${scores.lift.toFixed(2)}`,
  ].join('  ');
  const then = same ? `the same answer, ${answer}` : `${view.answer}, not ${answer}`;
  const lines = [
    `${bold(view.view)}  ${dim(describeView(view))}`,
    `${INDENT}${shownText(view)}${added === '' ? '' : dim(` … ${added}`)}   ${(['readable', 'used', 'adds'] as const).map(name => mark(name, verdicts[name])).join('  ')}`,
    `${INDENT}${figures}  ${dim('given the text:')} ${then}`,
    ...view.steps.map((step, i) => {
      const shown = lens[i]!.join(' ');
      return `${INDENT}lens of k${step}: ${shown}   ${dim(consequences(causal, i))}`;
    }),
    ...NAMES.flatMap(name => {
      const { holds, reason } = verdicts[name];
      return holds ? [] : [`${INDENT}${dim(`${holds === null ? `${name}?` : NOT[name]}: ${reason}`)}`];
    }),
  ];
  return lines.join('\n');
}

const NOT = {
  verbalisable: 'not verbalisable',
  readable: 'not readable',
  used: 'not used',
  adds: 'adds nothing',
} as const satisfies Record<keyof Verdicts, string>;
const NAMES = Object.keys(NOT) as (keyof Verdicts)[];

function mark(name: keyof Verdicts, { holds }: TriedVerdict): string {
  if (holds === null) return dim(`${name}?`);
  return holds ? green(name) : red(NOT[name]);
}
