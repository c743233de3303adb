import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadAnyConfig } from '../../cli/configKinds.ts';
import { survivesDamage } from '../../fuzz/reader.fixture.ts';
import { pinnedText } from './pin.ts';

const CONFIG = `# a config
lrm: ../models/tiny
name: run
extends: base.yaml
world: { kind: jsonl, path: { train: a.jsonl, validation: ../b.jsonl, test: c.jsonl } }
targets:
  latents: [1, 3] # two
  anchors: ["1.before", result]
policy: { trainable: lora, lora: { r: 4, target_modules: [q_proj] } }
ppo:
  updates: 4
  kl: { coef: 0.03, adaptive: { target: 6 } }
eval:
  gates:
    - { row: greedy, metric: same, min: 1 }
`;
const BASE = 'name: base\nseed: &seed 7\nppo:\n  lr: 1e-4\n  minutes: 5\nwarm_start: { steps: *seed, noise: 0.3 }\n';
const files = { 'run.yaml': Buffer.from(CONFIG), 'base.yaml': Buffer.from(BASE) };

/** A config that was read is complete: pinned, it is the same. */
function check({ schema, config }: ReturnType<typeof loadAnyConfig>): void {
  expect(schema.safeParse(config).data).toEqual(config);
  expect(pinnedText(schema, config, '/')).toContain('format: 1');
}

it('damaged configs are read or refused, wherever the file is that they extend', async () => {
  await survivesDamage({
    files,
    read: folder => loadAnyConfig(join(folder, 'run.yaml'), []),
    check,
    mayTouch: undefined,
  });
});
