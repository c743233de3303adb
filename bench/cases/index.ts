/** The benchmarks by name: a new one is a file beside this and a line here. */
import type { Size } from '../size.ts';
import type { Variant } from '../variant.ts';
import { decodeVariants } from './decode.ts';
import { gradientVariants } from './gradient.ts';
import { lrmVariants } from './lrm.ts';
import { peakVariants } from './peak.ts';
import { readingVariants } from './reading.ts';
import { updateVariants } from './update.ts';

export const CASES = {
  gradient: gradientVariants,
  lrm: lrmVariants,
  decode: decodeVariants,
  reading: readingVariants,
  update: updateVariants,
} as const satisfies Record<string, (size: Size) => Variant[]>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as CaseName[];

/** A variant as a process is told of it: `decode:1`, `peak:0`. */
export function variantOf(reference: string, size: Size): Variant | undefined {
  const [name = '', index] = reference.split(':');
  const all: Record<string, (size: Size) => Variant[]> = { ...CASES, peak: peakVariants };
  return all[name]?.(size)[Number(index)];
}
