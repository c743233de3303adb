/**
 * Verdicts on a reading, each with its reason. **Readable**: the text leaves the model nearer to the own latent than to another
 * problem's, and explains more of it than the floors do. **Used**: the model's answer changes when the latent is swapped.
 * They are two axes: a readable latent may be idle, a used one unreadable. **Follows**, where it was tried: when the question is
 * edited, the reading changes as it says itself.
 */

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
  readonly readable: Verdict;
  readonly used: Verdict;
}

export interface VerdictFloors {
  /** Least swap gap. */
  readonly swap_gap: number;
  /** Least causal score. */
  readonly used: number;
  /** Least share of edits that are followed. */
  readonly follows: number;
}

export interface Evidence {
  readonly gap: number;
  /** Of the reading; null where the targets do not vary. */
  readonly fve: number | null;
  /** FVE of texts that read nothing, by name. */
  readonly fveFloors: Readonly<Record<string, number | null>>;
  /** Share of swaps that change the answer. */
  readonly causal: number;
}

const shown = (x: number) => x.toFixed(2);

export function judge({ gap, fve, fveFloors, causal }: Evidence, floors: Omit<VerdictFloors, 'follows'>): Verdicts {
  let floorName = 'nothing';
  let floor = Number.NEGATIVE_INFINITY;
  for (const [name, value] of Object.entries(fveFloors)) {
    if (value !== null && value > floor) [floorName, floor] = [name, value];
  }
  const apart = gap >= floors.swap_gap;
  const above = fve !== null && fve > floor;
  const gapReason = `swap gap ${shown(gap)} ${apart ? '≥' : '<'} ${shown(floors.swap_gap)}`;
  const fveReason =
    fve === null ? 'the targets do not vary' : `FVE ${shown(fve)} ${above ? '>' : '≤'} ${shown(floor)} (${floorName})`;
  const used = causal >= floors.used;
  return {
    readable: { holds: apart && above, reason: `${gapReason}, ${fveReason}` },
    used: {
      holds: used,
      reason: `swapping it changes ${shown(causal)} of the answers, ${used ? '≥' : '<'} ${shown(floors.used)}`,
    },
  };
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
