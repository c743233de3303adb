/**
 * Bootstrap intervals over problems (Efron 1979, percentiles): a table's rows are resampled by problem, never by step.
 */
import type { Stream } from '../run/random.ts';

/** A figure with its interval; null where there is nothing to average. */
export interface Figure {
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
}

/** Per-problem parts of a figure: its value is Σ numerator / Σ denominator. For a mean the denominator is 1. */
export interface Parts {
  readonly numerator: ArrayLike<number>;
  readonly denominator?: ArrayLike<number>;
}

/** Parts of the mean of what is there: NaN counts neither above nor below. */
export function present(values: Float64Array): Required<Parts> {
  return { numerator: values.map(x => x || 0), denominator: values.map(x => (Number.isNaN(x) ? 0 : 1)) };
}

export interface BootstrapSettings {
  readonly resamples: number;
  readonly confidence: number;
  readonly rng: Stream;
  /** Maps the ratio to the figure, as 1 - x for FVE. */
  readonly transform?: (ratio: number) => number;
}

export function bootstrap({ numerator, denominator }: Parts, settings: BootstrapSettings): Figure {
  const n = numerator.length;
  const transform = settings.transform ?? (x => x);
  const figure = (index: (i: number) => number): number | null => {
    let top = 0;
    let bottom = 0;
    for (let i = 0; i < n; i++) {
      const at = index(i);
      top += numerator[at]!;
      bottom += denominator ? denominator[at]! : 1;
    }
    return bottom === 0 ? null : transform(top / bottom);
  };
  return bootstrapStatistic(figure, n, settings);
}

/** The same of any statistic of n problems: `statistic` gets the problem at each of n places, and is null where it has no value. */
export function bootstrapStatistic(
  statistic: (index: (place: number) => number) => number | null,
  n: number,
  settings: Omit<BootstrapSettings, 'transform'>,
): Figure {
  const value = statistic(i => i);
  if (value === null) return { value, low: null, high: null };
  const draws = Array.from({ length: settings.resamples }, () => statistic(() => Math.floor(settings.rng() * n)))
    .filter(x => x !== null)
    .sort((a, b) => a - b);
  const tail = (1 - settings.confidence) / 2;
  const at = (share: number) => draws[Math.min(draws.length - 1, Math.floor(share * draws.length))] ?? value;
  return { value, low: at(tail), high: at(1 - tail) };
}
