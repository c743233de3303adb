/** Light or dark: what is drawn on a canvas has to be drawn again when it changes. */
import { signal } from '@preact/signals';

const query = matchMedia('(prefers-color-scheme: dark)');
export const dark = signal(query.matches);
query.addEventListener('change', () => {
  dark.value = query.matches;
});
