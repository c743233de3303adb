/** Numbers as lengths: a score with the floors that it must beat, and a figure with its interval. The number itself always stands beside. */
import type { Figure } from '../src/inspect/wire.ts';
import { decimal } from './format.ts';

export interface Range {
  readonly from: number;
  readonly to: number;
}

const WIDTH = 100;

const place = (value: number, { from, to }: Range) =>
  Math.max(0, Math.min(WIDTH, (WIDTH * (value - from)) / (to - from)));

export interface Floor {
  readonly name: string;
  readonly value: number;
}

interface ScoreBarProps {
  readonly value: number;
  readonly range: Range;
  readonly floors?: readonly Floor[];
  /** What the best text that is known gets. */
  readonly ceiling?: number | undefined;
}

/** A bar from 0 to the value; a tick for each floor, the highest of them longer, and a wedge at the ceiling. What lies outside the range ends in an arrow. */
export function ScoreBar({ value, range, floors = [], ceiling }: ScoreBarProps) {
  const [zero, end] = [place(0, range), place(value, range)];
  const highest = Math.max(...floors.map(floor => floor.value));
  const outside = value < range.from || value > range.to;
  return (
    <svg class="score-bar" viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" aria-hidden="true">
      <rect class="track" x="0" y="3.5" width={WIDTH} height="3" />
      <rect
        class={value >= highest || floors.length === 0 ? 'fill' : 'fill short'}
        x={Math.min(zero, end)}
        y="2.5"
        width={Math.max(0.6, Math.abs(end - zero))}
        height="5"
      />
      <line class="zero" x1={zero} x2={zero} y1="1" y2="9" />
      {floors.map(floor => (
        <line
          key={floor.name}
          class={floor.value === highest ? 'floor highest' : 'floor'}
          x1={place(floor.value, range)}
          x2={place(floor.value, range)}
          y1={floor.value === highest ? 0 : 2}
          y2={floor.value === highest ? 10 : 8}
        />
      ))}
      {ceiling !== undefined && <path class="ceiling" d={`M${place(ceiling, range) - 2.5} 0 h5 l-2.5 4Z`} />}
      {outside && (
        <path
          class="beyond"
          d={value < range.from ? 'M4 1 L0 5 L4 9' : `M${WIDTH - 4} 1 L${WIDTH} 5 L${WIDTH - 4} 9`}
        />
      )}
    </svg>
  );
}

interface IntervalProps {
  readonly figure: Figure | undefined;
  readonly range: Range;
  readonly format?: (value: number | null) => string;
  readonly confidence: number | null;
}

/** A figure, and where its interval lies. */
export function Interval({ figure, range, format = decimal, confidence }: IntervalProps) {
  if (figure?.value == null) return <span class="unknown">–</span>;
  const { value, low, high } = figure;
  const told =
    low === null || high === null
      ? format(value)
      : `${format(value)}; ${confidence === null ? '' : `${(100 * confidence).toFixed(0)} % `}interval ${format(low)} to ${format(high)}`;
  const at = place(value, range);
  return (
    <span class="interval" title={told}>
      <span class="value">{format(value)}</span>
      <svg viewBox={`0 0 ${WIDTH} 10`} preserveAspectRatio="none" role="img" aria-label={told}>
        <line class="track" x1="0" x2={WIDTH} y1="5" y2="5" />
        {low !== null && high !== null && (
          <rect
            class="reach"
            x={place(low, range)}
            y="1.5"
            width={Math.max(1.5, place(high, range) - place(low, range))}
            height="7"
          />
        )}
        <line class="at" x1={at} x2={at} y1="0" y2="10" />
      </svg>
    </span>
  );
}
