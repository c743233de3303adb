/**
 * Verdicts on a reading, each with its reason in numbers. **Verbalisable**: some text that is known explains more of the latent than
 * the mean does; where none does there is nothing to read. **Readable**: the text leaves the model nearer to the own latent than to
 * another problem's, and explains more of it than texts do that read nothing. **Used**: the model's answer changes when the latent
 * is swapped. **Adds**: it says what the state at the question's end does not. **Follows**, where it was tried: when the question is
 * edited, the reading changes as it says itself.
 *
 * They are axes of their own: a readable latent may be idle, a used one unreadable. A figure over problems has to hold at the low
 * end of its interval.
 */
import type { Site } from '../lrm/interventions.ts';

export interface Verdict {
  readonly holds: boolean;
  readonly reason: string;
}

/** As a verdict; null where nothing could be tried. */
export interface TriedVerdict {
  readonly holds: boolean | null;
  readonly reason: string;
}

export interface Verdicts {
  readonly verbalisable: Verdict;
  readonly readable: Verdict;
  readonly used: Verdict;
  readonly adds: TriedVerdict;
}

export interface VerdictFloors {
  /** Least swap gap. */
  readonly swap_gap: number;
  /** Least causal score. */
  readonly used: number;
  /** Least lead in being right over the question's end. */
  readonly adds: number;
  /** Least share of edits that are followed. */
  readonly follows: number;
}

/** A figure, and the low end of its interval; null where it is not known. */
export interface Bound {
  readonly value: number | null;
  readonly low: number | null;
}

/** Of one reading: there is no interval. */
export const exactly = (value: number): Bound => ({ value, low: value });

export interface Evidence {
  readonly gap: Bound;
  /** Of the reading; null where the targets do not vary. */
  readonly fve: number | null;
  /** FVE minus that of texts that read nothing, by name. */
  readonly leads: Readonly<Record<string, Bound>>;
  /** FVE of the texts that are known to come near, by name. */
  readonly known: Readonly<Record<string, number | null>>;
  /** Share of swaps that change the answer. */
  readonly swap: Readonly<Record<Site, Bound>>;
  readonly adds: AddsEvidence;
}

/** Against the same reading of the state at the question's end. */
export interface AddsEvidence {
  /** Of the translators; null for a view that is none. */
  readonly nats: { readonly own: number; readonly questionEnd: number } | null;
  /** How much more often ours is right, over problems whose steps are known. */
  readonly right: Bound | null;
  /** Both read the same, of this one problem. */
  readonly same?: boolean;
}

const shown = (x: number) => x.toFixed(2).replace(/^-0\.00$/, '0.00');
/** `0.86 (at least 0.83)` */
const bounded = (value: number, low: number) =>
  low === value ? shown(value) : `${shown(value)} (at least ${shown(low)})`;

export function judge(evidence: Evidence, floors: Omit<VerdictFloors, 'follows'>): Verdicts {
  return {
    verbalisable: judgeVerbalisable(evidence.known),
    readable: judgeReadable(evidence, floors),
    used: judgeUsed(evidence.swap, floors),
    adds: judgeAdds(evidence.adds, floors),
  };
}

function judgeVerbalisable(known: Evidence['known']): Verdict {
  const [best] = present(known).sort(([, a], [, b]) => b - a);
  if (!best) return { holds: false, reason: 'the targets do not vary' };
  const [name, fve] = best;
  const holds = fve > 0;
  return {
    holds,
    reason: `${holds ? '' : 'even '}the best text known (${name}) has FVE ${shown(fve)} ${holds ? '>' : '≤'} 0.00 (the mean)`,
  };
}

const present = <T>(named: Readonly<Record<string, T | null>>) =>
  Object.entries(named).filter((entry): entry is [string, T & {}] => entry[1] !== null);

export function judgeReadable(
  { gap, fve, leads }: Pick<Evidence, 'gap' | 'fve' | 'leads'>,
  { swap_gap: floor }: Pick<VerdictFloors, 'swap_gap'>,
): Verdict {
  const apart = gap.low !== null && gap.low >= floor;
  const shownGap = gap.value === null || gap.low === null ? 'unknown' : bounded(gap.value, gap.low);
  const gapReason = `swap gap ${shownGap} ${apart ? '≥' : '<'} ${shown(floor)}`;
  if (fve === null) return { holds: false, reason: `${gapReason}, the targets do not vary` };
  const known = Object.entries(leads).flatMap(([name, { value, low }]) =>
    value === null || low === null ? [] : [{ name, value, low }],
  );
  const [nearest] = known.sort((a, b) => a.low - b.low);
  if (!nearest) return { holds: apart, reason: `${gapReason}, FVE ${shown(fve)}` };
  const { name, value, low } = nearest;
  const above = low > 0;
  const by = low === value || value <= 0 ? '' : `, by at least ${shown(low)}`;
  const fveReason = `FVE ${shown(fve)} ${value > 0 ? '>' : '≤'} ${shown(fve - value)} (${name})${by}`;
  return { holds: apart && above, reason: `${gapReason}, ${fveReason}` };
}

const PLACE = { input: "as the next step's input", readout: 'at the readout' } as const satisfies Record<Site, string>;

function judgeUsed(swap: Evidence['swap'], { used: floor }: Pick<VerdictFloors, 'used'>): Verdict {
  const tried = (['input', 'readout'] as const).flatMap(site => {
    const { value, low } = swap[site];
    return value === null || low === null || Number.isNaN(value) ? [] : [{ site, value, low }];
  });
  const [most] = tried.sort((a, b) => b.low - a.low);
  if (!most) return { holds: false, reason: 'no other problem to swap it with' };
  const holds = most.low >= floor;
  return {
    holds,
    reason: `swapping it ${PLACE[most.site]} changes ${bounded(most.value, most.low)} of the answers, ${holds ? '≥' : '<'} ${shown(floor)}`,
  };
}

function judgeAdds({ nats, right, same }: AddsEvidence, { adds: floor }: Pick<VerdictFloors, 'adds'>): TriedVerdict {
  const more = nats && `${nats.own.toFixed(1)} nats, ${nats.questionEnd.toFixed(1)} there`;
  if (same) return { holds: false, reason: "the state at the question's end reads the same" };
  if (right?.value != null && right.low !== null) {
    const holds = right.low >= floor && (!nats || nats.own > nats.questionEnd);
    const often = `right ${bounded(right.value, right.low)} more often than the question's end`;
    const reason = `${often}, ${right.low >= floor ? '≥' : '<'} ${shown(floor)}`;
    return { holds, reason: more ? `${reason}; ${more}` : reason };
  }
  if (nats) return { holds: nats.own > nats.questionEnd, reason: `beside the question's end: ${more}` };
  return { holds: null, reason: "how often it is right beside the question's end is not known" };
}

/** Shares of edits that were followed, by what the reading predicts; null where there was no such edit. */
export interface FollowsEvidence {
  readonly changes: number | null;
  readonly stays: number | null;
}

/** Change has to be shown: a reading that only stays has shown nothing. */
export function judgeFollows(
  { changes, stays }: FollowsEvidence,
  { follows: floor }: Pick<VerdictFloors, 'follows'>,
): TriedVerdict {
  if (changes === null && stays === null) return { holds: null, reason: 'no number of the question could be edited' };
  if (changes === null) return { holds: false, reason: 'mentions no number of the question that could be edited' };
  const holds = Math.min(changes, stays ?? 1) >= floor;
  const stayed = stays === null ? '' : `, stays in ${shown(stays)} of the others`;
  const reason = `changes as it says in ${shown(changes)} of the edits that it mentions${stayed}`;
  return { holds, reason: `${reason}, ${holds ? '≥' : '<'} ${shown(floor)}` };
}
