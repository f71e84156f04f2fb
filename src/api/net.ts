import { someLayers } from "../core/filter-net.js";
import { Net as CoreNet, type NetContext } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import { type NetParameter, NetParameterSchema, type NetState } from "../proto/gen/caffe_pb.js";
import { copyMessage } from "../proto/source.js";
import { type WeightSource, type Weights, weightSources } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import { isPath, pathOf } from "../util/files.js";
import { silent } from "../util/log.js";
import { checkOptions } from "../util/options.js";
import type { Shape } from "../util/shape.js";
import { stoppable } from "../util/work.js";
import { createEngine, netContext, type RankOptions, type RunOptions, ranksOf } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";
import { Runnable } from "./runnable.js";

export interface NetOptions extends RunOptions, RankOptions, StateOptions {
  /** The phase: it selects layers, and changes how some of them compute. Default `TEST`. */
  readonly phase?: "TRAIN" | "TEST" | undefined;
  /** Weights to load: files or messages, as for `net.copyTrainedLayersFrom`. Default: the weights from the fillers. */
  readonly weights?: Weights | undefined;
  /**
   * The blobs whose values and gradients can be read after a run. `outputs`: inputs, outputs (blobs not read by a layer)
   * and parameters; the others share memory, and phase TEST has no backward pass, unless the net has `force_backward`.
   * Default `all`, as in pycaffe.
   */
  readonly keep?: "all" | "outputs" | undefined;
  /**
   * Whether backward runs for every layer for which `caffe time` runs it: also for parameters under no loss, as in a deploy
   * net. Default false: for the layers between a parameter that learns and a loss.
   */
  readonly everyBackward?: boolean | undefined;
  /**
   * Makes Input layers of all data layers, so that the caller gives the data: their shapes are those of `shapes`, or what the data
   * on the disk have. Layers that write files are left out. Default false.
   */
  readonly dataAsInputs?: boolean | undefined;
  /** With `dataAsInputs`: shapes of inputs, and of tops of data layers, by name. With them no data are needed. */
  readonly shapes?: Readonly<Record<string, Shape>> | undefined;
}

/** A network; see `Net.load`. */
export type Net = CoreNet;

export const Net = {
  /**
   * Reads a net and builds it.
   *
   * @param source a prototxt: its path or address, or, if it has a `{` or a newline, its text; its bytes, a `Blob` or the message
   * @throws MokaError that names file, line, layer and blob
   * @example
   * ```ts
   * const net = await Net.load("net.prototxt", { weights: "net.caffemodel" });
   * const { prob } = await net.forward({ data: pixels });
   * await net.dispose();
   *
   * const given = await Net.load(text, { weights: bytes });
   * const other = await Net.load("https://example.com/net.prototxt", {
   *   weights: "https://example.com/net.caffemodel",
   *   onProgress: ({ url, done, total }) => console.log(url, done, total),
   * });
   * ```
   */
  async load(source: NetSource, options: NetOptions = {}): Promise<Net> {
    checkOptions("Net.load", options);
    return stoppable(options.signal, (signal) => loadNet(source, { ...options, signal }));
  },
};

/**
 * The number of blobs of each layer in the weights, where that may tell which fork's layer a type means. Files that were read for
 * it are handed out once by the `weightFiles` that it returns: big ones take long to read.
 */
async function readAhead(
  weights: Weights | undefined,
  net: NetParameter,
  { catalog, weightFiles }: Pick<NetContext, "catalog" | "weightFiles">,
): Promise<Pick<NetContext, "blobsOf" | "weightFiles">> {
  if (weights === undefined || !net.layer.some((layer) => catalog.hasVariants(layer))) return { weightFiles };
  const files = new Map<unknown, NetParameter>();
  const counts = new Map<string, number>();
  for (const source of weightSources(weights)) {
    const read = await weightFiles.read(source);
    files.set(isPath(source) ? pathOf(source) : source, read);
    for (const { name, blobs } of read.layer) counts.set(name, blobs.length);
  }
  const once = async (source: WeightSource) => {
    const key = isPath(source) ? pathOf(source) : source;
    const read = files.get(key);
    files.delete(key);
    return read ?? weightFiles.read(source);
  };
  return {
    blobsOf: (name) => counts.get(name),
    weightFiles: { read: once, write: (path, message) => weightFiles.write(path, message) },
  };
}

async function withInputs(net: NetParameter, state: NetState, options: NetOptions): Promise<NetParameter> {
  const layers = someLayers(net, state, silent);
  const runnable = await Runnable.prepare(layers, new Map(Object.entries(options.shapes ?? {})), options);
  const reason = runnable.whyNot(layers);
  check(reason === undefined, "MOKA_USAGE", `the net cannot run on given data: ${reason}`);
  const copy = copyMessage(NetParameterSchema, net);
  copy.layer = runnable.layers(layers);
  return copy;
}

async function loadNet(source: NetSource, options: NetOptions): Promise<Net> {
  const { phase = "TEST", weights, keep = "all", everyBackward = false } = options;
  const state = stateOf(phase, options);
  check(keep === "all" || keep === "outputs", "MOKA_USAGE", `keep must be "all" or "outputs", not "${keep}"`);
  const engine = await createEngine(options);
  let net: Net | undefined;
  try {
    // Only a solver puts the averages of all ranks together, after each iteration.
    const ranks = { ...ranksOf(options), averagesOf: "root" } as const;
    const context = { ...netContext(engine, options, undefined), ranks };
    const message = await readNet(source, context.files, context.log);
    const ahead = await readAhead(weights, message, context);
    const backward = phase === "TRAIN" || keep === "all" || message.forceBackward || everyBackward;
    const built = options.dataAsInputs ? await withInputs(message, state, options) : message;
    net = await CoreNet.build(built, state, {
      ...context,
      ...ahead,
      keep,
      backward,
      everyBackward,
      ownsEngine: true,
    });
    if (weights !== undefined) await net.copyTrainedLayersFrom(weights);
    options.signal?.throwIfAborted();
    return net;
  } catch (error) {
    await (net ?? engine).dispose();
    throw error;
  }
}
