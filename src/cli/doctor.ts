/** `recodi doctor`: what there is to compute with, what is used, and why not the rest. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { packageVersion } from '../run/package.ts';
import { defineCommand } from './command.ts';

const LIBRARIES = ['@tensorflow/tfjs', 'onnxruntime-node', '@huggingface/transformers', 'piscina'];

/** The version in a package's own package.json, which its exports may hide. */
function versionOf(library: string): string {
  try {
    let folder = dirname(createRequire(import.meta.url).resolve(library));
    for (; folder !== dirname(folder); folder = dirname(folder)) {
      const found = readManifest(join(folder, 'package.json'));
      if (found?.name === library) return found.version ?? 'unknown';
    }
    return 'unknown';
  } catch {
    return 'not installed';
  }
}

function readManifest(path: string): { name?: string; version?: string } | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

const gibibytes = (bytes: number) => Number((bytes / 2 ** 30).toFixed(1));

async function examine() {
  const { closeEngine, probeDevices, useDevice } = await import('../tensor/index.ts');
  await useDevice('auto');
  const devices = await probeDevices();
  await closeEngine();
  return {
    recodi: packageVersion(),
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memory_gib: { total: gibibytes(totalmem()), free: gibibytes(freemem()) },
    libraries: Object.fromEntries(LIBRARIES.map(library => [library, versionOf(library)])),
    devices,
  };
}

export function registerDoctor(program: Command): void {
  defineCommand(
    program.command('doctor').description('show devices, versions and memory: what runs here, and why not the rest'),
    {
      examples: ['recodi doctor', 'recodi doctor --json'],
      work: async ({ print }) => {
        const report = await examine();
        const { formatTable } = await import('./table.ts');
        print(report, () => {
          const { devices, libraries, memory_gib: memory, ...machine } = report;
          const facts = { ...machine, memory: `${memory.free} GiB free of ${memory.total}`, ...libraries };
          const state = (device: (typeof devices)[number]) =>
            device.used ? 'used' : device.usable ? 'usable' : 'not usable';
          return [
            formatTable(
              ['device', 'state', 'what runs it, or why it cannot'],
              devices.map(device => [
                device.device,
                state(device),
                device.version || device.reason.replaceAll('; ', '\n'),
              ]),
            ),
            formatTable(
              ['what', 'here'],
              Object.entries(facts).map(([name, value]) => [name, String(value)]),
            ),
          ].join('\n');
        });
      },
    },
  );
}
