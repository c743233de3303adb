/**
 * `npm run bench -- --profile CASE`: where the time of a case goes. ONNX Runtime's own profile, summed by graph, by operator, and
 * by operator and shape; and JavaScript's, by function. All is per repeat, and profiling itself slows small operators: compare shares.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { formatTable } from '../src/cli/table.ts';
import { RecodiError } from '../src/tensor/errors.ts';
import { CASE_NAMES, CASES, type CaseName } from './cases/index.ts';
import { ownContender } from './contender.ts';
import { readSamples, type Samples } from './sampler.ts';
import { SIZES, type SizeName } from './size.ts';

/** Lines of the long tables. */
const SHOWN = 25;

/** `asked`: `decode` for all its variants, `decode:1` for one. */
export async function profileText(asked: string, size: SizeName): Promise<string> {
  const [name = '', index] = asked.split(':');
  const variants = CASES[name as CaseName]?.(SIZES[size]) ?? [];
  const chosen = [...variants.keys()].filter(i => index === undefined || i === Number(index));
  if (chosen.length === 0)
    throw new RecodiError('usage', `There is no case "${asked}" to profile; the cases are ${CASE_NAMES.join(', ')}.`);
  const texts: string[] = [];
  for (const i of chosen) {
    const { label, threads } = variants[i]!;
    texts.push(`${label}, ${threads} thread${threads > 1 ? 's' : ''}`, '', await profile(`${name}:${i}`, size));
  }
  return texts.join('\n');
}

async function profile(reference: string, size: SizeName): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'recodi-profile-'));
  try {
    const contender = await ownContender(reference, size, 'onnx', folder);
    await contender.measure();
    await contender.close();
    const samples = readSamples(folder);
    return [...native(folder, samples.repeats), javascript(samples)].join('\n');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Of a profile of ONNX Runtime; `dur` in microseconds. */
interface Event {
  readonly cat: string;
  readonly name: string;
  readonly dur: number;
  readonly args: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Record<string, readonly number[]>[];
  };
}

/** Sums by name, the largest first. */
class Sums {
  private readonly sums = new Map<string, { ms: number; count: number }>();

  add(name: string, microseconds: number): void {
    const { ms, count } = this.sums.get(name) ?? { ms: 0, count: 0 };
    this.sums.set(name, { ms: ms + microseconds / 1000, count: count + 1 });
  }

  get total(): number {
    return [...this.sums.values()].reduce((sum, { ms }) => sum + ms, 0);
  }

  /** `counted`: what the second column is a number of, where that says something. */
  table(what: string, repeats: number, counted?: string): string {
    const { total } = this;
    const sorted = [...this.sums].sort(([, a], [, b]) => b.ms - a.ms).slice(0, SHOWN);
    const rows = sorted.map(([name, { ms, count }]) => [
      name,
      (ms / repeats).toFixed(3),
      ...(counted ? [(count / repeats).toFixed(1)] : []),
      `${((100 * ms) / total).toFixed(1)} %`,
    ]);
    return formatTable([what, 'ms', ...(counted ? [counted] : []), 'share'], rows);
  }
}

function native(folder: string, repeats: number): string[] {
  const [graphs, operators, shapes] = [new Sums(), new Sums(), new Sums()];
  for (const file of readdirSync(folder).filter(name => name.endsWith('.json'))) {
    const graph = file.slice(0, file.search(/\.[0-9a-f]{8}-/));
    for (const { cat, name, dur, args } of JSON.parse(readFileSync(join(folder, file), 'utf8')) as Event[]) {
      if (name === 'model_run') graphs.add(graph, dur);
      if (cat !== 'Node' || !name.endsWith('_kernel_time')) continue;
      const inputs = (args.input_type_shape ?? []).flatMap(input => Object.values(input)).map(shape => `[${shape}]`);
      operators.add(args.op_name!, dur);
      shapes.add(`${args.op_name} ${inputs.join(' ')}`, dur);
    }
  }
  const between = `Between operators: ${((graphs.total - operators.total) / repeats).toFixed(3)} ms.`;
  return [
    graphs.table('ONNX Runtime, by graph', repeats, 'runs'),
    operators.table('by operator', repeats, 'nodes'),
    `${between}\n`,
    shapes.table('by operator and inputs', repeats, 'nodes'),
  ];
}

/** Not work: waiting, and the sampler's own start. */
const LEFT_OUT = ['(idle)', 'dispatch'];

function javascript({ threads, sampled }: Samples): string {
  const functions = new Sums();
  for (const { nodes, samples = [], timeDeltas = [] } of threads) {
    const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
    samples.forEach((id, i) => {
      const { functionName, url } = frames.get(id)!;
      if (LEFT_OUT.includes(functionName)) return;
      const name = functionName || (url ? 'anonymous' : '(native code, such as ONNX Runtime)');
      functions.add(`${name} ${url.split('/').slice(-3).join('/')}`.trim(), timeDeltas[i]!);
    });
  }
  return functions.table('JavaScript by function, all threads', sampled);
}
