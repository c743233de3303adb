/** The points of a map on a canvas: moved and enlarged, pointed at, and gone through by the arrow keys. */
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import {
  type Extent,
  fitted,
  isArrow,
  nearestTo,
  nextTo,
  type Placement,
  type Point,
  placed,
  zoomed,
} from './mapPlane.ts';
import { type Mark, markOf } from './marks.ts';
import { dark } from './scheme.ts';

export interface MapPoint extends Point {
  /** Number of the reading that it stands for. */
  readonly reading: number;
  readonly group: number;
  /** Where the text is. */
  readonly text: Point | undefined;
}

/** Of a mark, in pixels. */
const RADIUS = 4;
const RING = 9;
/** As far from a point it is still meant. */
const REACH = 14;
const STEP = 1.5;

interface MapCanvasProps {
  /** Those that are shown. */
  readonly points: readonly MapPoint[];
  /** Where all lie, shown or not, so that the map does not jump when some are hidden. */
  readonly all: readonly MapPoint[];
  readonly ordered: boolean;
  readonly texts: boolean;
  readonly chosen: MapPoint | undefined;
  readonly label: string;
  readonly describedBy: string;
  readonly onPoint: (point: MapPoint | undefined) => void;
  readonly onChoose: (point: MapPoint) => void;
  readonly onOpen: (point: MapPoint) => void;
}

export function MapCanvas(props: MapCanvasProps) {
  const { points, all, ordered, texts, chosen, label, describedBy, onPoint, onChoose, onOpen } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const extent = useExtent(canvas);
  const whole = useMemo(() => {
    const shown = texts ? all.flatMap(point => (point.text ? [point, point.text] : [point])) : all;
    return fitted(shown, extent);
  }, [all, texts, extent]);
  const [moved, setMoved] = useState<Placement>();
  useEffect(() => setMoved(undefined), [whole]);
  const placement = moved ?? whole;
  const isDark = dark.value;
  const drag = useRef<{ readonly from: Point; readonly placement: Placement; readonly far: boolean } | undefined>(
    undefined,
  );

  useLayoutEffect(() => {
    const frame = requestAnimationFrame(() => {
      if (canvas.current) draw(canvas.current, { extent, points, placement, ordered, texts, chosen });
    });
    return () => cancelAnimationFrame(frame);
  }, [extent, points, placement, ordered, texts, chosen, isDark]);

  const zoom = (by: number, at: Point = { x: extent.width / 2, y: extent.height / 2 }) =>
    setMoved(known => zoomed(known ?? whole, by, at));
  // Preact listens to wheels passively, and the page behind must not move.
  useEffect(() => {
    const element = canvas.current;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 400), at(event));
    };
    element?.addEventListener('wheel', onWheel, { passive: false });
    return () => element?.removeEventListener('wheel', onWheel);
  }, [whole]);

  function onKeyDown(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (isArrow(key)) {
      const middle = { x: extent.width / 2, y: extent.height / 2 };
      const next = chosen ? nextTo(points, chosen, key) : nearestTo(points, placement, middle);
      if (next) {
        onChoose(next);
        setMoved(inSight(next, placement, extent));
      }
    } else if (key === '+' || key === '=') zoom(STEP);
    else if (key === '-') zoom(1 / STEP);
    else if (key === '0') setMoved(undefined);
    else if (key === 'Enter' && chosen) onOpen(chosen);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  return (
    <div class="map-box">
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: an application has keys of its own, and here they go from point to point */}
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label={label}
        aria-describedby={describedBy}
        data-points={points.length}
        onKeyDown={onKeyDown}
        onPointerDown={event => {
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { from: at(event), placement, far: false };
        }}
        onPointerMove={event => {
          const here = at(event);
          const { current } = drag;
          if (!current) return onPoint(nearestTo(points, placement, here, REACH));
          const [dx, dy] = [here.x - current.from.x, here.y - current.from.y];
          if (!current.far && Math.hypot(dx, dy) < 4) return;
          drag.current = { ...current, far: true };
          const { scale, left, top } = current.placement;
          setMoved({ scale, left: left + dx, top: top + dy });
        }}
        onPointerUp={event => {
          const wasDrag = drag.current?.far;
          drag.current = undefined;
          const meant = wasDrag ? undefined : nearestTo(points, placement, at(event), REACH);
          if (meant) onOpen(meant);
        }}
        onPointerLeave={() => onPoint(undefined)}
      />
      <div class="map-zoom">
        <button type="button" class="toggle" aria-label="Larger" title="Larger ( + )" onClick={() => zoom(STEP)}>
          +
        </button>
        <button type="button" class="toggle" aria-label="Smaller" title="Smaller ( - )" onClick={() => zoom(1 / STEP)}>
          −
        </button>
        <button
          type="button"
          class="toggle"
          aria-label="All of it"
          title="All of it ( 0 )"
          onClick={() => setMoved(undefined)}
        >
          ⤢
        </button>
      </div>
    </div>
  );
}

const at = ({ offsetX: x, offsetY: y }: MouseEvent): Point => ({ x, y });

/** The placement moved so far that a point is on the canvas. */
function inSight(point: Point, placement: Placement, { width, height }: Extent): Placement {
  const { x, y } = placed(placement, point);
  const by = (value: number, size: number) => Math.max(RING, Math.min(size - RING, value)) - value;
  return { ...placement, left: placement.left + by(x, width), top: placement.top + by(y, height) };
}

function useExtent(canvas: { readonly current: HTMLCanvasElement | null }): Extent {
  const [extent, setExtent] = useState<Extent>({ width: 800, height: 600 });
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    const measure = () => setExtent({ width: element.clientWidth, height: element.clientHeight });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, [canvas]);
  return extent;
}

interface Drawing extends Pick<MapCanvasProps, 'points' | 'ordered' | 'texts' | 'chosen'> {
  readonly extent: Extent;
  readonly placement: Placement;
}

function draw(canvas: HTMLCanvasElement, { extent, points, placement, ordered, texts, chosen }: Drawing): void {
  const { width, height } = extent;
  const ratio = devicePixelRatio;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext('2d')!;
  const style = getComputedStyle(canvas);
  const colour = (name: string) => style.getPropertyValue(name).trim();
  context.scale(ratio, ratio);
  const sprites = new Map<number, readonly [HTMLCanvasElement, HTMLCanvasElement]>();
  const spriteOf = (group: number) => {
    const known = sprites.get(group) ?? spritesOf(markOf(group, ordered), colour, ratio);
    sprites.set(group, known);
    return known;
  };
  const size = 2 * RING;
  const stamp = (image: HTMLCanvasElement, point: Point) => {
    const { x, y } = placed(placement, point);
    if (x > -RING && y > -RING && x < width + RING && y < height + RING)
      context.drawImage(image, x - RING, y - RING, size, size);
  };
  if (texts) {
    context.globalAlpha = 0.75;
    for (const { text, group } of points) if (text) stamp(spriteOf(group)[1], text);
  }
  context.globalAlpha = 0.85;
  for (const point of points) stamp(spriteOf(point.group)[0], point);
  context.globalAlpha = 1;
  if (!chosen) return;
  const { x, y } = placed(placement, chosen);
  context.strokeStyle = colour('--ink');
  context.lineWidth = 1.5;
  if (texts && chosen.text) {
    const end = placed(placement, chosen.text);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(end.x, end.y);
    context.stroke();
    stamp(spriteOf(chosen.group)[1], chosen.text);
  }
  stamp(spriteOf(chosen.group)[0], chosen);
  context.beginPath();
  context.arc(x, y, RING - 1, 0, 2 * Math.PI);
  context.stroke();
}

/** A mark, filled for a thought and open for a text, drawn once and stamped ten thousand times. */
function spritesOf({ path, colour }: Mark, colourOf: (name: string) => string, ratio: number) {
  const sprite = (paint: (context: CanvasRenderingContext2D, shape: Path2D) => void) => {
    const canvas = document.createElement('canvas');
    canvas.width = Math.ceil(2 * RING * ratio);
    canvas.height = canvas.width;
    const context = canvas.getContext('2d')!;
    context.scale(canvas.width / (2 * RING), canvas.width / (2 * RING));
    context.translate(RING, RING);
    context.scale(RADIUS, RADIUS);
    context.fillStyle = colourOf(colour);
    context.strokeStyle = colourOf(colour);
    paint(context, new Path2D(path));
    return canvas;
  };
  const filled = sprite((context, shape) => {
    context.fill(shape);
    // A rim of paper tells marks apart that lie on each other.
    context.strokeStyle = colourOf('--paper');
    context.lineWidth = 0.6 / RADIUS;
    context.stroke(shape);
  });
  const open = sprite((context, shape) => {
    context.lineWidth = 1.2 / RADIUS;
    context.stroke(shape);
  });
  return [filled, open] as const;
}
