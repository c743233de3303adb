/**
 * Lowering: a recorded graph becomes the bytes of an ONNX model.
 * Small host values are constants of the model, large ones inputs that are fed by reference, frozen tensors external data:
 * the model names the weights file and the place in it, ONNX Runtime maps the file, and every session on the machine shares the pages.
 */
import path from 'node:path';
import { EMIT } from './emit.ts';
import { RecodiError } from './errors.ts';
import { fuse } from './fuse.ts';
import { type FrozenSlice, type GraphNode, record, sizeOf, topological } from './graph.ts';
import { int8Matrix, int8Rules } from './int8.ts';
import { ModelWriter } from './onnx.ts';
import { rewrite } from './rewrite.ts';

export interface Model {
  readonly bytes: Uint8Array;
  readonly nodes: number;
  /** Folder that the locations of external data are relative to; undefined when there are none. */
  readonly folder?: string;
  /** Names of the declared inputs, in order; undefined where the graph does not need the input. */
  readonly inputs: readonly (string | undefined)[];
  readonly outputs: readonly string[];
  /** Host values that the graph refers to, by input name. */
  readonly implicit: ReadonlyMap<string, GraphNode>;
}

export interface LowerOptions {
  /** See int8.ts. */
  readonly int8?: boolean;
}

/** Host values up to this many elements are written into the model. */
const INLINE_LIMIT = 16_384;

const OPSET = 20;

/** External data is located from the root of the file system, so that one graph may use files from several folders. */
class ExternalFolder {
  root: string | undefined;

  locate(slice: FrozenSlice): string {
    const { root } = path.parse(slice.file);
    if (this.root !== undefined && this.root !== root)
      throw new RecodiError(
        'input',
        `weights of one graph must lie on one drive: ${slice.file} is not on ${this.root}`,
      );
    this.root = root;
    return path.relative(root, slice.file).replaceAll(path.sep, '/');
  }
}

/** Writes the graph that computes `outputs` from `inputs` as an ONNX model · throws on an Input leaf that is not in `inputs` */
export function lower(inputs: readonly GraphNode[], outputs: readonly GraphNode[], options: LowerOptions = {}): Model {
  const writer = new ModelWriter();
  const folder = new ExternalFolder();
  const implicit = new Map<string, GraphNode>();
  const names = new Map<GraphNode, readonly string[]>();
  const results = record(() => fuse(options.int8 ? rewrite(outputs, int8Rules) : outputs));
  const order = topological(results);
  const needed = new Set(order);
  const inputNames = inputs.map((input, i) => {
    if (!needed.has(input)) return undefined;
    const name = writer.input(`input_${i}`, input.dtype, input.shape);
    names.set(input, [name]);
    return name;
  });

  const emit = (node: GraphNode): string | readonly string[] => {
    if (node.op === 'Input')
      throw new RecodiError('internal', 'a compiled function used a tensor that belongs to another compiled function');
    if (node.op === 'Int8') {
      const { values, scales, shape } = int8Matrix(node);
      return [writer.constant('uint8', shape, values), writer.constant('float32', [scales.length], scales)];
    }
    if (node.slice)
      return writer.external(node.dtype, node.shape, folder.locate(node.slice), node.slice.offset, node.slice.bytes);
    if (node.data && sizeOf(node.shape) <= INLINE_LIMIT) return writer.constant(node.dtype, node.shape, node.data);
    if (node.data) {
      const name = writer.input(`host_${implicit.size}`, node.dtype, node.shape);
      implicit.set(name, node);
      return name;
    }
    if (node.op === 'Output') return names.get(node.inputs[0]!)![node.attributes.index as number]!;
    const operands = node.inputs.map(input => names.get(input)![0]!);
    const rule = EMIT[node.op];
    return rule ? rule(writer, node, operands) : writer.op(node.op, operands, node.attributes);
  };
  for (const node of order) {
    if (names.has(node)) continue;
    const made = emit(node);
    names.set(node, typeof made === 'string' ? [made] : made);
  }

  const outputNames = results.map((output, i) => {
    const name = `output_${i}`;
    writer.output(name, names.get(output)![0]!, output.dtype, output.shape);
    return name;
  });
  return {
    bytes: writer.encode(OPSET),
    nodes: writer.nodeCount,
    ...(folder.root === undefined ? {} : { folder: folder.root }),
    inputs: inputNames,
    outputs: outputNames,
    implicit,
  };
}
