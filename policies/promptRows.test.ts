import { expect, it } from 'vitest';
import type { PolicySpec } from './languageModel.ts';
import { promptInputs } from './promptRows.ts';

const policy = { targetSize: 2, padId: 0 } as PolicySpec;
const rows = { z: Float32Array.of(1, 2, 3, 4), questions: [[7, 8, 9], [6]] };

it('a policy is shown vectors alone', () => {
  const inputs = promptInputs(policy, rows);
  expect(inputs.z).toMatchObject({ shape: [2, 2], data: rows.z });
  expect(inputs.question).toBeUndefined();
});

it('and where it is to see them, the questions, padded on the left', () => {
  const { question } = promptInputs({ ...policy, seesQuestion: true }, rows);
  expect(question!.ids.shape).toEqual([2, 8]);
  expect([...question!.ids.data]).toEqual([0, 0, 0, 0, 0, 7, 8, 9, 0, 0, 0, 0, 0, 0, 0, 6]);
  expect(() => promptInputs({ ...policy, seesQuestion: true }, { z: rows.z })).toThrow(/expected questions/);
});
