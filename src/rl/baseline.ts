/**
 * The group baseline: a text's score minus the mean score of the other texts for the same problem (leave-one-out, Kool et al.
 * 2019). Targets differ far more in how well any text can do than texts for one target do; what is left is what the text
 * itself earned. The others are independent of it, so the policy gradient stays unbiased; the value head learns the rest.
 */

/** scores [problems·samples], a problem's texts together -> the same, centred; unchanged where a problem has one text. */
export function leaveOneOut(scores: readonly number[], samples: number): number[] {
  if (samples < 2) return [...scores];
  return scores.map((score, i) => {
    const start = Math.floor(i / samples) * samples;
    let total = 0;
    for (let j = start; j < start + samples; j++) total += scores[j]!;
    return score - (total - score) / (samples - 1);
  });
}
