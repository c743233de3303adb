/** When a checkpoint is due: every so many updates, and sooner where the last one is so many minutes old. */

export interface CheckpointSchedule {
  /** `done` updates are done. */
  due(done: number): boolean;
  /** One was written: the minutes begin anew. */
  saved(): void;
}

export interface Intervals {
  readonly every: number;
  readonly minutes?: number | undefined;
}

/** `now` gives milliseconds, from any start. */
export function checkpointSchedule(
  { every, minutes = Number.POSITIVE_INFINITY }: Intervals,
  now = () => performance.now(),
): CheckpointSchedule {
  let last = now();
  return {
    due: done => done % every === 0 || now() - last > minutes * 60_000,
    saved() {
      last = now();
    },
  };
}
