/**
 * Fisher's exact test, one-sided: how probably two things meet so often by chance. Sums of hypergeometric probabilities in log
 * space, so that a p-value of 1e-200 is as exact as one of .5.
 */

/** Natural logarithms of 0! … n!. */
const logFactorials: number[] = [0];

function logFactorial(n: number): number {
  for (let k = logFactorials.length; k <= n; k++) logFactorials.push(logFactorials[k - 1]! + Math.log(k));
  return logFactorials[n]!;
}

/** [n], [k] -> ln of n over k. */
const logChoose = (n: number, k: number) => logFactorial(n) - logFactorial(k) - logFactorial(n - k);

/** Of `all` things `marked` are marked, `drawn` are drawn, and `both` are marked and drawn. */
export interface Meeting {
  readonly all: number;
  readonly marked: number;
  readonly drawn: number;
  readonly both: number;
}

/** ln of the probability that a blind drawing has `both` marked ones or more; 0 (certain) where it cannot have fewer. */
export function logFisher({ all, marked, drawn, both }: Meeting): number {
  const [least, most] = [Math.max(0, marked + drawn - all), Math.min(marked, drawn)];
  if (both <= least) return 0;
  const terms: number[] = [];
  for (let x = both; x <= most; x++)
    terms.push(logChoose(marked, x) + logChoose(all - marked, drawn - x) - logChoose(all, drawn));
  const largest = Math.max(...terms);
  return Math.min(0, largest + Math.log(terms.reduce((sum, term) => sum + Math.exp(term - largest), 0)));
}
