import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { filesOf } from '../fuzz/files.fixture.ts';
import { survivesDamage } from '../fuzz/reader.fixture.ts';
import { trainConfigSchema } from '../rl/config.ts';
import { sha256 } from './config/pin.ts';
import { readText } from './files.ts';
import { createRun, openRun } from './paths.ts';

const runs = mkdtempSync(join(tmpdir(), 'recodi-runs-'));
afterAll(() => rmSync(runs, { recursive: true }));
const config = trainConfigSchema.parse({ name: 'run', lrm: join(runs, 'model'), targets: { latents: [1] } });
const { folder } = createRun(runs, trainConfigSchema, config);

describe('a damaged run is refused', () => {
  it('where its config was changed', async () => {
    await survivesDamage({
      files: filesOf(folder),
      read: from => openRun(from, trainConfigSchema),
      check: opened => expect(opened.config.ppo).toEqual(config.ppo),
    });
  });

  it('or opened where what was changed says that it was not', async () => {
    await survivesDamage({
      files: filesOf(folder),
      read(from) {
        try {
          writeFileSync(join(from, 'config.sha256'), sha256(readText(join(from, 'config.yaml'))));
        } catch {
          // What cannot be written or read here is the reader's to refuse.
        }
        return openRun(from, trainConfigSchema);
      },
      check: opened => expect(trainConfigSchema.safeParse(opened.config).data).toEqual(opened.config),
      mayTouch: undefined,
    });
  });
});
