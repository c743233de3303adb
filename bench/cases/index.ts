/** The benchmarks by name: a new one is a file beside this and a line here. */
import type { Size } from '../size.ts';
import type { Variant } from '../variant.ts';
import { decodeVariants } from './decode.ts';
import { gradientVariants, largeGradientVariants } from './gradient.ts';
import { largeDecodeVariants } from './largeDecode.ts';
import { lrmVariants } from './lrm.ts';
import { memoryVariants } from './memory.ts';
import { peakVariants } from './peak.ts';
import { readingVariants } from './reading.ts';
import { updateVariants } from './update.ts';

export const CASES = {
  gradient: gradientVariants,
  'gradient-135m': largeGradientVariants,
  lrm: lrmVariants,
  decode: decodeVariants,
  'decode-135m': largeDecodeVariants,
  reading: readingVariants,
  update: updateVariants,
} as const satisfies Record<string, (size: Size) => Variant[]>;

export type CaseName = keyof typeof CASES;
export const CASE_NAMES = Object.keys(CASES) as CaseName[];
/** Those that do not take minutes each. */
export const QUICK_CASES = CASE_NAMES.filter(name => !name.endsWith('-135m'));

/** A variant as a process is told of it: `decode:1`, `peak:0`. */
export function variantOf(reference: string, size: Size): Variant | undefined {
  const [name = '', index] = reference.split(':');
  const all: Record<string, (size: Size) => Variant[]> = { ...CASES, peak: peakVariants, memory: memoryVariants };
  return all[name]?.(size)[Number(index)];
}
