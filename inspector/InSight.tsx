/** A long list, of which only the lines in sight are in the document: all are of one height. */
import { useComputed, useSignal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

/** Lines on each side that are there before they come in sight. */
const SPARE = 6;

interface InSightProps {
  readonly count: number;
  /** Of a line, in pixels, as in style.css. */
  readonly height: number;
  /** The line that has to be in sight; -1 for none. */
  readonly current: number;
  /** A line, with its key. */
  readonly children: (at: number) => ComponentChildren;
}

export function InSight({ count, height, current, children }: InSightProps) {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const room = useSignal(900);
  const first = useComputed(() => Math.max(0, Math.floor(top.value / height) - SPARE));
  const shown = useComputed(() => Math.ceil(room.value / height) + 2 * SPARE);
  useEffect(() => {
    const list = box.current;
    if (!list) return;
    room.value = list.clientHeight;
    if (current < 0) return;
    if (current * height < list.scrollTop) list.scrollTop = current * height;
    else if ((current + 1) * height > list.scrollTop + list.clientHeight)
      list.scrollTop = (current + 1) * height - list.clientHeight;
  }, [current, height, room]);
  const last = Math.min(count, first.value + shown.value);
  return (
    <div
      class="lines"
      ref={box}
      onScroll={event => {
        top.value = event.currentTarget.scrollTop;
        room.value = event.currentTarget.clientHeight;
      }}
    >
      <ol style={{ height: `${count * height}px`, paddingTop: `${first.value * height}px` }} start={first.value + 1}>
        {Array.from({ length: Math.max(0, last - first.value) }, (_, i) => children(first.value + i))}
      </ol>
    </div>
  );
}
