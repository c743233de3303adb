/**
 * `npm run bench`: how fast recodi is on this machine, beside the machine's own limit and the same work in PyTorch.
 * With --serve this same file is the process that measures one variant.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../src/cli/command.ts';
import { CASE_NAMES, type CaseName, variantOf } from './cases/index.ts';
import { SIZES, type SizeName } from './size.ts';

interface Options {
  readonly cases: readonly CaseName[];
  readonly repeats: number;
  readonly json?: string;
  readonly page?: string;
  readonly peers: boolean;
  readonly python: string;
  readonly size: SizeName;
  readonly serve?: string;
}

function caseNames(value: string): CaseName[] {
  const names = value.split(',') as CaseName[];
  const unknown = names.find(name => !CASE_NAMES.includes(name));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`There is no case "${unknown}"; the cases are ${CASE_NAMES.join(', ')}.`);
}

const options = new Command('bench')
  .description(
    "Measures recodi: medians over rounds, the share of the machine's peak, and PyTorch in turns where there is one.",
  )
  .addOption(new Option('--cases <a,b>', 'which cases').argParser(caseNames).default(CASE_NAMES, CASE_NAMES.join(',')))
  .option('--repeats <n>', 'rounds in which all are measured in turns', wholeNumber, 9)
  .option('--json <file>', 'write the figures there too')
  .option('--page <file>', 'write the table into a page, below its words')
  .option('--no-peers', 'leave PyTorch out')
  .option('--python <path>', 'a Python that has torch', 'python3')
  .addOption(
    new Option('--size <size>', 'tiny shows that all runs, and measures nothing')
      .choices(Object.keys(SIZES))
      .default('full'),
  )
  .addOption(new Option('--serve <variant>', 'measure one variant for every line of input').hideHelp())
  .parse()
  .opts<Options>();

if (options.serve === undefined) await bench(options);
else {
  const { serve } = await import('./serve.ts');
  await serve(variantOf(options.serve, SIZES[options.size])!);
}

async function bench({ cases, repeats, json, page, peers, python, size }: Options): Promise<void> {
  const [{ runBench }, { torchOf }, { machine, reportText, withReport }] = await Promise.all([
    import('./run.ts'),
    import('./contender.ts'),
    import('./report.ts'),
  ]);
  const torch = peers ? await torchOf(python) : undefined;
  if (torch && 'missing' in torch) console.error(torch.missing);
  const version = torch && 'version' in torch ? torch.version : undefined;
  const on = await machine(version);
  const onCase = (name: CaseName) => console.error(`measuring ${name}`);
  const result = await runBench({ cases, repeats, size, onCase, ...(version && { python }) });
  console.log(reportText(result, on));
  if (page) writeFileSync(page, withReport(readFileSync(page, 'utf8'), result, on));
  if (json) writeFileSync(json, `${JSON.stringify({ machine: on, ...result }, null, 2)}\n`);
}
