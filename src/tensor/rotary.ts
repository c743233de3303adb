/**
 * Fusion rules for rotary positions (Su et al. 2021, the half-split pairing): with a and b the halves of x's last axis,
 * [a·cos - b·sin, b·cos + a·sin]. Code writes it by halves, or as x·cos + [b, a]·[-sin, sin] with tables of full width;
 * both, and the rotation back in their gradients, are one RotaryEmbedding.
 */
import { type GraphNode, node, type Shape, sameShape } from './graph.ts';
import type { Replacements, Rule } from './rewrite.ts';
import { binary, reshape, slice, unary } from './simplify.ts';

/** Where tables [..., h] vary over x [batch…, heads…, time…, 2h]: not over the heads. Undefined where they vary otherwise. */
function axesOf(x: Shape, table: Shape): { batch: number; heads: number; time: number } | undefined {
  const padded = [...Array<number>(x.length - table.length).fill(1), ...table].slice(0, -1);
  const sizes = { batch: 1, heads: 1, time: 1 };
  let part: keyof typeof sizes = 'batch';
  for (const [i, size] of padded.entries()) {
    const total = x[i]!;
    if (total === 1) continue;
    if (size !== 1 && size !== total) return undefined;
    if (size === 1 && part === 'time') return undefined;
    if (size === 1) part = 'heads';
    else if (part === 'heads') part = 'time';
    sizes[part] *= total;
  }
  return part === 'batch' ? { batch: 1, heads: 1, time: sizes.batch } : sizes;
}

/** The replacement of `at` by the rotation of x, if tables of shape `tables` [..., h] allow it. */
function rotation(
  at: GraphNode,
  x: GraphNode,
  cos: GraphNode,
  sin: GraphNode,
  tables: Shape,
): Replacements | undefined {
  const width = x.shape.at(-1)!;
  const axes = sameShape(x.shape, at.shape) && tables.at(-1) === width / 2 ? axesOf(x.shape, tables) : undefined;
  if (!axes) return undefined;
  const { batch, heads, time } = axes;
  const shape = [batch, heads, time, width];
  const table = (of: GraphNode) => reshape(of, [batch * time, width / 2]);
  const positions = node('Positions', [], {}, [batch, time], 'int32');
  return [
    [
      at,
      renewed => {
        const inputs = [reshape(renewed(x), shape), positions, table(renewed(cos)), table(renewed(sin))];
        return reshape(node('RotaryEmbedding', inputs, {}, shape, at.dtype), at.shape);
      },
    ],
  ];
}

/** The half of x's last axis that `part` is, with x; undefined where it is none. */
function halfOf(part: GraphNode | undefined): { x: GraphNode; second: boolean } | undefined {
  if (part?.op !== 'Slice') return undefined;
  const x = part.inputs[0]!;
  const half = x.shape.at(-1)! / 2;
  const begin = (part.attributes.begin as readonly number[]).at(-1)!;
  const whole = sameShape(part.shape, x.shape.with(-1, half));
  return whole && (begin === 0 || begin === half) ? { x, second: begin > 0 } : undefined;
}

/** A product of a half of some x and a table, whichever comes first. */
function halfTimesTable(product: GraphNode | undefined) {
  if (product?.op !== 'Mul') return undefined;
  const [p, q] = product.inputs;
  const first = halfOf(p);
  if (first) return { ...first, table: q! };
  const second = halfOf(q);
  return second && { ...second, table: p! };
}

/** [a·cos - b·sin, b·cos + a·sin] */
const halves: Rule = at => {
  const [difference, sum] = at.inputs;
  if (difference?.op !== 'Sub' || sum?.op !== 'Add' || at.inputs.length !== 2) return undefined;
  const [aCos, bSin, bCos, aSin] = [...difference.inputs, ...sum.inputs].map(halfTimesTable);
  if (!aCos || !bSin || !bCos || !aSin || at.attributes.axis !== at.shape.length - 1) return undefined;
  const { x, table: cos } = aCos;
  const sin = bSin.table;
  const paired = !aCos.second && bSin.second && bCos.second && !aSin.second;
  const same = [bSin, bCos, aSin].every(part => part.x === x) && bCos.table === cos && aSin.table === sin;
  return paired && same && sameShape(cos.shape, sin.shape) ? rotation(at, x, cos, sin, cos.shape) : undefined;
};

/**
 * The values of a half of a table's last axis, from as deep inside its expression as they can be taken, so that equal
 * halves are the same node; the shape may be another one.
 */
function tableHalf(table: GraphNode, second: boolean): GraphNode {
  const half = table.shape.at(-1)! / 2;
  const [first, other] = table.inputs;
  if (table.op === 'Concat' && table.inputs.length === 2 && first!.shape.at(-1) === half)
    return second ? other! : first!;
  if (table.op === 'Reshape' && first!.shape.at(-1) === table.shape.at(-1)) return tableHalf(first!, second);
  if (table.op === 'Mul' && other!.shape.length === 0) return binary('Mul', tableHalf(first!, second), other!);
  if (table.op === 'Neg') return unary('Neg', tableHalf(first!, second));
  return slice(
    table,
    table.shape.map((_, i) => (second && i === table.shape.length - 1 ? half : 0)),
    table.shape.with(-1, half),
  );
}

/** [b, a] for the halves a and b of x. */
function isSwap(swapped: GraphNode, x: GraphNode): boolean {
  const [b, a] = swapped.inputs.map(halfOf);
  const along = swapped.op === 'Concat' && swapped.attributes.axis === swapped.shape.length - 1;
  return along && b?.x === x && a?.x === x && b.second && !a.second;
}

/** x·[cos, cos] ± [b, a]·[-sin, sin] */
const fullWidth =
  (back: boolean): Rule =>
  at => {
    const [direct, crossed] = at.inputs;
    if (direct?.op !== 'Mul' || crossed?.op !== 'Mul') return undefined;
    const [x, cosTable] = direct.inputs as [GraphNode, GraphNode];
    const [swapped, sinTable] = crossed.inputs as [GraphNode, GraphNode];
    if (!isSwap(swapped, x) || !sameShape(cosTable.shape, sinTable.shape)) return undefined;
    if (cosTable.shape.at(-1) !== x.shape.at(-1)) return undefined;
    const [cos, sin] = [tableHalf(cosTable, true), tableHalf(sinTable, true)];
    const opposite = unary('Neg', sin);
    if (tableHalf(cosTable, false) !== cos || tableHalf(sinTable, false) !== opposite) return undefined;
    return rotation(at, x, cos, back ? opposite : sin, cosTable.shape.with(-1, x.shape.at(-1)! / 2));
  };

export const rotaryRules = { halves, sum: fullWidth(false), difference: fullWidth(true) };
