import { create } from "@bufbuild/protobuf";
import type { Node } from "../../core/backward-plan.js";
import type { Net } from "../../core/net.js";
import type { Tensor } from "../../core/tensor.js";
import { check, MokaError } from "../../util/errors.js";
import { version } from "../../version.js";
import { type ModelProto, ModelProtoSchema, type ValueInfoProto } from "../gen/onnx_pb.js";
import { type Dim, valueInfo } from "../model.js";
import { opsets } from "../opsets.js";
import { GraphWriter, readBy, type Value } from "./graph-writer.js";
import { LayerWriter, NeedsFixedBatch } from "./layer-writer.js";
import { type ExtraOutput, type Made, nameExtras, unreadBottoms } from "./outputs.js";
import { mergeScale } from "./passes/merge-scale.js";
import { mappingOf } from "./registry.js";
import { symbolicSizes } from "./sizes.js";

export interface ExportSettings {
  /** The version of ONNX's operators. Default 13. */
  readonly opset?: number | undefined;
  /**
   * Whether a run may give batches of any size (`dynamic`), or only of the net's (`fixed`). Default: any size, if every layer can be
   * written so.
   */
  readonly batch?: "dynamic" | "fixed" | undefined;
  /** Whether what ONNX cannot say exactly may be approximated; see `ExportedNet.approximations`. Default false: it is an error. */
  readonly approximate?: boolean | undefined;
  /** Blobs that become outputs, besides those that no layer reads. */
  readonly outputs?: readonly string[] | undefined;
  /** Whether what layers that are left out read becomes outputs too, so that others can compute those layers. Default false. */
  readonly forLeftOut?: boolean | undefined;
}

/** A fact about one layer. */
export interface LayerNote {
  readonly layer: string;
  readonly type: string;
  readonly text: string;
}

/** A net in ONNX. */
export interface ExportedNet {
  readonly model: ModelProto;
  readonly opset: number;
  /** The inputs and outputs with their sizes; a size that a run may choose is a name. */
  readonly inputs: Readonly<Record<string, readonly Dim[]>>;
  readonly outputs: Readonly<Record<string, readonly Dim[]>>;
  /** The batch: any size, or the one that is fixed, with the reason where none was asked for. */
  readonly batch: { readonly dynamic: boolean; readonly size: number; readonly reason?: string | undefined };
  /** What is not exactly Caffe's. */
  readonly approximations: readonly LayerNote[];
  /** Layers that became something else, or nothing. */
  readonly notes: readonly LayerNote[];
  /** The names of the layers that are left out, because only training and testing need them. */
  readonly leftOut: readonly string[];
}

/**
 * Writes a net in phase TEST as an ONNX model of the standard domain.
 *
 * @param net built with all versions of its blobs under names of their own (see `nameVersions`)
 * @throws MokaError `MOKA_UNSUPPORTED` that names each layer which ONNX cannot say, and why; `MOKA_USAGE` for an opset that is
 *   not between 11 and 22
 */
export function exportNet(net: Net, settings: ExportSettings = {}): ExportedNet {
  const { opset = 13, batch } = settings;
  check(opsets[opset] !== undefined, "MOKA_USAGE", `opset must be a whole number from 11 to 22, not ${opset}`);
  check(net.phase === "TEST", "MOKA_USAGE", "a net is exported in phase TEST");
  if (batch === "fixed") return write(net, settings, "fixed");
  try {
    return write(net, settings, "dynamic");
  } catch (error) {
    // What only a batch of one size can do is written for that size, and said.
    const isOfBatch = error instanceof NeedsFixedBatch || error instanceof BatchRefused;
    if (!isOfBatch) throw error;
    if (batch === "dynamic")
      throw new MokaError("MOKA_UNSUPPORTED", `a batch of any size is not possible: ${error.message}`);
    return write(net, settings, "fixed", error.message);
  }
}

/** Says that a layer does not take another batch size than the net's. */
class BatchRefused extends Error {}

function write(net: Net, settings: ExportSettings, batch: "dynamic" | "fixed", reason?: string): ExportedNet {
  const { opset = 13, approximate = false, outputs: wanted = [], forLeftOut = false } = settings;
  const { nodes } = net;
  const tensors = new Map(nodes.flatMap(({ top }) => top.map((tensor) => [tensor.name, tensor])));
  const batchInputs = batchOf(net, tensors);
  const size = batchInputs[0]?.shape[0] ?? 1;
  const isDynamic = batch === "dynamic" && batchInputs.length > 0;
  const sizes = sizesOf(nodes, isDynamic ? batchInputs : []);
  const graph = new GraphWriter(opset, tensors.keys());
  const values = new Map<Tensor, Made>();
  const infos = new Map<Value, ValueInfoProto>();
  const approximations: LayerNote[] = [];
  const notes: LayerNote[] = [];
  const extras: ExtraOutput[] = [];
  const leftOut: Node[] = [];
  const refusals: MokaError[] = [];
  const isRefused = new Set<Tensor>();
  const dimsOf = (tensor: Tensor) => values.get(tensor)?.dims ?? sizes.get(tensor) ?? tensor.shape;
  const inputs = new Map<string, readonly Dim[]>();

  for (const node of nodes) {
    const { layer, bottom, top } = node;
    const port = (tensor: Tensor) => ({ blob: tensor.name, shape: tensor.shape, dims: dimsOf(tensor), tensor });
    if (layer.isInput) {
      for (const tensor of top) {
        values.set(tensor, { value: tensor.name, dims: dimsOf(tensor) });
        inputs.set(tensor.name, dimsOf(tensor));
      }
      continue;
    }
    // Of a refused layer and those behind it, only the first is told.
    if (bottom.some((tensor) => isRefused.has(tensor))) {
      for (const tensor of top) isRefused.add(tensor);
      continue;
    }
    const from = graph.nodes.length;
    try {
      const mapping = mappingOf(layer);
      if (!mapping)
        throw layer.error(
          "MOKA_UNSUPPORTED",
          "it cannot be written as ONNX: Moka has no form of it in ONNX's operators",
        );
      const read = bottom.map((tensor) => ({
        ...port(tensor),
        get value() {
          const made = values.get(tensor);
          if (!made)
            throw layer.error("MOKA_UNSUPPORTED", `it reads "${tensor.name}", which is left out of the exported net`);
          return made.value;
        },
      }));
      const writer = new LayerWriter(graph, {
        layer,
        bottom: read,
        top: top.map(port),
        memory: net.engine,
        mayApproximate: approximate,
      });
      mapping.write(writer);
      const written = writer.written;
      if (written.isDropped) leftOut.push(node);
      const note = (text: string) => ({ layer: layer.name, type: layer.type, text });
      approximations.push(...written.approximations.map(note));
      notes.push(...written.notes.map(note));
      for (const [i, made] of written.tops.entries()) {
        const tensor = top[i];
        if (!made || !tensor) continue;
        const isNew = graph.nodes.slice(from).some(({ output }) => output.includes(made.value));
        const isTaken = [...values.values()].some(({ value }) => value === made.value);
        const value = isNew && !isTaken ? tensor.name : made.value;
        if (value !== made.value) graph.rename(made.value, value, from);
        values.set(tensor, { value, dims: made.dims });
        if (layer.type !== "Split") infos.set(value, infos.get(value) ?? valueInfo(value, made.dims));
      }
      extras.push(...written.extra.map((each) => ({ ...each, layer: layer.name })));
      nameMaker(graph, layer.name, from);
    } catch (error) {
      if (error instanceof NeedsFixedBatch) throw error;
      const explained = layer.explain(error);
      if (!(explained instanceof MokaError)) throw explained;
      refusals.push(explained);
      for (const tensor of top) isRefused.add(tensor);
    }
  }
  if (refusals.length > 0) throw refused(refusals);

  const outputs = new Map<string, readonly Dim[]>();
  const readOutside = forLeftOut
    ? leftOut.flatMap(({ bottom }) => bottom.map((tensor) => unsplit(nodes, tensor).name))
    : [];
  for (const name of new Set([...net.outputs, ...wanted, ...readOutside])) {
    const tensor = tensors.get(name);
    check(tensor, "MOKA_USAGE", `the net has no blob "${name}" to become an output`);
    const made = values.get(tensor);
    if (!made || inputs.has(name)) continue;
    if (made.value !== name) graph.add("Identity", [made.value], {}, `${name}/Identity`, [name]);
    outputs.set(name, made.dims);
  }
  for (const { value, dims } of unreadBottoms(graph, leftOut, values)) {
    if (!inputs.has(value)) outputs.set(value, dims);
  }
  const ranks = new Map([...values.values()].map(({ value, dims }) => [value, dims.length]));
  for (const [name, dims] of nameExtras(graph, extras, (value) => ranks.has(value))) outputs.set(name, dims);
  mergeScale(
    graph,
    (value) => ranks.get(value),
    (value) => outputs.has(value),
  );
  check(outputs.size > 0, "MOKA_UNSUPPORTED", "the net has no outputs that ONNX could compute");

  const declare = ([name, dims]: readonly [string, readonly Dim[]]) => valueInfo(name, dims);
  const all = graph.graph(net.name || "net", [...inputs].map(declare), [...outputs].map(declare), infos);
  const isRead = new Set(all.node.flatMap(readBy));
  for (const [name] of [...inputs].filter(([name]) => !isRead.has(name))) {
    inputs.delete(name);
    notes.push({
      layer: makerOf(nodes, name),
      type: "Input",
      text: `input "${name}" is left out: nothing that is exported reads it`,
    });
  }
  all.input = all.input.filter(({ name }) => inputs.has(name));
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(opsets[opset] ?? 7),
    producerName: "Moka",
    producerVersion: version,
    opsetImport: [{ domain: "", version: BigInt(opset) }],
    graph: all,
  });
  return {
    model,
    opset,
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    batch: { dynamic: isDynamic, size, reason },
    approximations,
    notes,
    leftOut: leftOut.map(({ layer }) => layer.name),
  };
}

/** The inputs whose first axis is the batch: those of the same size as that of the first input. */
function batchOf(net: Net, tensors: ReadonlyMap<string, Tensor>): readonly Tensor[] {
  const inputs = net.inputs.flatMap((name) => tensors.get(name) ?? []);
  return inputs.filter(({ shape }) => shape.length > 0 && shape[0] === inputs[0]?.shape[0]);
}

function sizesOf(nodes: readonly Node[], batch: readonly Tensor[]): ReadonlyMap<Tensor, readonly Dim[]> {
  try {
    return symbolicSizes({ nodes, mappingOf: ({ layer }) => mappingOf(layer), batch });
  } catch (error) {
    if (batch.length > 0 && error instanceof MokaError) throw new BatchRefused(error.message);
    throw error;
  }
}

/** The value that a Split made this one of. */
function unsplit(nodes: readonly Node[], tensor: Tensor): Tensor {
  const split = nodes.find(({ layer, top }) => layer.type === "Split" && top.includes(tensor));
  const [source] = split?.bottom ?? [];
  return source ? unsplit(nodes, source) : tensor;
}

/** Gives the layer's name to the last of its nodes. */
function nameMaker(graph: GraphWriter, name: string, from: number): void {
  const last = graph.nodes.slice(from).at(-1);
  if (last) last.name = graph.nodeName(name);
}

/** One error for all layers that are refused. */
function refused(refusals: readonly MokaError[]): MokaError {
  const [first, ...more] = refusals;
  if (!first) throw new TypeError("no layer is refused");
  if (more.length === 0) return first;
  const lines = refusals.map(({ message }) => `\n  ${message}`).join("");
  return new MokaError(first.code, `${refusals.length} layers cannot be written as ONNX:${lines}`);
}

function makerOf(nodes: readonly Node[], blob: string): string {
  return nodes.find(({ top }) => top.some(({ name }) => name === blob))?.layer.name ?? blob;
}
