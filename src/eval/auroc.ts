/**
 * Area under the ROC curve, as the probability that a score is higher where something holds than where it does not, ties being worth
 * half (Mann and Whitney 1947).
 */

/** [n],[n] -> in 0 … 1; null where it holds everywhere or nowhere. */
export function auroc(scores: readonly number[], holds: readonly boolean[]): number | null {
  const order = scores.map((score, i) => ({ score, holds: holds[i]! })).sort((a, b) => a.score - b.score);
  let below = 0;
  let pairs = 0;
  for (let at = 0; at < order.length; ) {
    let end = at;
    while (end < order.length && order[end]!.score === order[at]!.score) end += 1;
    const positive = order.slice(at, end).filter(one => one.holds).length;
    const negative = end - at - positive;
    pairs += positive * (below + negative / 2);
    below += negative;
    at = end;
  }
  const above = order.length - below;
  return above === 0 || below === 0 ? null : pairs / (above * below);
}
