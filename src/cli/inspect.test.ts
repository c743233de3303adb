import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

it.each([
  [['inspect', '/nowhere'], 3, /^recodi: \/nowhere: not a run folder/],
  [['inspect', '/nowhere', '--port', '65536'], 2, /Expected a port, 0 to 65535/],
  [['inspect'], 2, /missing required argument 'run'/],
] as const)('recodi %j exits %i', (args, status, message) => {
  const found = spawnSync(process.execPath, ['--import', 'tsx', 'src/cli/main.ts', ...args], { encoding: 'utf8' });
  expect([found.status, found.stderr]).toEqual([status, expect.stringMatching(message)]);
});
