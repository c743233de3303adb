import { stripVTControlCharacters } from 'node:util';
import { expect, it } from 'vitest';
import { perIntervention } from '../lrm/interventions.ts';
import { formatMap } from './lrmTable.ts';

it('a map shows what is found where, leaves blank what was not tried, and ends with interventions', () => {
  const causal = perIntervention((site, kind) => (site === 'input' ? null : kind === 'swap' ? 0.5 : 0));
  const map = {
    ...{ problems: 40, held: 20, steps: 2, majority: { 'result 1': 0.1 } },
    rows: [
      { source: 'k0', probes: { 'result 1': 0.75 }, anchors: { '1.result': { fve: 0.5, nats: 12.3 } }, causal },
      { source: 'question end', probes: { 'result 1': 0.2 }, anchors: {} },
    ],
  };
  const lines = stripVTControlCharacters(formatMap(map))
    .split('\n')
    .map(line => line.trim().split(/\s{2,}/));
  const row = (name: string) => lines.filter(([first]) => first === name).map(cells => cells.slice(1));
  expect(row('k0')).toEqual([['75.0'], ['0.50', '12'], ['50.0', '0.0', '0.0', '0.0']]);
  expect(row('question end')).toEqual([['20.0'], []]);
  expect(row('most frequent')).toEqual([['10.0']]);
});
