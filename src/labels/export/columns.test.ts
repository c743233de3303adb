import { expect, it } from 'vitest';
import { z } from 'zod';
import { columnsOf } from './columns.ts';

it('columnsOf tells what rows of a schema hold, whether it may be missing or null or not', () => {
  const schema = z.strictObject({
    text: z.string(),
    one: z.literal('x'),
    some: z.enum(['a', 'b']).nullable(),
    flag: z.boolean().nullable(),
    count: z.int().min(1).optional(),
    fixed: z.literal(-1),
    share: z.number().min(0).max(1).nullable(),
    ids: z.array(z.int()).nullable(),
    lists: z.array(z.array(z.string())),
    parts: z.array(z.strictObject({ text: z.string().nullable() })).optional(),
  });
  expect(columnsOf(schema)).toEqual({
    ...{
      text: 'string',
      one: 'string',
      some: 'string',
      flag: 'bool',
      count: 'int64',
      fixed: 'int64',
      share: 'float64',
    },
    ids: { list: 'int64' },
    lists: { list: { list: 'string' } },
    parts: { list: { struct: { text: 'string' } } },
  });
});
