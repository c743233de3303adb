/**
 * Two verdicts on a reading, each with its reason. **Readable**: the text leaves the model nearer to the own latent than to another
 * problem's, and explains more of it than the floors do. **Used**: the model's answer changes when the latent is swapped.
 * They are two axes: a readable latent may be idle, a used one unreadable.
 */

export interface Verdict {
  readonly holds: boolean;
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

export function judge({ gap, fve, fveFloors, causal }: Evidence, floors: VerdictFloors): Verdicts {
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
