import { isFieldSet } from "@bufbuild/protobuf";
import { blobValues } from "../proto/binary/blob.js";
import { dialectsOf } from "../proto/dialects/index.js";
import {
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  NetParameterSchema,
  type NetState,
  type ParamSpec,
  Phase as PhaseEnum,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { formatText } from "../proto/text/index.js";
import { inPieces, turnIfDue } from "../util/event-loop.js";
import type { Files } from "../util/files.js";
import type { Images } from "../util/images.js";
import { type Log, silent } from "../util/log.js";
import type { Random } from "../util/random.js";
import { formatShape } from "../util/shape.js";
import { counted } from "../util/words.js";
import { type Node, planBackward, planEveryBackward } from "./backward-plan.js";
import type { Catalog } from "./catalog.js";
import type { Ranks } from "./communicator.js";
import { phaseName, someLayers } from "./filter-net.js";
import { logForkFields } from "./fork-fields.js";
import { connect, type Graph, type Value } from "./graph.js";
import { insertSplits } from "./insert-splits.js";
import type { Layer, LayerContext, Phase } from "./layer.js";
import { ParamTable, specOf } from "./params.js";
import { checkCounts, type FirstValues, setUpLayer, topsOf } from "./set-up-layer.js";
import type { Memory } from "./span.js";
import { Tensor } from "./tensor.js";
import { copyValues } from "./weights.js";

/** The options that a net is built with. */
export interface BuildContext {
  readonly catalog: Catalog;
  readonly memory: Memory;
  readonly files: Files;
  readonly images: Images;
  readonly random: Random;
  readonly log: Log;
  /** The processes that train this net together. Default: this one alone. */
  readonly ranks?: Ranks | undefined;
  /** The fork of Caffe that the net is written for. Default: what the net tells. */
  readonly dialect?: string | undefined;
  /** See `LayerContext.cfg`. */
  readonly cfg?: Readonly<Record<string, unknown>> | undefined;
  /** See `LayerContext.blobsOf`. */
  readonly blobsOf?: ((layer: string) => number | undefined) | undefined;
  /** Whether the net will run. If false, layers are inspected, not opened, and parameters get no values. Default true. */
  readonly runs?: boolean;
  /** Whether all layers run backward that do in `caffe time`. Default: those between a parameter that learns and a loss. */
  readonly everyBackward?: boolean;
}

/** A net, connected and filled but not yet recorded. */
export interface NetParts {
  readonly name: string;
  readonly phase: Phase;
  readonly nodes: readonly Node[];
  /** Every named blob, in the order of creation. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Tops of Input layers, in their order. */
  readonly inputs: readonly string[];
  /** Blobs that no layer reads, sorted by name as in Caffe. */
  readonly outputs: readonly string[];
  readonly params: ParamTable;
}

/**
 * Builds the net of `message` (already upgraded) in `state`: picks the layers that the state includes, inserts splits,
 * creates and connects the layers in order, fills their parameters in the order of Caffe's random draws, and decides
 * which layers run backward.
 */
export async function buildNet(message: NetParameter, state: NetState, context: BuildContext): Promise<NetParts> {
  const { log } = context;
  const layers = someLayers(message, state, log);
  if (log !== silent) {
    const filtered = Object.assign(copyMessage(NetParameterSchema, message), { layer: layers, state });
    log("info", "net.cpp:53", `Initializing net from parameters: \n${formatText(NetParameterSchema, filtered)}`);
  }

  const graph = connect(insertSplits(layers, message.layer));
  const dialects = dialectsOf(message, context.dialect);
  const builder = new Builder(graph, phaseName(state.phase), { ...context, dialects });
  try {
    for (const layer of graph.layers) {
      await builder.add(layer);
      await turnIfDue();
    }
  } catch (error) {
    await builder.abandon();
    throw error;
  }
  const { nodes, tensors, inputs, params } = builder;
  for (const { origin, text } of planBackward(nodes, message.forceBackward)) log("info", origin, text);
  if (context.everyBackward) planEveryBackward(nodes);
  const outputs = graph.outputs.map(({ name: output }) => output).sort((a, b) => (a < b ? -1 : 1));
  for (const output of outputs) log("info", "net.cpp:244", `This network produces output ${output}`);
  log("info", "net.cpp:257", "Network initialization done.");
  return { name: message.name, phase: phaseName(state.phase), nodes, tensors, inputs, outputs, params };
}

class Builder {
  readonly nodes: Node[] = [];
  readonly tensors = new Map<string, Tensor>();
  readonly inputs: string[] = [];
  readonly params = new ParamTable();
  readonly #graph: Graph;
  readonly #phase: Phase;
  readonly #context: BuildContext & Pick<LayerContext, "dialects">;
  /** Blobs that depend on a learning parameter: they have a gradient. */
  readonly #needsDiff = new Set<Tensor>();
  #dataCount = 0;

  constructor(graph: Graph, phase: Phase, context: BuildContext & Pick<LayerContext, "dialects">) {
    this.#graph = graph;
    this.#phase = phase;
    this.#context = context;
  }

  async add(message: LayerParameter): Promise<void> {
    const { catalog, log } = this.#context;
    log("info", "layer_factory.hpp:77", `Creating layer ${message.name}`);
    if (!isFieldSet(message, LayerParameterSchema.field.phase)) message.phase = PhaseEnum[this.#phase];
    const specs = [...message.param];
    const layer = catalog.create(message, this.#layerContext(phaseName(message.phase)));
    checkCounts(layer);
    logForkFields(layer, (text) => log("warning", "moka:0", text));
    try {
      await (this.#context.runs === false ? layer.inspect() : layer.open());
      log("info", "net.cpp:86", `Creating Layer ${layer.name}`);
      const node = await this.#connect(layer, message, specs.length);
      for (const line of this.params.add(layer)) log("info", "net.cpp:467", line);
      this.#planNode(node, specs);
      this.nodes.push(node);
    } catch (error) {
      await layer.close();
      throw layer.explain(error);
    }
  }

  /** Closes the layers made so far, when building fails. */
  async abandon(): Promise<void> {
    for (const { layer } of this.nodes) await layer.close();
  }

  #layerContext(phase: Phase): LayerContext {
    const { catalog, random } = this.#context;
    return {
      ...this.#context,
      phase,
      fill: (filler, shape, values) => {
        const fillValues = catalog.fill(filler, shape);
        if (values) for (const _ of fillValues(values, random) ?? []);
      },
    };
  }

  async #connect(layer: Layer, message: LayerParameter, givenSpecs: number): Promise<Node> {
    const { log } = this.#context;
    const bottom = this.#graph.bottoms(message).flatMap((value) => this.#takeBottom(layer, value));
    const top = this.#graph.tops(message).map((value) => this.#makeTop(layer, value));
    while (top.length < topsOf(layer)) top.push(this.#newTensor(layer, "(automatic)"));
    layer.bottoms = layer.message.bottom;
    layer.tops = top.map(({ name }) => name);

    const shapes = bottom.map(({ shape }) => shape);
    const { top: topShapes, params, lossWeights } = setUpLayer(layer, shapes, this.#context.catalog.fill);
    layer.params = await this.#makeParams(layer, params);
    layer.filled();
    log("info", "net.cpp:124", `Setting up ${layer.name}`);
    top.forEach((tensor, index) => {
      tensor.reshape(topShapes[index] ?? []);
      log("info", "net.cpp:131", `Top shape: ${formatShape(tensor.shape)}`);
      const weight = lossWeights[index];
      if (weight) log("info", "net.cpp:134", `    with loss weight ${weight}`);
      this.#dataCount += tensor.count;
    });
    log("info", "net.cpp:139", `Memory required for data: ${this.#dataCount * 4}`);
    return { layer, bottom, top, lossWeights, givenSpecs, wanted: [], learns: [], needsBackward: false };
  }

  /** The tensor of a value that a layer reads. It exists: without it, `insertSplits` would have thrown. */
  #takeBottom(layer: Layer, { name }: Value): Tensor | [] {
    this.#context.log("info", "net.cpp:408", `${layer.name} <- ${name}`);
    return this.tensors.get(name) ?? [];
  }

  #makeTop(layer: Layer, { name, inPlace }: Value): Tensor {
    const before = this.tensors.get(name);
    if (before && inPlace) {
      layer.check(
        layer.inPlace,
        "MOKA_BLOB",
        `cannot work in place: top "${name}" is its bottom; give it another name`,
      );
      this.#context.log("info", "net.cpp:369", `${layer.name} -> ${name} (in-place)`);
      return before;
    }
    layer.check(!before, "MOKA_BLOB", `top "${name}" is already produced by another layer`);
    const tensor = this.#newTensor(layer, name);
    this.tensors.set(name, tensor);
    return tensor;
  }

  #newTensor(layer: Layer, name: string): Tensor {
    const { log, memory } = this.#context;
    log("info", "net.cpp:382", `${layer.name} -> ${name}`);
    if (layer.isInput) this.inputs.push(name);
    return new Tensor(name, [0], memory);
  }

  /** The layer's parameters, with the values of the layer's message, or else filled. */
  async #makeParams(layer: Layer, params: readonly FirstValues[]): Promise<Tensor[]> {
    const tensors: Tensor[] = [];
    for (const [index, { shape, blob, fill }] of params.entries()) {
      const tensor = new Tensor(`${layer.name}.${index}`, shape, this.#context.memory);
      tensors.push(tensor);
      if (blob) await inPieces(copyValues(blobValues(blob).data, tensor.data));
      else if (fill && this.#context.runs !== false) {
        const values = new Float32Array(tensor.count);
        await inPieces(fill(values, this.#context.random) ?? []);
        await inPieces(copyValues(values, tensor.data));
      }
    }
    return tensors;
  }

  /**
   * Decides which parameters of this node learn, and which bottoms need a gradient. As in Caffe, `specs` of the prototxt
   * count, without those that the layer has added to its message: the missing ones have `lr_mult` 1 here.
   */
  #planNode(node: Node, specs: readonly ParamSpec[]): void {
    const { bottom, top } = node;
    const layer: Layer = node.layer;
    layer.check(
      specs.length <= layer.params.length,
      "MOKA_FIELD",
      `has ${counted(specs.length, "param spec")} for ${counted(layer.params.length, "parameter")}`,
    );
    const reached = bottom.map((tensor) => this.#needsDiff.has(tensor));
    node.learns = layer.params.map((_, index) => specOf(specs, index).lrMult !== 0);
    node.wanted = reached.map((needs, index) => layer.message.propagateDown[index] ?? needs);
    node.needsBackward = reached.includes(true) || node.learns.includes(true);
    if (node.needsBackward) for (const tensor of top) this.#needsDiff.add(tensor);
  }
}
