import { create } from "@bufbuild/protobuf";
import { filterLayers } from "../core/filter-net.js";
import { isDataLayer } from "../core/layer-roles.js";
import type { Net, NetContext } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { isAddress, openFile, openFiles } from "../platform/open-files.js";
import {
  DataParameter_DB as Backend,
  type LayerParameter,
  LayerParameterSchema,
  type NetParameter,
  type NetState,
  TransformationParameterSchema,
} from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { isZip, loadArray, loadArrays } from "../tools/arrays.js";
import { type BatchSource, batchesOfArrays, batchesOfLayers, ownDataLayers } from "../tools/batch-norm/batches.js";
import { buildFedNet } from "../tools/batch-norm/fed-net.js";
import { check } from "../util/errors.js";
import { type FileSource, type Files, isFile, isPath, readSource } from "../util/files.js";
import { silent } from "../util/log.js";
import type { NdArray } from "../util/nd-array.js";
import { stoppable } from "../util/work.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";

/** The data to run a net on, and how many batches. */
export interface BatchOptions extends RunOptions, StateOptions {
  /**
   * The data to run on instead of the net's own data layers: arrays, or files of arrays (see `loadArray`), by blob name,
   * all with the same number of rows; or a `.npz` of such arrays; or an LMDB's `data.mdb`; or a path: the folder of an
   * LMDB or LevelDB, or a list of images and labels (`.txt`, in the format of ImageData).
   */
  readonly data?: FileSource | Readonly<Record<string, NdArray | FileSource>> | undefined;
  /** Rows of `data` in a batch. Default 32. The net's own data layers have their own `batch_size`. */
  readonly batch?: number | undefined;
  /** What values are multiplied by, for `data` that is a database or a list. Default: as in the data layer it replaces. */
  readonly scale?: number | undefined;
  /** What is subtracted before, one number or one for each channel, as `mean_value`. Default: as in the data layer it replaces. */
  readonly meanValue?: readonly number[] | undefined;
  /** Number of batches. Default: for arrays, each row once; for other data, see the function that has this option. */
  readonly iterations?: number | undefined;
}

/** A net to build instead of the one that was read, and its phase. */
interface NetVariant {
  readonly message?: NetParameter | undefined;
  readonly phase?: "TRAIN" | "TEST" | undefined;
}

const defaultBatch = 32;

type Data = string | Readonly<Record<string, NdArray>> | undefined;

/** Reads arrays; for a database or a list, the files in which it is found under the path. */
async function readData(options: BatchOptions): Promise<{ readonly files: Files; readonly data: Data }> {
  const files = openFiles(options);
  // An address that names no file tells nothing of its kind.
  const isNameless = isPath(options.data) && /^(?:data|blob):/i.test(String(options.data));
  const data = isNameless ? await readSource(files, options.data as string) : options.data;
  if (data === undefined) return { files, data };
  if (isFile(data)) {
    const isArrays = isPath(data) ? /\.npz(?:$|[?#])/i.test(String(data)) : isZip(await readSource(files, data));
    if (isArrays) return { files, data: await loadArrays(data, { files }) };
    const { files: withData, path } = openFile(options, data);
    return { files: withData, data: path };
  }
  const arrays: Record<string, NdArray> = {};
  for (const [name, array] of Object.entries(data)) {
    arrays[name] = isFile(array) ? await loadArray(array, { files }) : array;
  }
  return { files, data: arrays };
}

/** A net's message and what is needed to run it on batches, with either kind of BatchNorm statistics. */
export class BatchNets {
  readonly message: NetParameter;
  readonly #options: BatchOptions;
  readonly #context: NetContext;
  /** Arrays, or the path of a database or list. */
  readonly #data: Data;
  /** Sources and nets that are closed in the end. */
  readonly #toClose: { close(): Promise<void> }[] = [];

  private constructor(message: NetParameter, options: BatchOptions, data: Data, context: NetContext) {
    this.message = message;
    this.#data = data;
    this.#options = options;
    this.#context = context;
  }

  /** Reads a net, calls `work` with it, and then closes all that `work` opened. */
  static use<T>(source: NetSource, options: BatchOptions, work: (nets: BatchNets) => Promise<T>): Promise<T> {
    return stoppable(options.signal, (signal) => BatchNets.#use(source, { ...options, signal }, work));
  }

  static async #use<T>(source: NetSource, options: BatchOptions, work: (nets: BatchNets) => Promise<T>): Promise<T> {
    const { iterations, batch = defaultBatch } = options;
    const isCount = (value: number) => Number.isInteger(value) && value > 0;
    check(isCount(batch), "MOKA_USAGE", `batch must be 1 or more, not ${batch}`);
    check(isCount(iterations ?? 1), "MOKA_USAGE", `iterations must be 1 or more, not ${iterations}`);
    const engine = await createEngine(options);
    try {
      const { files, data } = await readData(options);
      const context = { ...netContext(engine, { ...options, files }, undefined), ownsEngine: false };
      const nets = new BatchNets(await readNet(source, files, context.log), options, data, context);
      try {
        return await work(nets);
      } finally {
        for (const each of nets.#toClose) await each.close();
      }
    } finally {
      await engine.dispose();
    }
  }

  get files(): Files {
    return this.#context.files;
  }

  get engine(): string {
    return this.#context.engine.description;
  }

  state(phase: "TRAIN" | "TEST"): NetState {
    return stateOf(phase, this.#options);
  }

  layers(phase: "TRAIN" | "TEST"): LayerParameter[] {
    return filterLayers(this.message, this.state(phase), silent);
  }

  /** Whether this phase has data layers of its own. */
  hasData(phase: "TRAIN" | "TEST"): boolean {
    return ownDataLayers(this.message, this.state(phase)).length > 0;
  }

  /**
   * The given data, or, without them, the data of this phase's data layers, from their beginning.
   *
   * @throws MokaError `MOKA_USAGE` if there are neither given data nor data layers
   */
  async batches(phase: "TRAIN" | "TEST"): Promise<BatchSource> {
    const { batch = defaultBatch } = this.#options;
    const data = this.#data;
    const state = this.state(phase);
    let source: BatchSource;
    if (data === undefined) return this.ownBatches(phase);
    if (typeof data === "string") {
      source = await batchesOfLayers([await this.#layerFor(data, phase)], state, this.#context);
    } else {
      check(Object.keys(data).length > 0, "MOKA_USAGE", "the data given have no arrays");
      const inputBlobs = this.layers("TEST").flatMap((layer) => (isDataLayer(layer) ? layer.top : []));
      const unknownName = Object.keys(data).find((name) => !inputBlobs.includes(name));
      const names = inputBlobs.join(", ") || "none";
      const reason = `data for "${unknownName}": the input blobs of this net are ${names}`;
      check(unknownName === undefined, "MOKA_USAGE", reason);
      source = batchesOfArrays(data, batch);
    }
    this.#toClose.push(source);
    return source;
  }

  /**
   * The data of this phase's data layers, from their beginning.
   *
   * @throws MokaError `MOKA_USAGE` if there are none
   */
  async ownBatches(phase: "TRAIN" | "TEST"): Promise<BatchSource> {
    const state = this.state(phase);
    const layers = ownDataLayers(this.message, state);
    const inputs = this.layers(phase).flatMap(({ type, top }) => (type === "Input" ? top : []));
    const hint = inputs.length > 0 ? `: give data for ${inputs.join(", ")}` : "";
    check(layers.length > 0, "MOKA_USAGE", `the net has no data layers in phase ${phase}${hint}`);
    const source = await batchesOfLayers(layers, state, this.#context);
    this.#toClose.push(source);
    return source;
  }

  /** The number of batches to run. */
  iterations(source: BatchSource, otherwise: number): number {
    return this.#options.iterations ?? source.length ?? otherwise;
  }

  /**
   * Builds the net in phase TEST, with inputs instead of data layers, and BatchNorm with these statistics. It is disposed of at the
   * end of the work.
   */
  async build(source: Pick<BatchSource, "shapes">, statistics: "batch" | "global"): Promise<Net> {
    const net = await this.buildVariant(source.shapes, statistics, {});
    this.#toClose.push({ close: () => net.dispose() });
    return net;
  }

  /** Builds another net in the same way. The caller disposes of it. */
  buildVariant(
    shapes: BatchSource["shapes"],
    statistics: "batch" | "global",
    { message = this.message, phase = "TEST" }: NetVariant,
  ): Promise<Net> {
    return buildFedNet(message, this.state(phase), shapes, statistics, this.#context);
  }

  /** A data layer for the data at `path`, which replaces the net's own data layers. */
  async #layerFor(path: string, phase: "TRAIN" | "TEST"): Promise<LayerParameter> {
    const { batch: batchSize = defaultBatch, scale, meanValue } = this.#options;
    const replaced = this.layers(phase).filter(isDataLayer);
    const [images = "data", labels = "label"] = replaced.flatMap(({ top }) => top);
    const ownTransform = replaced.find(({ transformParam }) => transformParam)?.transformParam;
    const transformParam = ownTransform
      ? copyMessage(TransformationParameterSchema, ownTransform)
      : create(TransformationParameterSchema);
    if (scale !== undefined) transformParam.scale = scale;
    if (meanValue !== undefined) transformParam.meanValue = [...meanValue];
    const common = { name: "data", top: [images, labels], transformParam };
    const isList = path.endsWith(".txt");
    const isFolder = await this.files.isFolder(path);
    if (isFolder || (!isList && (isAddress(path) || path.endsWith(".mdb")))) {
      const isLmdb = !isFolder || (await this.files.list(path)).includes("data.mdb");
      const dataParam = { source: path, batchSize, backend: isLmdb ? Backend.LMDB : Backend.LEVELDB };
      return create(LayerParameterSchema, { ...common, type: "Data", dataParam });
    }
    const reason = `data ${path}: give an LMDB's or LevelDB's folder, a list of images (.txt), or arrays by name`;
    check(isList, "MOKA_USAGE", reason);
    const shape = replaced.find(({ type }) => type === "Input")?.inputParam?.shape[0]?.dim.map(Number) ?? [];
    const [, channels = 3, newHeight = 0, newWidth = 0] = shape;
    const imageDataParam = { source: path, batchSize, newHeight, newWidth, isColor: channels !== 1 };
    return create(LayerParameterSchema, { ...common, type: "ImageData", imageDataParam });
  }
}
