/** That every case runs, at a size that takes no time. What it takes is asserted nowhere. */
import { describe, expect, it } from 'vitest';
import { CASE_NAMES, CASES } from './cases/index.ts';
import { peakVariants } from './cases/peak.ts';
import { profileText } from './profile.ts';
import { machine, reportText } from './report.ts';
import { runBench } from './run.ts';
import { measure } from './serve.ts';
import { SIZES } from './size.ts';
import { median, medianRatio } from './statistics.ts';

const variants = [...CASE_NAMES.flatMap(name => CASES[name](SIZES.tiny)), ...peakVariants(SIZES.tiny)];

describe('bench', () => {
  it.each(variants.map(variant => [`${variant.label}, ${variant.threads}`, variant] as const))(
    '%s',
    async (_, variant) => {
      const subject = await variant.create('onnx');
      try {
        const line = await measure(subject, 1);
        expect(line.flops).toBeGreaterThan(0);
        expect(Object.values(line.ms).every(part => Number.isFinite(part.median))).toBe(true);
        expect(line.session_ms).toBeGreaterThan(0);
      } finally {
        await subject.close();
      }
    },
  );

  it('measures in processes of their own and prints a table', async () => {
    const result = await runBench({ cases: ['decode'], repeats: 1, size: 'tiny' });
    expect(result.rows).toHaveLength(SIZES.tiny.batches.length);
    expect(result.rows[0]!.recodi.peakMb).toBeGreaterThan(0);
    const text = reportText(result, await machine());
    expect(text).toContain('float32 matmul of one thread');
    expect(text).toContain(result.rows[0]!.label);
  });

  it('says where the time of a case goes, in ONNX Runtime and in JavaScript', async () => {
    const text = await profileText('lrm:1', 'tiny');
    expect(text).toMatch(/^lrm.gradient /m);
    // Which operators take longest is the machine's to say.
    expect(text).toMatch(/^\w+ \[/m);
    expect(text).toMatch(/^(Gemm|MatMul|FusedMatMul) +\d/m);
    expect(text).toMatch(/^\(native code/m);
  });

  it.each([
    [[3], 3],
    [[4, 1], 2.5],
    [[9, 1, 5], 5],
  ])('the median of %j is %d', (values, middle) => {
    expect(median(values)).toBe(middle);
  });

  it('compares what was measured in turns round by round', () => {
    expect(medianRatio([2, 40, 6], [1, 10, 3])).toBe(2);
  });
});
