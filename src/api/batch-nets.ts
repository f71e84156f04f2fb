import { create } from "@bufbuild/protobuf";
import { filterLayers } from "../core/filter-net.js";
import { isDataLayer } from "../core/layer-roles.js";
import type { Net, NetContext } from "../core/net.js";
import {
  DataParameter_DB as Backend,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  type NetState,
  NetStateSchema,
  Phase,
  TransformationParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { type BatchSource, batchesOfArrays, batchesOfLayers, ownDataLayers } from "../tools/batch-norm/batches.js";
import { buildFedNet } from "../tools/batch-norm/fed-net.js";
import type { NdArray } from "../tools/image-array.js";
import { check } from "../util/errors.js";
import type { Files } from "../util/files.js";
import { silent } from "../util/log.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { netFrom, readText } from "./read-text.js";

/** The data that a net runs on, and how many batches of them. */
export interface BatchOptions extends RunOptions {
  /** Of the net's state, for include and exclude rules. Default 0 and none. */
  readonly level?: number | undefined;
  readonly stages?: readonly string[] | undefined;
  /**
   * What to run on instead of the net's own data layers: arrays by the names of the blobs they are for, all with as many
   * rows; or a path: an LMDB's or LevelDB's folder, or a list of images and labels (`.txt`, as ImageData takes it).
   */
  readonly data?: string | Readonly<Record<string, NdArray>> | undefined;
  /** Rows of `data` in a batch. Default 32. The net's own data layers have their own `batch_size`. */
  readonly batch?: number | undefined;
  /** `transform_param` for `data` from a path; by default that of the data layer it stands for. */
  readonly scale?: number | undefined;
  readonly meanValue?: readonly number[] | undefined;
  /** Batches to run. Default: for arrays, each row once; else as the function that takes these options says. */
  readonly iterations?: number | undefined;
}

const defaultBatch = 32;

/** Builds nets of one message that run on batches, with statistics of the batch or the averages. */
export class BatchNets {
  readonly message: NetParameter;
  readonly files: Files;
  readonly #options: BatchOptions;
  readonly #context: NetContext;
  /** Sources and nets to close at the end. */
  readonly #open: { close(): Promise<void> }[];

  private constructor(
    message: NetParameter,
    options: BatchOptions,
    context: NetContext,
    open: { close(): Promise<void> }[],
  ) {
    this.message = message;
    this.files = context.files;
    this.#options = options;
    this.#context = context;
    this.#open = open;
  }

  /** Reads a net, runs `work` with it, and closes all that `work` opened. */
  static async use<T>(pathOrText: string, options: BatchOptions, work: (nets: BatchNets) => Promise<T>): Promise<T> {
    const { iterations, batch = defaultBatch } = options;
    const isCount = (value: number) => Number.isInteger(value) && value > 0;
    check(isCount(batch), "MOKA_USAGE", `batch must be 1 or more, not ${batch}`);
    check(isCount(iterations ?? 1), "MOKA_USAGE", `iterations must be 1 or more, not ${iterations}`);
    const engine = await createEngine(options);
    const context = { ...netContext(engine, options, undefined), ownsEngine: false };
    const open: { close(): Promise<void> }[] = [];
    try {
      const message = netFrom(await readText(pathOrText, context.files), context.log);
      return await work(new BatchNets(message, options, context, open));
    } finally {
      for (const each of open) await each.close();
      await engine.dispose();
    }
  }

  get engine(): string {
    return this.#context.engine.description;
  }

  state(phase: "TRAIN" | "TEST"): NetState {
    const { level = 0, stages = [] } = this.#options;
    return create(NetStateSchema, { phase: Phase[phase], level, stage: [...stages] });
  }

  layers(phase: "TRAIN" | "TEST"): LayerParameter[] {
    return filterLayers(this.message, this.state(phase), silent);
  }

  /** Whether this phase has data layers of its own. */
  hasData(phase: "TRAIN" | "TEST"): boolean {
    return ownDataLayers(this.message, this.state(phase)).length > 0;
  }

  /**
   * The batches of the option `data`, or without it those of the data layers of this phase, from their first one.
   *
   * @throws MokaError `MOKA_USAGE` if there are neither
   */
  async batches(phase: "TRAIN" | "TEST"): Promise<BatchSource> {
    const { data, batch = defaultBatch } = this.#options;
    const state = this.state(phase);
    let source: BatchSource;
    if (data === undefined) {
      const layers = ownDataLayers(this.message, state);
      const inputs = this.layers(phase).flatMap(({ type, top }) => (type === "Input" ? top : []));
      const hint = inputs.length > 0 ? `: give data for ${inputs.join(", ")}` : "";
      check(layers.length > 0, "MOKA_USAGE", `the net has no data layers in phase ${phase}${hint}`);
      source = await batchesOfLayers(layers, state, this.#context);
    } else if (typeof data === "string") {
      source = await batchesOfLayers([await this.#layerFor(data, phase)], state, this.#context);
    } else {
      check(Object.keys(data).length > 0, "MOKA_USAGE", "the data given have no arrays");
      const fed = this.layers("TEST").flatMap((layer) => (isDataLayer(layer) ? layer.top : []));
      const unknown = Object.keys(data).find((name) => !fed.includes(name));
      const names = fed.join(", ") || "none";
      check(unknown === undefined, "MOKA_USAGE", `data for "${unknown}": the blobs this net is fed with are ${names}`);
      source = batchesOfArrays(data, batch);
    }
    this.#open.push(source);
    return source;
  }

  /** How many batches to run. */
  iterations(source: BatchSource, otherwise: number): number {
    return this.#options.iterations ?? source.length ?? otherwise;
  }

  /** The net of phase TEST with Input layers for its data layers, and BatchNorm layers that use these statistics. */
  async fedNet(source: BatchSource, statistics: "batch" | "global"): Promise<Net> {
    const net = await buildFedNet(this.message, this.state("TEST"), source.shapes, statistics, this.#context);
    this.#open.push({ close: () => net.dispose() });
    return net;
  }

  /** A data layer that reads `path`, instead of the data layers of the net. */
  async #layerFor(path: string, phase: "TRAIN" | "TEST"): Promise<LayerParameter> {
    const { batch: batchSize = defaultBatch, scale, meanValue } = this.#options;
    const replaced = this.layers(phase).filter(isDataLayer);
    const [images = "data", labels = "label"] = replaced.flatMap(({ top }) => top);
    const own = replaced.find(({ transformParam }) => transformParam)?.transformParam;
    const transformParam = own
      ? copyMessage(TransformationParameterSchema, own)
      : create(TransformationParameterSchema);
    if (scale !== undefined) transformParam.scale = scale;
    if (meanValue !== undefined) transformParam.meanValue = [...meanValue];
    const common = { name: "data", top: [images, labels], transformParam };
    if (await this.files.isFolder(path)) {
      const isLmdb = (await this.files.list(path)).includes("data.mdb");
      const dataParam = { source: path, batchSize, backend: isLmdb ? Backend.LMDB : Backend.LEVELDB };
      return create(LayerParameterSchema, { ...common, type: "Data", dataParam });
    }
    const isList = path.endsWith(".txt");
    check(
      isList,
      "MOKA_USAGE",
      `data ${path}: give an LMDB's or LevelDB's folder, a list of images (.txt), or arrays by name`,
    );
    const shape = replaced.find(({ type }) => type === "Input")?.inputParam?.shape[0]?.dim.map(Number) ?? [];
    const [, channels = 3, newHeight = 0, newWidth = 0] = shape;
    const imageDataParam = { source: path, batchSize, newHeight, newWidth, isColor: channels !== 1 };
    return create(LayerParameterSchema, { ...common, type: "ImageData", imageDataParam });
  }
}
