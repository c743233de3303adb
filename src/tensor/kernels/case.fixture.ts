/** A function over tensors, inputs to try it on, and whether its gradient is checked too. */
import type fc from 'fast-check';
import type { Body } from '../agreement.fixture.ts';
import type { HostArray } from '../index.ts';

export interface Case {
  readonly name: string;
  readonly inputs: fc.Arbitrary<readonly HostArray[]>;
  readonly body: Body;
  readonly gradient: boolean;
}

export const differentiable = (name: string, inputs: Case['inputs'], body: Body): Case => ({
  name,
  inputs,
  body,
  gradient: true,
});
export const plain = (name: string, inputs: Case['inputs'], body: Body): Case => ({
  name,
  inputs,
  body,
  gradient: false,
});
