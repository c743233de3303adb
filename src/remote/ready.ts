/** Worker task: does nothing, so that a worker learns whether its threads have the device that a run asks for before it takes work. */
import { task } from '../tensor/task.ts';

export async function beReady(): Promise<void> {}
export const readyTask = task<undefined, void>(import.meta.url, beReady);
