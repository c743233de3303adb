/** Taking away what a view shows: copied as Markdown, or saved as JSON lines or CSV. The view says what its rows are; this is the same for all. */
import { computed, signal } from '@preact/signals';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useKeys } from './keys.ts';
import { csv, jsonLines, markdown, type Sheet } from './sheet.ts';

const current = signal<(() => Sheet) | undefined>(undefined);
const isThere = computed(() => current.value !== undefined);

/** What may be taken of a view as long as it is shown; made when it is. */
export function useSheet(make: () => Sheet): void {
  useLayoutEffect(() => {
    current.value = make;
    return () => {
      if (current.peek() === make) current.value = undefined;
    };
  });
}

export const TAKE_KEYS = {
  m: 'copy what is shown as Markdown',
  l: 'save its rows as JSON lines',
  c: 'save its rows as CSV',
};

const TOLD_MS = 4000;

export function TakeAway() {
  const menu = useRef<HTMLDetailsElement>(null);
  const [told, setTold] = useState('');
  useEffect(() => {
    if (told === '') return;
    const timer = setTimeout(() => setTold(''), TOLD_MS);
    return () => clearTimeout(timer);
  }, [told]);
  /** @returns what was done. */
  const take = (how: (sheet: Sheet) => string | Promise<string>) => async () => {
    const sheet = current.peek()?.();
    if (!sheet) return;
    if (menu.current) menu.current.open = false;
    setTold(await how(sheet));
  };
  const ways = {
    m: { word: 'Copy as Markdown', act: take(copy) },
    l: { word: 'Save as JSON lines', act: take(sheet => save(sheet, 'jsonl', jsonLines(sheet.rows))) },
    c: { word: 'Save as CSV', act: take(sheet => save(sheet, 'csv', csv(sheet.rows))) },
  };
  useKeys(Object.fromEntries(Object.entries(ways).map(([key, { act }]) => [key, () => void act()])));
  return (
    <div class="take">
      <span role="status">{told}</span>
      {isThere.value && (
        <details ref={menu}>
          <summary>Take away</summary>
          <ul>
            {Object.entries(ways).map(([key, { word, act }]) => (
              <li key={key}>
                <button type="button" onClick={() => void act()}>
                  {word} <kbd>{key}</kbd>
                </button>
              </li>
            ))}
          </ul>
        </details>
      )}
    </div>
  );
}

const counted = ({ rows }: Sheet) => `${rows.length} ${rows.length === 1 ? 'row' : 'rows'}`;

async function copy(sheet: Sheet): Promise<string> {
  const text = markdown(sheet);
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied as Markdown';
  } catch {
    return save(sheet, 'md', text);
  }
}

/** As long as the browser may take to begin. */
const KEPT_MS = 60_000;

const TYPES = { md: 'text/markdown', jsonl: 'application/jsonl', csv: 'text/csv' } as const;

function save(sheet: Sheet, ending: keyof typeof TYPES, text: string): string {
  const file = `${sheet.name.replaceAll(/[^\w.-]+/g, '_')}.${ending}`;
  const url = URL.createObjectURL(new Blob([text], { type: `${TYPES[ending]};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = url;
  link.download = file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
  return `Saved ${file}, ${counted(sheet)}`;
}
