/** The whole list of cases as a vitest suite for one device. */
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { expectSameGradients, expectSameValues } from '../agreement.fixture.ts';
import type { Device } from '../index.ts';
import { elementwiseCases } from './elementwise.fixture.ts';
import { matmulCases } from './matmul.fixture.ts';
import { reductionCases } from './reduction.fixture.ts';
import { shapeCases } from './shape.fixture.ts';

const families = { elementwise: elementwiseCases, matmul: matmulCases, reduction: reductionCases, shape: shapeCases };

export function deviceSuite(device: Device, runs: number): void {
  const options = { numRuns: runs, seed: 20_240_601 };
  for (const [family, cases] of Object.entries(families))
    describe(`${family} kernels on ${device}`, () => {
      test.each(cases)('$name', async ({ inputs, body }) => {
        await fc.assert(
          fc.asyncProperty(inputs, arrays => expectSameValues(device, body, arrays)),
          options,
        );
      });
      test.each(cases.filter(({ gradient }) => gradient))('gradient of $name', async ({ inputs, body }) => {
        await fc.assert(
          fc.asyncProperty(inputs, arrays => expectSameGradients(device, body, arrays)),
          options,
        );
      });
    });
}
