/**
 * The child's side of supervision (supervise.ts): it tells its parent which run it has, and does not outlive it. A parent
 * that is killed means that the run is to be killed: an orphan would go on unseen and hold the run.
 */

/** The hidden option of a command that is a supervised child. */
export const SUPERVISED = '--supervised';

/** What the child says. */
export interface Announcement {
  readonly run: string;
}

/** To be called once, first. */
export function followParent(): void {
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.channel?.unref();
}

/** The run folder is there, and this process holds it. */
export function announceRun(run: string): void {
  process.send?.({ run } satisfies Announcement);
}
