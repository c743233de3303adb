/**
 * Rewriting a recorded graph by rules. A rule looks at one node and what feeds it, and answers with replacements: of the node itself
 * and, where an operator has more to give, of nodes inside the pattern. What nothing refers to any more is not written.
 */
import { type GraphNode, node, topological } from './graph.ts';
import { reshape } from './simplify.ts';

/** How a node is made anew, given what its inputs have become. */
export type Remake = (renewed: (old: GraphNode) => GraphNode) => GraphNode;
export type Replacements = ReadonlyArray<readonly [GraphNode, Remake]>;
export type Rule = (at: GraphNode, uses: ReadonlyMap<GraphNode, number>) => Replacements | undefined;
/** By the operator of the node that they look at. */
export type Rules = Readonly<Record<string, readonly Rule[]>>;

/** `old` over other inputs; what they are may make a reshape needless. */
function again(old: GraphNode, inputs: readonly GraphNode[]): GraphNode {
  if (old.op === 'Reshape') return reshape(inputs[0]!, old.shape);
  return node(old.op, inputs, old.attributes, old.shape, old.dtype);
}

function* replacements(order: readonly GraphNode[], uses: ReadonlyMap<GraphNode, number>, rules: Rules) {
  for (const at of order)
    for (const rule of rules[at.op] ?? []) {
      const found = rule(at, uses);
      if (!found) continue;
      yield* found;
      break;
    }
}

/** What each of `outputs` becomes; call it while recording. Where several rules replace a node, the first does. */
export function rewrite(outputs: readonly GraphNode[], rules: Rules): GraphNode[] {
  const order = topological(outputs);
  const uses = new Map<GraphNode, number>();
  for (const use of [...order.flatMap(at => at.inputs), ...outputs]) uses.set(use, (uses.get(use) ?? 0) + 1);
  const remakes = new Map<GraphNode, Remake>();
  for (const [old, remake] of replacements(order, uses, rules)) if (!remakes.has(old)) remakes.set(old, remake);

  const results = new Map<GraphNode, GraphNode>();
  const renewed = (old: GraphNode): GraphNode => {
    const done = results.get(old);
    if (done) return done;
    const remake = remakes.get(old);
    const inputs = remake ? [] : old.inputs.map(renewed);
    const same = inputs.every((input, i) => input === old.inputs[i]);
    const made = remake ? remake(renewed) : same ? old : again(old, inputs);
    results.set(old, made);
    return made;
  };
  for (const at of order) renewed(at);
  return outputs.map(renewed);
}
