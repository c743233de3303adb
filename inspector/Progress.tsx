/** How far what is computed has come. */
import type { Stage } from './attempt.ts';
import { visible } from './format.ts';

export function Progress({ stage }: { readonly stage: Stage | undefined }) {
  const { name, done, total } = stage ?? { name: 'asking', done: 0, total: 1 };
  return (
    <span class="progress">
      <progress max={total} value={done} aria-label={visible(name)} />
      <span>
        {visible(name)} <span class="number">{((100 * done) / Math.max(1, total)).toFixed(0)} %</span>
      </span>
    </span>
  );
}
