import { check, MokaError } from "../../util/errors.js";
import { countOf, type Shape } from "../../util/shape.js";
import { counted } from "../../util/words.js";
import { TensorProto_DataType as DataType, type ModelProto, type ValueInfoProto } from "../gen/onnx_pb.js";
import { type Constant, type ExternalData, tensorConstant } from "../tensor.js";
import { Node } from "./node.js";

/** An input of the graph. */
export interface GraphInput {
  readonly name: string;
  readonly shape: Shape;
}

/** The graph of a model, as far as its outputs need it. */
export interface Graph {
  readonly name: string;
  readonly inputs: readonly GraphInput[];
  readonly outputs: readonly string[];
  /** The values of initializers, read when they are asked for. */
  initializer(name: string): Constant | undefined;
  /** The nodes that outputs depend on, in their order. */
  readonly nodes: readonly Node[];
  /** The number of nodes and outputs that read a value. */
  readersOf(name: string): number;
  makerOf(name: string): Node | undefined;
  /** The only node that reads a value; undefined if there are more, or the value is an output. */
  readerOf(name: string): Node | undefined;
}

/** The newest version of the standard operators whose meaning was looked at. */
const newest = 22;

/** Caffe's limit, and a bound for what is computed of an index. */
const mostAxes = 32;

/**
 * Reads the graph.
 *
 * @param shapes the shapes of inputs, by name, where the model leaves sizes open
 * @param note receives what is assumed
 * @throws MokaError `MOKA_PARSE` for a graph that is none, `MOKA_UNSUPPORTED` for inputs that are not floats or have unknown sizes,
 *   `MOKA_USAGE` for the shape of an input that is not there
 */
export function readGraph(
  model: ModelProto,
  origin: string,
  shapes: Readonly<Record<string, Shape>>,
  note: (text: string) => void,
  external?: ExternalData,
): Graph {
  const { graph } = model;
  check(graph, "MOKA_PARSE", `${origin} has no graph`);
  const opset = model.opsetImport.find(({ domain }) => ["", "ai.onnx"].includes(domain));
  const version = opset ? Number(opset.version) : 1;
  const all = graph.node.map((proto, index) => new Node(proto, index, version, external));
  if (version > newest) note(`the model is of opset ${version}; operators are taken as those of opset ${newest}`);
  const nodes = neededNodes(
    all,
    graph.output.map(({ name }) => name),
    origin,
  );
  const initializers = new Map(graph.initializer.map((tensor) => [tensor.name, tensor]));
  const read = new Map<string, Constant>();
  const readers = new Map<string, Node[]>();
  const counts = new Map<string, number>();
  const count = (name: string) => void counts.set(name, (counts.get(name) ?? 0) + 1);
  for (const node of nodes) {
    for (const name of node.inputs) {
      const list = readers.get(name) ?? [];
      list.push(node);
      readers.set(name, list);
      count(name);
    }
  }
  const makers = new Map(nodes.flatMap((node) => node.outputs.map((name) => [name, node] as const)));
  const outputs = graph.output.map(({ name }) => name);
  for (const name of outputs) count(name);
  const inputs = graph.input.filter(({ name }) => !initializers.has(name));
  for (const name of Object.keys(shapes)) {
    const known = inputs.map((each) => `"${each.name}"`).join(", ") || "none";
    check(
      inputs.some((each) => each.name === name),
      "MOKA_USAGE",
      `the model has no input "${name}"; its inputs are ${known}`,
    );
  }
  return {
    name: graph.name,
    inputs: inputs.flatMap((each) => (counts.has(each.name) ? [inputOf(each, shapes, note)] : unread(each, note))),
    outputs,
    nodes,
    initializer(name) {
      const [known, tensor] = [read.get(name), initializers.get(name)];
      if (known || !tensor) return known;
      const value = tensorConstant(tensor, `initializer "${name}"`, external);
      check(value.shape.length <= mostAxes, "MOKA_PARSE", `initializer "${name}" has ${value.shape.length} axes`);
      read.set(name, value);
      return value;
    },
    makerOf: (name) => makers.get(name),
    readersOf: (name) => counts.get(name) ?? 0,
    readerOf(name) {
      const [reader, ...others] = readers.get(name) ?? [];
      return others.length === 0 && counts.get(name) === 1 ? reader : undefined;
    },
  };
}

/** The nodes that the outputs depend on. Each value must be made before it is read, and once. */
function neededNodes(all: readonly Node[], outputs: readonly string[], origin: string): readonly Node[] {
  const made = new Set<string>();
  for (const node of all) {
    for (const name of node.outputs) {
      check(name === "" || !made.has(name), "MOKA_PARSE", `${origin}: ${node.place}: "${name}" is made twice`);
      made.add(name);
    }
  }
  const needed = new Set(outputs);
  return all
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((name) => needed.has(name))) return false;
      for (const name of node.inputs) needed.add(name);
      return true;
    })
    .reverse();
}

function unread({ name }: ValueInfoProto, note: (text: string) => void): readonly GraphInput[] {
  note(`input "${name}" is left out: nothing reads it`);
  return [];
}

function inputOf(
  info: ValueInfoProto,
  shapes: Readonly<Record<string, Shape>>,
  note: (text: string) => void,
): GraphInput {
  const { name } = info;
  const tensor = info.type?.value.case === "tensorType" ? info.type.value.value : undefined;
  check(tensor, "MOKA_UNSUPPORTED", `input "${name}" is no array, and Caffe has only these`);
  if (tensor.elemType !== DataType.FLOAT) {
    const type = DataType[tensor.elemType] ?? tensor.elemType;
    note(`input "${name}" has values of the type ${type}; Caffe's blobs hold floats in single precision`);
  }
  const dims = tensor.shape?.dim.map(({ value }) => (value.case === "dimValue" ? Number(value.value) : value.value));
  const given = shapes[name];
  const hint = `give its shape: ${name}=1,3,224,224 (--shape, or shapes)`;
  if (!dims) check(given, "MOKA_USAGE", `the model does not say the shape of input "${name}"; ${hint}`);
  const shape = given ?? assumed(name, dims ?? [], hint, note);
  const fits = !dims || (dims.length === shape.length && dims.every((dim, i) => !isSize(dim) || dim === shape[i]));
  const said = dims?.map((dim) => dim ?? "?").join(" × ");
  check(fits, "MOKA_USAGE", `input "${name}" is ${said}; the shape ${shape.join(" × ")} does not fit`);
  const isPossible = shape.length <= mostAxes && shape.every((size) => isSize(size)) && countOf(shape) < 2 ** 31;
  check(
    isPossible,
    "MOKA_PARSE",
    `input "${name}" has the shape ${shape.slice(0, mostAxes).join(" × ")}, which no blob can have`,
  );
  return { name, shape };
}

/** A size that the model says; 0 and below stand for none. */
function isSize(dim: number | string | undefined): dim is number {
  return typeof dim === "number" && Number.isInteger(dim) && dim > 0;
}

/** The sizes of an input: a first size that is open is the batch, and is 1. */
function assumed(
  name: string,
  dims: readonly (number | string | undefined)[],
  hint: string,
  note: (text: string) => void,
): Shape {
  const open = dims.flatMap((dim, axis) => (isSize(dim) || axis === 0 ? [] : [`axis ${axis} ("${dim ?? "?"}")`]));
  check(open.length === 0, "MOKA_USAGE", `input "${name}": the size of ${open.join(", ")} is open; ${hint}`);
  if (dims.length > 0 && !isSize(dims[0])) {
    note(`input "${name}": its batch ("${dims[0] ?? "?"}") is open, and taken as 1; ${hint}`);
  }
  return dims.map((dim) => (isSize(dim) ? dim : 1));
}

/** One error for all that cannot be imported. */
export function together(errors: readonly MokaError[], origin: string): MokaError {
  const [first] = errors;
  if (errors.length === 1 && first) return new MokaError(first.code, `${origin}: ${first.message}`, { cause: first });
  const lines = errors.slice(0, 50).map(({ message }) => `  ${message}`);
  if (errors.length > 50) lines.push(`  … and ${errors.length - 50} more`);
  return new MokaError(
    "MOKA_UNSUPPORTED",
    `${origin}: ${counted(errors.length, "node")} cannot be imported:\n${lines.join("\n")}`,
  );
}
