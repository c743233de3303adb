/** A table that may be wider than the window; the keyboard scrolls it too. */
import type { ComponentChildren } from 'preact';

export function ScrolledTable({ label, children }: { readonly label: string; readonly children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
    <section class="scroll" aria-label={label} tabIndex={0}>
      {children}
    </section>
  );
}
