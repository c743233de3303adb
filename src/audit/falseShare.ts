/**
 * How many of the listed readings are misreadings, known without any that is none: by the leads that misreadings have on problems whose
 * thoughts are what their questions say. A lead's p-value is the share of such problems with one as high (conformal: itself counted);
 * its q-value the share of misreadings to expect among it and all higher ones (Benjamini and Hochberg 1995).
 */

/** Leads of readings [k] of `tests` problems, and of misreadings among `nulls` problems -> q-values [k], in 0 … 1. */
export function qValues(leads: readonly number[], tests: number, misread: readonly number[], nulls: number): number[] {
  const order = leads.map((_, i) => i).sort((a, b) => leads[a]! - leads[b]!);
  const q: number[] = [];
  let least = 1;
  order.forEach((i, place) => {
    const p = (1 + misread.filter(lead => lead >= leads[i]!).length) / (1 + nulls);
    least = Math.min(least, (tests * p) / (leads.length - place));
    q[i] = least;
  });
  return q;
}
