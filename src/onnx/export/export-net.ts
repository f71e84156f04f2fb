import { create } from "@bufbuild/protobuf";
import type { Node } from "../../core/backward-plan.js";
import { batchInputs } from "../../core/batch-inputs.js";
import type { Layer } from "../../core/layer.js";
import type { Net } from "../../core/net.js";
import type { Tensor } from "../../core/tensor.js";
import { check, MokaError } from "../../util/errors.js";
import { version } from "../../version.js";
import { type GraphProto, type ModelProto, ModelProtoSchema, type ValueInfoProto } from "../gen/onnx_pb.js";
import { type Dim, valueInfo } from "../model.js";
import { opsets } from "../opsets.js";
import { GraphWriter, readBy, type Value } from "./graph-writer.js";
import { type Input, LayerWriter, NeedsFixedBatch, type Port } from "./layer-writer.js";
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
  const writer = new NetWriter(net, settings, batch === "dynamic");
  for (const node of net.nodes) writer.write(node);
  return writer.finish(reason);
}

/** Writes the nodes of a net, one after the other. */
class NetWriter {
  readonly #net: Net;
  readonly #settings: ExportSettings;
  readonly #opset: number;
  readonly #graph: GraphWriter;
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #batch: { readonly dynamic: boolean; readonly size: number };
  /** The sizes of blobs before a mapping knows better. */
  readonly #sizes: ReadonlyMap<Tensor, readonly Dim[]>;
  readonly #inputs = new Map<string, readonly Dim[]>();
  readonly #values = new Map<Tensor, Made>();
  /** The values that have a blob's name already. */
  readonly #taken = new Set<Value>();
  readonly #infos = new Map<Value, ValueInfoProto>();
  readonly #extras: ExtraOutput[] = [];
  readonly #leftOut: Node[] = [];
  readonly #approximations: LayerNote[] = [];
  readonly #notes: LayerNote[] = [];
  readonly #refusals: MokaError[] = [];
  /** The tops of refused layers, and of those behind them. */
  readonly #refused = new Set<Tensor>();

  constructor(net: Net, settings: ExportSettings, isDynamic: boolean) {
    this.#net = net;
    this.#settings = settings;
    this.#opset = settings.opset ?? 13;
    this.#tensors = new Map(net.nodes.flatMap(({ top }) => top.map((tensor) => [tensor.name, tensor])));
    const names = batchInputs(net.inputs.map((name) => [name, this.#tensors.get(name)?.shape]));
    const tensors = names.flatMap((name) => this.#tensors.get(name) ?? []);
    this.#batch = { dynamic: isDynamic && tensors.length > 0, size: tensors[0]?.shape[0] ?? 1 };
    this.#sizes = sizesOf(net.nodes, this.#batch.dynamic ? tensors : []);
    this.#graph = new GraphWriter(this.#opset, this.#tensors.keys());
  }

  /** Writes a layer. One that is refused is told by `finish`, with the others. */
  write(node: Node): void {
    const { layer, bottom, top } = node;
    if (layer.isInput) {
      for (const tensor of top) {
        this.#make(tensor, { value: tensor.name, dims: this.#dimsOf(tensor) });
        this.#inputs.set(tensor.name, this.#dimsOf(tensor));
      }
      return;
    }
    // Of a refused layer and those behind it, only the first is told.
    const isBehind = bottom.some((tensor) => this.#refused.has(tensor));
    try {
      if (!isBehind) this.#writeLayer(node);
    } catch (error) {
      if (error instanceof NeedsFixedBatch) throw error;
      const explained = layer.explain(error);
      if (!(explained instanceof MokaError)) throw explained;
      this.#refusals.push(explained);
      for (const tensor of top) this.#refused.add(tensor);
    }
    if (isBehind) for (const tensor of top) this.#refused.add(tensor);
  }

  #writeLayer(node: Node): void {
    const { layer, bottom, top } = node;
    const from = this.#graph.nodes.length;
    const mapping = mappingOf(layer);
    if (!mapping)
      throw layer.error("MOKA_UNSUPPORTED", "it cannot be written as ONNX: Moka has no form of it in ONNX's operators");
    const writer = new LayerWriter(this.#graph, {
      layer,
      bottom: bottom.map((tensor) => this.#inputOf(layer, tensor)),
      top: top.map((tensor) => this.#port(tensor)),
      memory: this.#net.engine,
      mayApproximate: this.#settings.approximate ?? false,
    });
    mapping.write(writer);
    const { tops, extra, approximations, notes, isDropped } = writer.written;
    if (isDropped) this.#leftOut.push(node);
    const note = (text: string) => ({ layer: layer.name, type: layer.type, text });
    this.#approximations.push(...approximations.map(note));
    this.#notes.push(...notes.map(note));
    for (const [i, made] of tops.entries()) {
      const tensor = top[i];
      if (!made || !tensor) continue;
      const isNew = this.#graph.nodes.slice(from).some(({ output }) => output.includes(made.value));
      const value = isNew && !this.#taken.has(made.value) ? tensor.name : made.value;
      if (value !== made.value) this.#graph.rename(made.value, value, from);
      this.#make(tensor, { value, dims: made.dims });
      if (layer.type !== "Split") this.#infos.set(value, this.#infos.get(value) ?? valueInfo(value, made.dims));
    }
    this.#extras.push(...extra.map((each) => ({ ...each, layer: layer.name })));
    const last = this.#graph.nodes.slice(from).at(-1);
    if (last) last.name = this.#graph.nodeName(layer.name);
  }

  /**
   * The model of all that was written.
   *
   * @param reason why the batch is fixed, where that was not asked for
   * @throws MokaError `MOKA_UNSUPPORTED` for refused layers, `MOKA_USAGE` for an output that the net has not
   */
  finish(reason: string | undefined): ExportedNet {
    if (this.#refusals.length > 0) throw together(this.#refusals);
    const graph = this.#graph;
    const outputs = this.#outputs();
    const ranks = new Map([...this.#values.values()].map(({ value, dims }) => [value, dims.length]));
    for (const [name, dims] of nameExtras(graph, this.#extras, (value) => ranks.has(value))) outputs.set(name, dims);
    mergeScale(
      graph,
      (value) => ranks.get(value),
      (value) => outputs.has(value),
    );
    check(outputs.size > 0, "MOKA_UNSUPPORTED", "the net has no outputs that ONNX could compute");
    const declare = ([name, dims]: readonly [string, readonly Dim[]]) => valueInfo(name, dims);
    const name = this.#net.name || "net";
    const all = graph.graph(name, [...this.#inputs].map(declare), [...outputs].map(declare), this.#infos);
    this.#leaveUnreadInputs(all);
    const model = create(ModelProtoSchema, {
      irVersion: BigInt(opsets[this.#opset] ?? 7),
      producerName: "Moka",
      producerVersion: version,
      opsetImport: [{ domain: "", version: BigInt(this.#opset) }],
      graph: all,
    });
    return {
      model,
      opset: this.#opset,
      inputs: Object.fromEntries(this.#inputs),
      outputs: Object.fromEntries(outputs),
      batch: { ...this.#batch, reason },
      approximations: this.#approximations,
      notes: this.#notes,
      leftOut: this.#leftOut.map(({ layer }) => layer.name),
    };
  }

  #make(tensor: Tensor, made: Made): void {
    this.#values.set(tensor, made);
    this.#taken.add(made.value);
  }

  #dimsOf(tensor: Tensor): readonly Dim[] {
    return this.#values.get(tensor)?.dims ?? this.#sizes.get(tensor) ?? tensor.shape;
  }

  #port(tensor: Tensor): Port {
    return { blob: tensor.name, shape: tensor.shape, dims: this.#dimsOf(tensor), tensor };
  }

  /** A bottom of a layer. One that is left out is an error where the mapping reads it. */
  #inputOf(layer: Layer, tensor: Tensor): Input {
    const values = this.#values;
    return {
      ...this.#port(tensor),
      get value() {
        const made = values.get(tensor);
        if (!made)
          throw layer.error("MOKA_UNSUPPORTED", `it reads "${tensor.name}", which is left out of the exported net`);
        return made.value;
      },
    };
  }

  /** The outputs that are blobs of the net, by name. A blob whose value has another name is copied to its own. */
  #outputs(): Map<string, readonly Dim[]> {
    const outputs = new Map<string, readonly Dim[]>();
    const { outputs: wanted = [], forLeftOut = false } = this.#settings;
    const { nodes } = this.#net;
    const readOutside = forLeftOut
      ? this.#leftOut.flatMap(({ bottom }) => bottom.map((tensor) => unsplit(nodes, tensor).name))
      : [];
    for (const name of new Set([...this.#net.outputs, ...wanted, ...readOutside])) {
      const tensor = this.#tensors.get(name);
      check(tensor, "MOKA_USAGE", `the net has no blob "${name}" to become an output`);
      const made = this.#values.get(tensor);
      if (!made || this.#inputs.has(name)) continue;
      if (made.value !== name) this.#graph.add("Identity", [made.value], {}, `${name}/Identity`, [name]);
      outputs.set(name, made.dims);
    }
    for (const { value, dims } of unreadBottoms(this.#graph, this.#leftOut, this.#values)) {
      if (!this.#inputs.has(value)) outputs.set(value, dims);
    }
    return outputs;
  }

  /** Leaves out the inputs that nothing reads, and says so. */
  #leaveUnreadInputs(graph: GraphProto): void {
    const isRead = new Set(graph.node.flatMap(readBy));
    for (const name of [...this.#inputs.keys()].filter((each) => !isRead.has(each))) {
      this.#inputs.delete(name);
      this.#notes.push({
        layer: makerOf(this.#net.nodes, name),
        type: "Input",
        text: `input "${name}" is left out: nothing that is exported reads it`,
      });
    }
    graph.input = graph.input.filter(({ name }) => this.#inputs.has(name));
  }
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

/** One error for all layers that are refused. */
function together(refusals: readonly MokaError[]): MokaError {
  const [first, ...more] = refusals;
  if (!first) throw new TypeError("no layer is refused");
  if (more.length === 0) return first;
  const lines = refusals.map(({ message }) => `\n  ${message}`).join("");
  return new MokaError(first.code, `${refusals.length} layers cannot be written as ONNX:${lines}`);
}

function makerOf(nodes: readonly Node[], blob: string): string {
  return nodes.find(({ top }) => top.some(({ name }) => name === blob))?.layer.name ?? blob;
}
