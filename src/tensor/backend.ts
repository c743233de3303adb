/**
 * The TensorFlow.js backend named `onnx`: a tensor's storage is a node of the graph being recorded.
 * Writing a tensor makes a leaf, a kernel makes a node, reading is possible only where values are known
 * (`await tensor.data()` outside a compiled function runs a one-off session: right, slow, meant for tests).
 */
import { RecodiError } from './errors.ts';
import { fill, fillValue, type GraphNode, hostNode, isRecording, type Shape, sizeOf } from './graph.ts';
import { ARRAY_OF, type DataArray } from './host.ts';
import { reshape } from './simplify.ts';
import { tf } from './tfjs.ts';

interface Entry {
  node: GraphNode;
  references: number;
}

/** The value that all elements have, if they all have the same. */
function uniform(values: ArrayLike<number | boolean>): number | undefined {
  if (values.length === 0) return undefined;
  for (let i = 1; i < values.length; i++) if (!Object.is(values[i], values[0])) return undefined;
  return Number(values[0]);
}

function leaf(values: tf.BackendValues | undefined, shape: Shape, dtype: tf.DataType): GraphNode {
  if (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool')
    throw new RecodiError('internal', `the onnx device has float32, int32 and bool tensors; ${dtype} came`);
  if (!values) throw new RecodiError('internal', `a ${dtype} tensor [${shape}] was written without values`);
  const numbers = values as ArrayLike<number>;
  const same = uniform(numbers);
  if (same !== undefined) return fill(same, shape, dtype);
  const array = ARRAY_OF[dtype];
  return hostNode(numbers instanceof array ? numbers : array.from(numbers), shape, dtype);
}

/** The values of a leaf that knows them. */
export function knownValues(of: GraphNode): DataArray | undefined {
  const value = fillValue(of);
  if (value !== undefined) return new ARRAY_OF[of.dtype](sizeOf(of.shape)).fill(value);
  return of.data;
}

export class OnnxBackend extends tf.KernelBackend {
  private readonly storage = new tf.DataStorage<Entry>(this, tf.engine());
  private readonly evaluate: (node: GraphNode) => Promise<DataArray>;

  constructor(evaluate: (node: GraphNode) => Promise<DataArray>) {
    super();
    this.evaluate = evaluate;
  }

  override write(values: tf.BackendValues, shape: number[], dtype: tf.DataType): object {
    return this.put(leaf(values, shape, dtype));
  }

  override move(
    dataId: object,
    values: tf.BackendValues,
    shape: number[],
    dtype: tf.DataType,
    references: number,
  ): void {
    this.storage.set(dataId, { node: leaf(values, shape, dtype), references });
  }

  private put(node: GraphNode): object {
    const dataId = {};
    this.storage.set(dataId, { node, references: 1 });
    return dataId;
  }

  /** The handle that tfjs needs for `node`. */
  info(node: GraphNode): tf.TensorInfo {
    return { dataId: this.put(node), shape: node.shape.slice(), dtype: node.dtype };
  }

  tensor(node: GraphNode): tf.Tensor {
    const info = this.info(node);
    return tf.engine().makeTensorFromDataId(info.dataId, info.shape, info.dtype, this);
  }

  /** The node behind a tensor, in the tensor's shape. */
  node(of: tf.TensorInfo): GraphNode {
    return reshape(this.storage.get(of.dataId).node, of.shape);
  }

  override readSync(dataId: object): DataArray {
    const { node } = this.storage.get(dataId);
    const values = knownValues(node);
    if (values) return values;
    throw new RecodiError(
      'usage',
      `dataSync() and arraySync() cannot read a ${node.dtype} tensor [${node.shape}] on the onnx device: it has no value until its graph runs. ` +
        'Return the tensor from the function given to compile() and read the result, or, outside one, use await tensor.data()',
    );
  }

  override async read(dataId: object): Promise<DataArray> {
    const entry = this.storage.get(dataId);
    const values = knownValues(entry.node);
    if (values) return values;
    if (isRecording()) return this.readSync(dataId);
    const data = await this.evaluate(entry.node);
    entry.node = hostNode(data, entry.node.shape, entry.node.dtype);
    return data;
  }

  override refCount(dataId: object): number {
    return this.storage.has(dataId) ? this.storage.get(dataId).references : 0;
  }

  override incRef(dataId: object): void {
    this.storage.get(dataId).references += 1;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.storage.has(dataId)) return true;
    const entry = this.storage.get(dataId);
    entry.references -= 1;
    if (!force && entry.references > 0) return false;
    return this.storage.delete(dataId);
  }

  override numDataIds(): number {
    return this.storage.numDataIds();
  }

  override memory() {
    return { unreliable: true, reasons: ['nodes of a graph hold no memory of their own'] };
  }

  override floatPrecision(): 16 | 32 {
    return 32;
  }

  override epsilon(): number {
    return 1e-7;
  }

  override dispose(): void {}
}
