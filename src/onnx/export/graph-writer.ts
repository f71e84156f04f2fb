import { create } from "@bufbuild/protobuf";
import type { Shape } from "../../util/shape.js";
import {
  type GraphProto,
  GraphProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  type ValueInfoProto,
} from "../gen/onnx_pb.js";
import { type AttributeValue, attribute } from "../model.js";
import { type Constant, floatConstant, intConstant, tensorProto } from "../tensor.js";

export type Attributes = Readonly<Record<string, AttributeValue | undefined>>;

/** The name of a value in a graph. `""` is an optional input that is not given. */
export type Value = string;

/** Collects the nodes and constants of one graph, and keeps its names unique. */
export class GraphWriter {
  /** The version of ONNX's operators. */
  readonly opset: number;
  readonly nodes: NodeProto[] = [];
  readonly #constants = new Map<string, { readonly tensor: TensorProto; readonly constant: Constant }>();
  /** Small constants by their content: each is stored once. */
  readonly #small = new Map<string, Value>();
  /** The names of values and of nodes that are taken, shared with the graphs inside this one. */
  readonly #taken: Set<string>;
  readonly #nodeNames: Set<string>;

  /** @param taken names that values have already */
  constructor(opset: number, taken: Iterable<string> = [], outer?: GraphWriter) {
    this.opset = opset;
    this.#taken = outer ? outer.#taken : new Set(taken);
    this.#nodeNames = outer ? outer.#nodeNames : new Set();
  }

  /** A writer for the body of a loop: it can read the values of this graph, and its names differ from theirs. */
  body(): GraphWriter {
    return new GraphWriter(this.opset, [], this);
  }

  /** A name that no value has yet: `base`, or `base` with a number. */
  name(base: string): string {
    return unused(base, this.#taken);
  }

  /** Whether a value has this name. */
  isTaken(name: string): boolean {
    return this.#taken.has(name);
  }

  /** A name that no node has yet. A node may have the name of a value. */
  nodeName(base: string): string {
    return unused(base, this.#nodeNames);
  }

  /** Adds a node, and returns the names of its outputs: those given, or new ones after its name. */
  add(
    op: string,
    inputs: readonly Value[],
    attributes: Attributes,
    name: string,
    outputs: number | readonly string[],
  ): readonly Value[] {
    const own = this.nodeName(name);
    const output =
      typeof outputs === "number" ? Array.from({ length: outputs }, (_, i) => this.name(`${own}:${i}`)) : outputs;
    const given = Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [attribute(key, value)],
    );
    this.nodes.push(
      create(NodeProtoSchema, { opType: op, name: own, input: [...inputs], output: [...output], attribute: given }),
    );
    return output;
  }

  /** Adds a constant array; a small one that is there already is not added again. */
  constant(constant: Constant, name: string): Value {
    const { type, shape, data } = constant;
    const key =
      data.length <= 16
        ? `${type} ${shape.join()} ${[...data].map((each) => (Object.is(each, -0) ? "-0" : each)).join()}`
        : undefined;
    const known = key === undefined ? undefined : this.#small.get(key);
    if (known !== undefined) return known;
    const own = this.name(name);
    this.#constants.set(own, { tensor: tensorProto(own, constant), constant });
    if (key !== undefined) this.#small.set(key, own);
    return own;
  }

  floats(values: ArrayLike<number>, shape: Shape = [values.length], name = "floats"): Value {
    return this.constant(floatConstant(shape, values), name);
  }

  /** A list of integers. Without a shape it has one axis; a shape `[]` makes a scalar. */
  ints(values: readonly number[], shape: Shape = [values.length], name = "ints"): Value {
    return this.constant(intConstant(shape, values), name);
  }

  /** The constant that a value is; undefined for a value that nodes compute. */
  constantOf(value: Value): Constant | undefined {
    return this.#constants.get(value)?.constant;
  }

  /** Gives a value that nodes from index `from` on make and read another name. */
  rename(value: Value, to: Value, from: number): void {
    for (const node of this.nodes.slice(from)) renameIn(node, value, to);
  }

  /** The graph with these inputs and outputs, without the nodes and constants that no output needs. */
  graph(
    name: string,
    inputs: readonly ValueInfoProto[],
    outputs: readonly ValueInfoProto[],
    values: ReadonlyMap<Value, ValueInfoProto> = new Map(),
  ): GraphProto {
    const needed = new Set(outputs.map((output) => output.name));
    const node = [...this.nodes]
      .reverse()
      .filter((each) => {
        if (!each.output.some((output) => needed.has(output))) return false;
        for (const input of readBy(each)) needed.add(input);
        return true;
      })
      .reverse();
    const made = new Set(node.flatMap(({ output }) => output));
    const ends = new Set([...inputs, ...outputs].map((each) => each.name));
    return create(GraphProtoSchema, {
      name,
      node,
      initializer: [...this.#constants.values()].flatMap(({ tensor }) => (needed.has(tensor.name) ? [tensor] : [])),
      input: [...inputs],
      output: [...outputs],
      valueInfo: [...values].flatMap(([value, info]) => (made.has(value) && !ends.has(value) ? [info] : [])),
    });
  }
}

/** Adds a name to a set: `base`, or `base` with a number. */
function unused(base: string, taken: Set<string>): string {
  let name = base;
  for (let i = 2; taken.has(name); i++) name = `${base}_${i}`;
  taken.add(name);
  return name;
}

/** The values that a node reads, also inside its bodies. */
export function readBy(node: NodeProto): readonly Value[] {
  const bodies = node.attribute.flatMap(({ g }) => (g ? [g] : []));
  return [
    ...node.input,
    ...bodies.flatMap((body) => [...body.node.flatMap(readBy), ...body.output.map(({ name }) => name)]),
  ];
}

function renameIn(node: NodeProto, value: Value, to: Value): void {
  const renamed = (each: Value) => (each === value ? to : each);
  node.input = node.input.map(renamed);
  node.output = node.output.map(renamed);
  for (const { g } of node.attribute) for (const inner of g?.node ?? []) renameIn(inner, value, to);
}
