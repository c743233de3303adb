/** Numbers and texts as they are shown. */
import type { RunSummary } from '../src/inspect/wire.ts';

const UNKNOWN = '–';
const signed = (text: string) => text.replace('-', '−');

/** `0.78`; `−19.5` where it is large. */
export function decimal(value: number | null | undefined): string {
  if (value == null) return UNKNOWN;
  const size = Math.abs(value);
  const text =
    size >= 1e4 ? value.toExponential(1).replace('e+', 'e') : value.toFixed(size < 10 ? 2 : size < 100 ? 1 : 0);
  return signed(text).replace(/^−([0.]+)$/, '$1');
}

/** Of a hundred, without the sign. */
export const percent = (value: number | null | undefined): string =>
  value == null ? UNKNOWN : signed((100 * value).toFixed(0)).replace(/^−0$/, '0');

/** `1 h 04 min`, `12 min 05 s`, `42 s`. */
export function duration(seconds: number | null): string {
  if (seconds === null) return UNKNOWN;
  const whole = Math.round(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  if (h > 0) return `${h} h ${two(m)} min`;
  return m > 0 ? `${m} min ${two(s)} s` : `${s} s`;
}

const FIRST_PICTURE = 0x2400;
const DELETE = 0x7f;
const DELETE_PICTURE = 0x2421;
/** Control characters, and marks that turn the direction of what follows. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g;

/** A text of a model: what would not be seen, or would change what is seen, is shown as a sign. */
export function visible(text: string): string {
  return text.replace(UNSEEN, character => {
    const code = character.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(FIRST_PICTURE + code);
    if (code === DELETE) return String.fromCharCode(DELETE_PICTURE);
    return `⟨U+${code.toString(16).toUpperCase().padStart(4, '0')}⟩`;
  });
}

/** `latent step 3`, `latent steps 0–4`. */
export function stepsName(steps: readonly number[]): string {
  const [first, last] = [steps[0] ?? 0, steps.at(-1) ?? 0];
  if (steps.length === 1) return `latent step ${first}`;
  return last - first + 1 === steps.length ? `latent steps ${first}–${last}` : `latent steps ${steps.join(', ')}`;
}

export const runName = ({ name, seed }: Pick<RunSummary, 'name' | 'seed'>): string =>
  seed === null ? name : `${name}, seed ${seed}`;
