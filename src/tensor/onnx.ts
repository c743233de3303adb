/**
 * A writer of ONNX models: the few protobuf messages that a graph needs, encoded directly.
 * `ModelWriter` collects nodes, initializers, inputs and outputs and turns them into the bytes of a ModelProto.
 * Field numbers are those of onnx.proto (ONNX IR version 9); names of nodes and values are made here and are unique in a model.
 */

/** TensorProto.DataType */
export const ELEMENT_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7, bool: 9 } as const;
export type ElementType = keyof typeof ELEMENT_TYPE;

/** An attribute value: integers become INT, `{ float }` FLOAT, strings STRING, number lists INTS. */
export type AttributeValue = number | string | { readonly float: number } | readonly number[];

const VARINT = 0;
const BYTES = 2;
const FLOAT = 5;
const utf8 = new TextEncoder();

/** One protobuf message under construction; nested messages are encoded first and appended as bytes. */
class Message {
  private buffer = new Uint8Array(64);
  private length = 0;

  private reserve(bytes: number): void {
    if (this.length + bytes <= this.buffer.length) return;
    const larger = new Uint8Array(Math.max(2 * this.buffer.length, this.length + bytes));
    larger.set(this.encode());
    this.buffer = larger;
  }

  private append(bytes: Uint8Array): this {
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.length);
    this.length += bytes.length;
    return this;
  }

  /** A whole number; a negative one takes ten bytes, as two's complement of 64 bits. */
  private varint(value: number): this {
    this.reserve(10);
    let low = (value % 2 ** 32) >>> 0;
    let high = Math.floor(value / 2 ** 32) >>> 0;
    while (high > 0 || low > 0x7f) {
      this.buffer[this.length++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.buffer[this.length++] = low;
    return this;
  }

  private key(field: number, wire: number): this {
    return this.varint(field * 8 + wire);
  }

  int(field: number, value: number): this {
    return this.key(field, VARINT).varint(value);
  }

  ints(field: number, values: readonly number[]): this {
    for (const value of values) this.int(field, value);
    return this;
  }

  float(field: number, value: number): this {
    return this.key(field, FLOAT).append(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): this {
    return this.key(field, BYTES).varint(value.length).append(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, utf8.encode(value));
  }

  texts(field: number, values: readonly string[]): this {
    for (const value of values) this.text(field, value);
    return this;
  }

  message(field: number, value: Message): this {
    return this.bytes(field, value.encode());
  }

  messages(field: number, values: readonly Message[]): this {
    for (const value of values) this.message(field, value);
    return this;
  }

  /** The bytes so far; a view, valid until more is written. */
  encode(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
}

function attribute(name: string, value: AttributeValue): Message {
  const message = new Message().text(1, name);
  if (typeof value === 'number') return message.int(3, value).int(20, 2);
  if (typeof value === 'string') return message.text(4, value).int(20, 3);
  if ('float' in value) return message.float(2, value.float).int(20, 1);
  return message.ints(8, value).int(20, 7);
}

function valueInfo(name: string, type: ElementType, shape: readonly number[]): Message {
  const dimensions = shape.map(size => new Message().int(1, size));
  const tensor = new Message().int(1, ELEMENT_TYPE[type]).message(2, new Message().messages(1, dimensions));
  return new Message().text(1, name).message(2, new Message().message(1, tensor));
}

interface NodeRecord {
  readonly type: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

const CONTRIB = 'com.microsoft';

/** Domain of ONNX Runtime's contributed operators. */
export const contrib = { domain: CONTRIB } as const;

export class ModelWriter {
  private readonly records: NodeRecord[] = [];
  private readonly initializers: Message[] = [];
  private readonly inputs: Message[] = [];
  private readonly outputs: Message[] = [];
  private readonly constants = new Map<string, string>();
  private readonly renamed = new Map<string, string>();
  private counter = 0;

  get nodeCount(): number {
    return this.records.length;
  }

  private fresh(prefix: string): string {
    this.counter += 1;
    return `${prefix}_${this.counter}`;
  }

  /** Appends a node with one output and returns the output's name. */
  op(
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: { readonly domain?: string } = {},
  ): string {
    return this.ops(type, inputs, 1, attributes, options)[0]!;
  }

  /** Appends a node with `count` outputs and returns their names. */
  ops(
    type: string,
    inputs: readonly string[],
    count: number,
    attributes: Readonly<Record<string, AttributeValue>> = {},
    options: { readonly domain?: string } = {},
  ): string[] {
    const outputs = Array.from({ length: count }, () => this.fresh(type));
    this.records.push({ type, domain: options.domain ?? '', inputs, outputs, attributes });
    return outputs;
  }

  /** A constant held in the model; equal small constants are stored once. */
  constant(
    type: ElementType,
    shape: readonly number[],
    values: Float32Array | Int32Array | Uint8Array | BigInt64Array,
  ): string {
    const exact = Array.from<number | bigint, string>(values.subarray(0, 16), v => (Object.is(v, -0) ? '-0' : `${v}`));
    const key = values.length <= 16 ? `${type}|${shape}|${exact}` : '';
    const known = key ? this.constants.get(key) : undefined;
    if (known !== undefined) return known;
    const name = this.fresh('constant');
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.initializers.push(new Message().ints(1, shape).int(2, ELEMENT_TYPE[type]).text(8, name).bytes(9, raw));
    if (key) this.constants.set(key, name);
    return name;
  }

  scalar(value: number, type: 'float32' | 'int32' | 'bool' = 'float32', shape: readonly number[] = []): string {
    const array = { float32: Float32Array, int32: Int32Array, bool: Uint8Array }[type];
    return this.constant(type, shape, array.of(value));
  }

  int64(values: readonly number[], shape: readonly number[] = [values.length]): string {
    return this.constant('int64', shape, BigInt64Array.from(values, BigInt));
  }

  /** A constant whose bytes stay in `location`, a path relative to the folder that the session is given. */
  external(type: ElementType, shape: readonly number[], location: string, offset: number, bytes: number): string {
    const name = this.fresh('weight');
    const entry = (key: string, value: string) => new Message().text(1, key).text(2, value);
    this.initializers.push(
      new Message()
        .ints(1, shape)
        .int(2, ELEMENT_TYPE[type])
        .text(8, name)
        .messages(13, [entry('location', location), entry('offset', `${offset}`), entry('length', `${bytes}`)])
        .int(14, 1),
    );
    return name;
  }

  input(name: string, type: ElementType, shape: readonly number[]): string {
    this.inputs.push(valueInfo(name, type, shape));
    return name;
  }

  /** Declares `value` as an output called `name`; the node that makes it is renamed, or an Identity is added where none can be. */
  output(name: string, value: string, type: ElementType, shape: readonly number[]): void {
    const made = this.records.some(record => record.outputs.includes(value));
    const source = made && !this.renamed.has(value) ? value : this.op('Identity', [this.renamed.get(value) ?? value]);
    this.renamed.set(source, name);
    this.outputs.push(valueInfo(name, type, shape));
  }

  encode(opset = 20): Uint8Array {
    const final = (names: readonly string[]) => names.map(name => this.renamed.get(name) ?? name);
    const nodes = this.records.map(record =>
      new Message()
        .texts(1, final(record.inputs))
        .texts(2, final(record.outputs))
        .text(3, record.outputs[0]!)
        .text(4, record.type)
        .messages(
          5,
          Object.entries(record.attributes).map(([name, value]) => attribute(name, value)),
        )
        .text(7, record.domain),
    );
    const domain = (name: string, version: number) => new Message().text(1, name).int(2, version);
    const graph = new Message()
      .messages(1, nodes)
      .text(2, 'graph')
      .messages(5, this.initializers)
      .messages(11, this.inputs)
      .messages(12, this.outputs);
    return new Message()
      .int(1, 9)
      .message(7, graph)
      .messages(8, [domain('', opset), domain(CONTRIB, 1)])
      .encode();
  }
}
