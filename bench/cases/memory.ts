/**
 * How fast the machine's memory is: one thread copies an array that no cache holds; bytes read and bytes written both count.
 */
import type { Size } from '../size.ts';
import type { Variant } from '../variant.ts';

export function memoryVariants({ memory }: Size): Variant[] {
  return [
    {
      label: 'memory, 1 thread',
      threads: 1,
      makes: {},
      burst: 2,
      async create() {
        const [source, target] = [new Float32Array(memory).fill(1), new Float32Array(memory)];
        return {
          async once() {
            target.set(source);
            return { flops: 0, bytes: source.byteLength + target.byteLength };
          },
          sessionMs: () => 0,
          async close() {},
        };
      },
    },
  ];
}
