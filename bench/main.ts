/**
 * `npm run bench`: how fast recodi is on this machine, beside the machine's own limit and the same work in PyTorch.
 * With --serve this same file is the process that measures one variant.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { positiveNumber, wholeNumber } from '../src/cli/command.ts';
import type { Device } from '../src/tensor/devices.ts';
import { RecodiError } from '../src/tensor/errors.ts';
import { CASE_NAMES, type CaseName, QUICK_CASES, variantOf } from './cases/index.ts';
import { TRL } from './cases/update.ts';
import { SIZES, type SizeName } from './size.ts';

interface Options {
  readonly cases: readonly CaseName[];
  readonly repeats: number;
  readonly json?: string;
  readonly page?: string;
  readonly peers: boolean;
  readonly python: string;
  readonly device: Device;
  readonly size: SizeName;
  readonly profile?: string;
  readonly quality?: number;
  readonly updates: number;
  readonly serve?: string;
}

function caseNames(value: string): CaseName[] {
  if (value === 'all') return CASE_NAMES;
  const names = value.split(',') as CaseName[];
  const unknown = names.find(name => !CASE_NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`There is no case "${unknown}"; the cases are ${CASE_NAMES.join(', ')}.`);
}

const command = new Command('bench')
  .description(
    "Measures recodi: medians over rounds, the share of the machine's peak, and PyTorch in turns where there is one.",
  )
  .addOption(
    new Option('--cases <a,b>', `which of ${CASE_NAMES.join(', ')}; or all`)
      .argParser(caseNames)
      .default(QUICK_CASES, 'all but the large ones'),
  )
  .option('--repeats <n>', 'rounds in which all are measured in turns', wholeNumber, 9)
  .option('--json <file>', 'write the figures there too')
  .option('--page <file>', 'write the table into a page, below its words')
  .option('--no-peers', 'leave PyTorch and TRL out')
  .option('--python <path>', 'a Python that has torch, and trl if that is to be measured', 'python3')
  .addOption(
    new Option('--device <device>', 'measure recodi on this one too')
      .choices(['onnx', 'tensorflow', 'cpu'])
      .default('onnx'),
  )
  .option('--profile <case>', 'print where the time of a case goes, or of its variant: decode, decode:1')
  .addOption(
    new Option('--quality [share]', 'seconds of PPO to this share of same answers at the second result; default: 0.62')
      .preset('0.62')
      .argParser(positiveNumber),
  )
  .option('--updates <n>', 'of --quality: most updates', wholeNumber, 200)
  .addOption(
    new Option('--size <size>', 'tiny shows that all runs, and measures nothing')
      .choices(Object.keys(SIZES))
      .default('full'),
  )
  .addOption(new Option('--serve <variant>', 'measure one variant for every line of input').hideHelp())
  .parse();
const options = command.opts<Options>();

try {
  await run();
} catch (error) {
  if (!(error instanceof RecodiError)) throw error;
  command.error(`bench: ${error.message}`);
}

async function run(): Promise<void> {
  if (options.serve !== undefined) {
    const { serve } = await import('./serve.ts');
    await serve(variantOf(options.serve, SIZES[options.size])!, options.device);
  } else if (options.profile !== undefined) {
    const { profileText } = await import('./profile.ts');
    console.log(await profileText(options.profile, options.size));
  } else if (options.quality !== undefined) {
    const { qualityText } = await import('./quality.ts');
    console.log(await qualityText({ goal: options.quality, updates: options.updates }));
  } else await bench(options);
}

async function bench({ cases, repeats, json, page, peers, python, device, size }: Options): Promise<void> {
  const [{ runBench }, { machine, reportText, withReport }] = await Promise.all([
    import('./run.ts'),
    import('./report.ts'),
  ]);
  const modules = peers ? await modulesOf(python) : {};
  const second = device === 'onnx' ? undefined : await usable(device);
  const on = await machine(modules);
  const onCase = (name: CaseName) => console.error(`measuring ${name}`);
  const result = await runBench({
    cases,
    repeats,
    size,
    onCase,
    ...(modules.torch && { python }),
    ...(modules.trl && { others: [TRL] }),
    ...(second && { device: second }),
  });
  console.log(reportText(result, on));
  if (page) writeFileSync(page, withReport(readFileSync(page, 'utf8'), result, on));
  if (json) writeFileSync(json, `${JSON.stringify({ machine: on, ...result }, null, 2)}\n`);
}

/** Versions of the modules that peers need; says which there are not. */
async function modulesOf(python: string): Promise<Record<string, string>> {
  const { moduleOf } = await import('./contender.ts');
  const found: Record<string, string> = {};
  for (const module of ['torch', 'trl']) {
    const answer = await moduleOf(python, module);
    if ('version' in answer) found[module] = answer.version;
    else console.error(answer.missing);
  }
  return found;
}

/** The device and what runs it; says why not, where it cannot be had. */
async function usable(device: Device) {
  const { probeDevices } = await import('../src/tensor/devices.ts');
  const report = (await probeDevices()).find(probed => probed.device === device)!;
  if (report.usable) return report;
  console.error(`Not measured: recodi on ${device}: ${report.reason}`);
  return undefined;
}
