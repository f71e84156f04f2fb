import { Net as CoreNet } from "../core/net.js";
import { type StateOptions, stateOf } from "../core/net-state.js";
import type { Weights } from "../proto/weight-sources.js";
import { check } from "../util/errors.js";
import { createEngine, netContext, type RunOptions } from "./environment.js";
import { type NetSource, readNet } from "./read-text.js";

export interface NetOptions extends RunOptions, StateOptions {
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
   * ```ts
   * await Net.load("net.prototxt", { weights: "net.caffemodel" });
   * await Net.load("https://example.com/net.prototxt", { weights: "https://example.com/net.caffemodel", onProgress });
   * await Net.load(text, { weights: bytes });
   * ```
   *
   * @param source a prototxt: its path or address, or its text (see `NetSource`); its bytes, a `Blob` or the message
   * @throws MokaError that names file, line, layer and blob
   */
  async load(source: NetSource, options: NetOptions = {}): Promise<Net> {
    const { phase = "TEST", weights, keep = "all", everyBackward = false } = options;
    const state = stateOf(phase, options);
    check(keep === "all" || keep === "outputs", "MOKA_USAGE", `keep must be "all" or "outputs", not "${keep}"`);
    const engine = await createEngine(options);
    const context = netContext(engine, options, undefined);
    try {
      const message = await readNet(source, context.files, context.log);
      const backward = phase === "TRAIN" || keep === "all" || message.forceBackward || everyBackward;
      const net = await CoreNet.build(message, state, { ...context, keep, backward, everyBackward, ownsEngine: true });
      if (weights !== undefined) await net.copyTrainedLayersFrom(weights);
      return net;
    } catch (error) {
      await engine.dispose();
      throw error;
    }
  },
};
