/** An audit for the terminal: what is unaccounted for, the words that go with it, and the peer beside ours. */
import type { Audit, Listing, ReaderAudit, Unaccounted } from '../audit/audit.ts';
import { type Association, LEVEL } from '../audit/words.ts';
import { bold, dim } from './style.ts';
import { formatTable } from './table.ts';

/** Readings that are shown; audit.json has all. */
const SHOWN = 5;

export function formatAudit({ run, problems, accept, view, planted, readers: { ours, projection } }: Audit): string {
  const { unaccounted, words } = ours.accepted;
  const { found, others, tested } = words;
  const agreement = planted.answered === null ? [] : ['precision', 'recall'];
  return [
    `${bold(run)}: ${problems} held-out problems, read at ${view}; a reading that takes what its question does not account for is listed from probability ${accept} on`,
    '',
    `${ours.all.unaccounted.length} of ${ours.readings} readings take what their questions do not account for, ${unaccounted.length} are listed`,
    ...unaccounted.slice(0, SHOWN).map(listed),
    ...(unaccounted.length > SHOWN ? [dim(`  … ${unaccounted.length - SHOWN} more in audit.json`)] : []),
    '',
    formatTable(
      ['words that go with them', 'questions with them', 'of these listed', 'p, corrected'],
      [...found, ...others].map(wordRow),
    ),
    dim(
      `Fisher's exact test, one-sided, times ${tested.words} words or ${tested.pairs} pairs of words; below ${LEVEL} found, the others tested without its questions`,
    ),
    '',
    formatTable(
      ['', 'readings', 'listed', 'first', 'p, corrected', `others < ${LEVEL}`, ...agreement],
      [
        readerRow('ours', ours, ours.accepted),
        readerRow('ours, whatever the probability', ours, ours.all),
        readerRow('projection', projection, projection.accepted),
        readerRow('projection, whatever the probability', projection, projection.all),
      ],
    ),
    ...(planted.answered === null ? [] : [rulesLine(planted.problems, planted.answered)]),
  ].join('\n');
}

const listed = ({ question, reading, unaccounted, probability, answer }: Unaccounted) =>
  `  ${probability.toFixed(3)}  ${reading}   takes ${bold(unaccounted.join(', '))}\n         ${dim(`${question} → ${answer}`)}`;

const wordRow = ({ words, questions, marked, p }: Association): string[] => [
  words.join(' and '),
  String(questions),
  String(marked),
  written(p),
];

function readerRow(name: string, { readings }: ReaderAudit, { unaccounted, words, agreement }: Listing): string[] {
  const [first] = [...words.found, ...words.others];
  const share = (value: number | null) => value?.toFixed(2) ?? '–';
  return [
    name,
    String(readings),
    String(unaccounted.length),
    first?.words.join(' and ') ?? '–',
    first ? written(first.p) : '–',
    String(Math.max(0, words.found.length - 1)),
    ...(agreement ? [share(agreement.precision), share(agreement.recall)] : []),
  ];
}

const rulesLine = (problems: number, answered: number) =>
  `Precision and recall of the planted rule: ${problems} problems whose own chains take what their questions do not account for, ${(100 * answered).toFixed(0)} % of them answered so`;

/** Below the least number there is. */
const written = (p: number) => (p === 0 ? '< 1e-300' : p.toPrecision(2));
