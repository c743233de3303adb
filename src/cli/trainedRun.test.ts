import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { trainConfigSchema } from '../rl/config.ts';
import { createRun } from '../run/paths.ts';
import type { CommandContext } from './command.ts';
import { lrmTrainConfigSchema } from './configKinds.ts';
import { withTrainedRun } from './trainedRun.ts';

const runs = mkdtempSync(join(tmpdir(), 'recodi-trained-'));
const context = { signal: new AbortController().signal } as CommandContext;
const open = (folder: string) => withTrainedRun(context, folder, {}, async () => 'opened');

describe('withTrainedRun refuses', () => {
  it('a folder that is no run', async () => {
    await expect(open(join(runs, 'absent'))).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(/absent: not a run folder/),
    });
  });

  it('a run that has no policy yet, and says how to go on', async () => {
    const { folder } = createRun(runs, trainConfigSchema, trainConfigSchema.parse({ name: 'begun', lrm: 'model' }));
    await expect(open(folder)).rejects.toMatchObject({
      code: 'input',
      message: expect.stringMatching(/no trained policy yet; go on with the run by `recodi resume .*begun`/),
    });
  });

  it('a run of another kind', async () => {
    const config = lrmTrainConfigSchema.parse({ name: 'model', stages: [{ name: 'A', steps: 1 }] });
    const { folder } = createRun(runs, lrmTrainConfigSchema, config);
    await expect(open(folder)).rejects.toThrow(/a run of `recodi lrm train`/);
  });
});
