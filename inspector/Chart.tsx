/** One metric of several runs, drawn by uPlot; the charts of a view share their cursor. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { decimal } from './format.ts';
import { COLOURS } from './marks.ts';
import { dark } from './scheme.ts';

/** Dashes besides colours: runs are told apart without seeing colour. */
const DASHES = [[], [7, 4], [2, 3], [9, 3, 2, 3], [4, 2], [12, 4]];

const HEIGHT = 220;

interface ChartProps {
  readonly data: uPlot.AlignedData;
  /** Per row of the data: what it is called, and its colour's place. */
  readonly series: readonly { readonly name: string; readonly colour: number }[];
}

export function Chart({ data, series }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const isDark = dark.value;
  const names = series.map(({ name, colour }) => `${name} ${colour}`).join('\n');
  useEffect(() => {
    const parent = box.current;
    if (!parent) return;
    const style = getComputedStyle(parent);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    const axis = {
      stroke: colour('--soft'),
      grid: { stroke: colour('--line'), width: 1 },
      ticks: { show: false },
      font: '11px system-ui, sans-serif',
    };
    const made = new uPlot(
      {
        width: parent.clientWidth,
        height: HEIGHT,
        cursor: { sync: { key: 'curves' } },
        scales: { x: { time: false } },
        axes: [
          { ...axis, size: 32 },
          { ...axis, size: 54, values: (_, splits) => splits.map(value => decimal(value)) },
        ],
        series: [
          { label: 'update' },
          ...series.map(({ name, colour: place }) => ({
            label: name,
            stroke: colour(`--run-${place % COLOURS}`),
            width: 1.5,
            dash: DASHES[place % DASHES.length] ?? [],
            spanGaps: true,
            points: { show: false },
            value: (_: uPlot, value: number | null) => decimal(value),
          })),
        ],
      },
      data,
      parent,
    );
    plot.current = made;
    const resized = new ResizeObserver(() => made.setSize({ width: parent.clientWidth, height: HEIGHT }));
    resized.observe(parent);
    return () => {
      resized.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [names, isDark]);
  useEffect(() => plot.current?.setData(data), [data]);
  return <div class="chart" ref={box} data-points={data[0].length} />;
}
