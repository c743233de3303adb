/**
 * Progress of long work, on stderr: a bar on a terminal, a line every few seconds elsewhere (and at the end of a stage),
 * so that logs stay short. Results go to stdout and are nobody's business here.
 */
import { MultiBar, type SingleBar } from 'cli-progress';

export type Figures = Readonly<Record<string, number | string>>;

export interface Progress {
  /** Begins a stage of `total` parts and ends the one before. */
  stage(name: string, total: number): void;
  /** `done` parts of the stage are done; figures are shown beside. */
  update(done: number, figures?: Figures): void;
  /** A line of its own. */
  note(line: string): void;
  close(): void;
}

export interface ProgressOptions {
  readonly stream?: NodeJS.WriteStream;
  /** Seconds between lines where there is no terminal. */
  readonly interval?: number;
  /** Seconds, from any start. */
  readonly now?: () => number;
}

export function createProgress(options: ProgressOptions = {}): Progress {
  const stream = options.stream ?? process.stderr;
  return stream.isTTY ? barProgress(stream) : lineProgress(stream, options);
}

/** `1:05` or `2:03:04`. */
export function formatSeconds(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 60) % 60, whole % 60].map(part => String(part).padStart(2, '0'));
  const hours = Math.floor(whole / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : parts.join(':').replace(/^0/, '');
}

function formatFigures(figures: Figures): string {
  const text = (value: number | string) =>
    typeof value === 'number' ? Number(value.toPrecision(3)).toString() : value;
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${text(value)}`)
    .join('  ');
}

function barProgress(stream: NodeJS.WriteStream): Progress {
  let bars: MultiBar | undefined;
  let bar: SingleBar | undefined;
  const close = () => {
    // Notes are shown when the bars are drawn next: without this the last ones never would be.
    bars?.update();
    bars?.stop();
    bars = undefined;
    bar = undefined;
  };
  return {
    stage(name, total) {
      close();
      bars = new MultiBar({
        stream,
        format: '{name} {bar} {value}/{total}  {figures}  {eta_formatted} left',
        barsize: 24,
        barCompleteChar: '━',
        barIncompleteChar: '─',
        hideCursor: true,
        gracefulExit: false,
        forceRedraw: true,
      });
      bar = bars.create(total, 0, { name, figures: '' });
    },
    update: (done, figures) => bar?.update(done, figures ? { figures: formatFigures(figures) } : {}),
    note(line) {
      if (bars) bars.log(`${line}\n`);
      else stream.write(`${line}\n`);
    },
    close,
  };
}

function lineProgress(
  stream: NodeJS.WriteStream,
  { interval = 10, now = () => performance.now() / 1000 }: ProgressOptions,
): Progress {
  let stage: { name: string; total: number; begun: number; shown: number; done: number; figures: Figures } | undefined;
  const show = () => {
    if (!stage) return;
    const { name, total, begun, done, figures } = stage;
    const spent = now() - begun;
    const left = done > 0 && done < total ? `, ${formatSeconds((spent / done) * (total - done))} left` : '';
    stream.write(
      `${[`${name} ${done}/${total}`, formatFigures(figures), formatSeconds(spent) + left].filter(Boolean).join('  ')}\n`,
    );
    stage.shown = now();
  };
  const close = () => {
    if (stage && stage.done > 0 && stage.done < stage.total) show();
    stage = undefined;
  };
  return {
    stage(name, total) {
      close();
      stage = { name, total, begun: now(), shown: now(), done: 0, figures: {} };
    },
    update(done, figures) {
      if (!stage) return;
      Object.assign(stage, { done, figures: figures ?? stage.figures });
      if (done >= stage.total || now() - stage.shown >= interval) show();
    },
    note: line => void stream.write(`${line}\n`),
    close,
  };
}
