import { Net as CoreNet, type NetContext } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import type { NetParameter } from "../proto/gen/caffe_pb.js";
import { type Weights, weightSources } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import { checkOptions } from "../util/options.js";
import { stoppable } from "../util/work.js";
import { createEngine, netContext, type RankOptions, type RunOptions, ranksOf } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";

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

/** The number of blobs of each layer in the weights, where that may tell which fork's layer a type means. */
async function blobCounts(
  weights: Weights,
  net: NetParameter,
  { catalog, weightFiles }: Pick<NetContext, "catalog" | "weightFiles">,
) {
  if (!net.layer.some((layer) => catalog.hasVariants(layer))) return undefined;
  const files = await Promise.all(weightSources(weights).map((source) => weightFiles.read(source)));
  const layers = files.flatMap(({ layer }) => layer);
  const counts = new Map(layers.map(({ name, blobs }) => [name, blobs.length]));
  return (name: string) => counts.get(name);
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
    const blobsOf = weights === undefined ? undefined : await blobCounts(weights, message, context);
    const backward = phase === "TRAIN" || keep === "all" || message.forceBackward || everyBackward;
    net = await CoreNet.build(message, state, { ...context, blobsOf, keep, backward, everyBackward, ownsEngine: true });
    if (weights !== undefined) await net.copyTrainedLayersFrom(weights);
    options.signal?.throwIfAborted();
    return net;
  } catch (error) {
    await (net ?? engine).dispose();
    throw error;
  }
}
