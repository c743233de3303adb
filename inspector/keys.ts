/** The keyboard: one key each, unless somebody is typing. */
import { useLayoutEffect } from 'preact/hooks';

const TYPED_INTO = [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement];

type Keys = Readonly<Record<string, () => void>>;

/** As long as the component is there. Renewed before the next key can come, so that two keys in a row go two steps. */
export function useKeys(keys: Keys): void {
  useLayoutEffect(() => {
    const listener = (event: KeyboardEvent) => {
      const { target } = event;
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      if (TYPED_INTO.some(kind => target instanceof kind)) {
        if (event.key === 'Escape') (target as HTMLElement).blur();
        return;
      }
      const act = keys[event.key];
      if (!act) return;
      event.preventDefault();
      act();
    };
    addEventListener('keydown', listener);
    return () => removeEventListener('keydown', listener);
  });
}
