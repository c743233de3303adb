/**
 * Writes the table of docs/alarms.md from the metrics of runs: for each alarm its default bound, and the figure that came nearest
 * to it (or went furthest beyond it) in each run, with its update.
 *
 * `node --import tsx tools/alarms.ts runs/quickstart …`
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { type AlarmName, createAlarms, isBeyond } from '../src/rl/alarms.ts';
import { trainConfigSchema } from '../src/rl/config.ts';
import { readJsonl } from '../src/run/jsonl.ts';
import { openRun } from '../src/run/paths.ts';

const PAGE = 'docs/alarms.md';
const MARK = '<!-- What follows is written by tools/alarms.ts. -->\n';

interface Worst {
  readonly figure: number;
  readonly update: number;
}

const settings = trainConfigSchema.parse({ name: 'defaults', lrm: 'none' }).alarms;
const { window: _, stop: __, ...bounds } = settings;

function watched(folder: string) {
  const { config, paths } = openRun(folder, trainConfigSchema);
  const alarms = createAlarms(settings);
  const worst: Record<string, Worst> = {};
  const up: string[] = [];
  const lines = readJsonl(paths.metrics).filter(line => line.phase === 'ppo');
  for (const line of lines) {
    const update = line.update as number;
    const { metrics, raised } = alarms.take(update, line);
    up.push(...raised.map(({ name }) => name));
    for (const [metric, figure] of Object.entries(metrics)) {
      const name = metric.replace('alarms/', '') as AlarmName;
      const before = worst[name];
      if (!before || isBeyond(name, figure, before.figure)) worst[name] = { figure, update };
    }
  }
  return { config, worst, up, updates: lines.at(-1)?.update };
}

const runs = process.argv.slice(2).map(watched);
if (runs.length === 0) throw new Error('name one run folder or more, as runs/quickstart');
const head = runs.map(({ config, updates }) => `${config.name}, seed ${config.seed}, ${updates} updates`);
const rows = Object.entries(bounds).map(([name, bound]) => {
  const cells = runs.map(({ worst, up }) => {
    const found = worst[name];
    return found ? `${found.figure.toFixed(3)} (${found.update})${up.includes(name) ? ' up' : ''}` : '';
  });
  return `| \`${name}\` | ${bound} | ${cells.join(' | ')} |`;
});
const table = [`| alarm | bound | ${head.join(' | ')} |`, `|---|---|${head.map(() => '---').join('|')}|`, ...rows];
const page = readFileSync(PAGE, 'utf8');
writeFileSync(PAGE, `${page.slice(0, page.indexOf(MARK) + MARK.length)}\n${table.join('\n')}\n`);
