/** How many workers a config's `workers` means on this machine. */
import { availableParallelism } from 'node:os';

export function workerCount(workers: 'auto' | number): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
